"""Chapters run: smoke profile with papermill, then nbval; committed ones with nbval."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from inductive.cli import validate
from support import selection


@pytest.mark.parametrize("slug", selection.ordered())
def test_smoke_profile_runs_and_repeats(slug: str, tmp_path: Path) -> None:
    if selection.minutes_left() <= 0:
        # The rest of the chapters has its turn at later commits, and all of them with ALL=1.
        pytest.skip(f"{slug} left out: CHAPTER_MINUTES are used up")
    command = [sys.executable, "-m", "inductive", "run", slug]
    command += ["--profile", "smoke", "--out", str(tmp_path)]
    environment = {k: v for k, v in os.environ.items() if k != "MPLBACKEND"}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    claims = json.loads((tmp_path / "claims.json").read_text())
    assert claims["profile"] == "smoke"
    assert validate.claim_problems(claims) == []
    validate.execute_again(tmp_path / f"{slug}.ipynb")


@pytest.mark.parametrize("slug", selection.committed())
def test_committed_notebook_executes_to_the_same_scorecard(slug: str) -> None:
    validate.committed(slug)
