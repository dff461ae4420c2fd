"""A small checkout of its own, in which the command line can do harm."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from inductive import paths
from support.commands import Command

CHAPTER = """# %% [markdown]
# # A small chapter

# %% tags=["parameters"]
profile: str = "paper"  # one of paper, smoke | size of the run
seed: int = 0  # 0 to 99 | root of all random numbers

# %%
from inductive.report.claims import Claim, Ledger

claim = Claim("C1", "zero is small", "none", "zero", "<=", 0.5)
claims = Ledger("small", profile, [claim])
claims.check("C1", 0.0, sign=True)

# %% tags=["nbval-check-output"]
print(claims.scorecard())

# %%
claims.publish()
"""
TOC = """format: jb-book
root: book/intro
parts:
  - caption: Core papers
    chapters:
      - file: notebooks/small
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A book with one small chapter, beside a copy of the library."""
    root = tmp_path / "checkout"
    (root / "notebooks").mkdir(parents=True)
    (root / "notebooks" / "small.py").write_text(CHAPTER)
    (root / "_toc.yml").write_text(TOC)
    (root / "README.md").write_text((paths.root() / "README.md").read_text())
    (root / "book" / "_static").mkdir(parents=True)
    (root / "book" / "_data").mkdir()
    shutil.copy(paths.book() / "_data" / "catalogue.yml", root / "book" / "_data")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(paths.PACKAGE, root / "lib" / "inductive", ignore=ignored)
    shutil.copy(paths.notebooks() / "_template.py", root / "notebooks")
    test = Path("tests", "lib", "experiments", "test_template_chapter.py")
    (root / test.parent).mkdir(parents=True)
    shutil.copy(paths.root() / test, root / test)
    return root


@pytest.fixture
def inductive(checkout: Path) -> Command:
    """Call the command line of that checkout."""
    environment = {k: v for k, v in os.environ.items() if k != "MPLBACKEND"}
    # Ahead of the installed package, so that this checkout's copy is the one that runs.
    environment |= {"PYTHONPATH": str(checkout / "lib"), "COLUMNS": "200"}

    def call(*words: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
        extra = {"PYTHONPATH": f"{checkout / 'lib'}{os.pathsep}{path}"} if path else {}
        return subprocess.run(
            [sys.executable, "-m", "inductive", *words],
            capture_output=True,
            text=True,
            cwd=checkout,
            env=environment | extra,
            check=False,
        )

    return call
