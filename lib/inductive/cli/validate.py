"""Validate committed or fresh notebooks: execute again with nbval, recheck every verdict."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from inductive import paths
from inductive.cli import chapters
from inductive.cli.errors import RunError
from inductive.report.claims import RULES
from inductive.report.scorecard import FIELDS, MIME


def committed(slug: str) -> None:
    """Validate the committed notebook of a chapter against its claims and a second execution.

    Raises:
        RunError: it does not exist, its claims contradict ``claims.json``, or nbval differs.
    """
    page = chapters.notebook(slug)
    claims = chapters.read_json(slug, "claims.json")
    if not page.is_file() or claims is None:
        raise RunError(f"{slug} has no committed run: make it with `make book`")
    problems = claim_problems(claims)
    if published(page) != claims:
        problems.append("the notebook's claims differ from claims.json")
    if problems:
        raise RunError(f"{slug}: {'; '.join(problems)}")
    execute_again(page)


def published(page: Path) -> dict[str, Any] | None:
    """The claims that the notebook at ``page`` carries, ``None`` if it carries none."""
    return carried(nbformat.read(page, as_version=4))


def carried(notebook: NotebookNode) -> dict[str, Any] | None:
    """The claims in a notebook's outputs, in reading order, ``None`` if there are none."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if MIME in output.get("data", {}):
                found = output.data[MIME]
                # Jupyter sorts the keys of JSON outputs.
                records = [{k: record[k] for k in FIELDS} for record in found["claims"]]
                return {k: found[k] for k in ("slug", "profile")} | {"claims": records}
    return None


def claim_problems(claims: dict[str, Any]) -> list[str]:
    """Verdicts that do not follow from rule, threshold and measured value, or lack a reason."""
    problems = []
    for record in claims["claims"]:
        verdict, measured = record["verdict"], record["measured"]
        if verdict == "not tested":
            passes = False
        else:
            rule = RULES[record["rule"].split()[-2]]
            passes = measured is not None and rule(measured, record["threshold"])
        if verdict == "reproduced" and not passes:
            problems.append(f"{record['id']} is called reproduced against its rule")
        spread = (record["published"] or {}).get("interval")
        if verdict == "partly" and passes and spread is None:
            problems.append(f"{record['id']} is called partly though its rule passes")
        if verdict != "reproduced" and not record["reason"]:
            problems.append(f"{record['id']} is {verdict} without a reason")
    return problems


def execute_again(page: Path) -> None:
    """Execute ``page`` again with nbval and compare the cells tagged for comparison.

    Raises:
        RunError: a cell failed or a compared output differs; the message holds nbval's report.
    """
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env"]
    command += ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts="]
    command += ["--rootdir", str(page.parent), str(page)]
    # The inline backend is the kernel's own default; a backend set for scripts would replace it.
    environment = {k: v for k, v in os.environ.items() if k != "MPLBACKEND"}
    environment |= {"INDUCTIVE_ROOT": str(paths.root())}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False
    )
    if done.returncode:
        raise RunError(f"nbval on {page.name}:\n{done.stdout}{done.stderr}")
