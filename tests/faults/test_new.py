"""A new chapter runs at once, from the template and as a fork."""

import subprocess
import sys
from pathlib import Path

import yaml

from support.commands import Command


def test_a_new_chapter_and_its_fork_run_and_are_listed(
    inductive: Command, checkout: Path
) -> None:
    assert inductive("new", "my-study").returncode == 0
    done = inductive("new", "my-fork", "--from", "my-study")
    assert done.returncode == 0
    written = [
        "notebooks/my-fork.py",
        "lib/inductive/experiments/my_fork.py",
        "tests/lib/experiments/test_my_fork.py",
        "_toc.yml",
    ]
    for name in written:
        assert f"written: {name}" in done.stdout
        assert (checkout / name).is_file()
    done = inductive("run", "my-fork", "--profile", "smoke")
    assert done.returncode == 0, done.stderr
    assert "T1    reproduced" in done.stdout
    listed = inductive("status").stdout
    assert "my-study" in listed
    assert "my-fork" in listed


def test_a_fork_keeps_naming_the_paper_and_else_itself(
    inductive: Command, checkout: Path
) -> None:
    inductive("new", "my-study")
    script = (checkout / "notebooks" / "my-study.py").read_text()
    assert "template" not in script
    assert 'PAPER = "transitive-inference-exceptions"' in script
    assert "from inductive.experiments import my_study as experiments" in script
    assert "fig-my-study-distance" in script


def test_the_table_of_contents_keeps_its_other_entries(
    inductive: Command, checkout: Path
) -> None:
    before = yaml.safe_load((checkout / "_toc.yml").read_text())
    inductive("new", "one-study")
    inductive("new", "two-study")
    after = yaml.safe_load((checkout / "_toc.yml").read_text())
    assert after["parts"][:-1] == before["parts"]
    files = [entry["file"] for entry in after["parts"][-1]["chapters"]]
    assert files == ["notebooks/one-study", "notebooks/two-study"]


def test_own_studies_stay_together_before_a_later_part(
    inductive: Command, checkout: Path
) -> None:
    inductive("new", "one-study")
    toc = checkout / "_toc.yml"
    later = "  - caption: Later\n    chapters:\n      - file: book/later\n"
    toc.write_text(toc.read_text() + later)
    inductive("new", "two-study")
    own, last = yaml.safe_load(toc.read_text())["parts"][-2:]
    assert [entry["file"] for entry in own["chapters"]] == [
        "notebooks/one-study",
        "notebooks/two-study",
    ]
    assert last["caption"] == "Later"


def test_a_fork_carries_its_name_in_the_title(
    inductive: Command, checkout: Path
) -> None:
    inductive("new", "one-study")
    inductive("new", "two-study", "--from", "one-study")
    script = (checkout / "notebooks" / "two-study.py").read_text()
    assert "# # The symbolic distance effect (two-study)\n" in script


def test_the_test_of_a_new_chapter_passes(inductive: Command, checkout: Path) -> None:
    inductive("new", "my-study")
    test = checkout / "tests" / "lib" / "experiments" / "test_my_study.py"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        str(test),
    ]
    environment = {"PYTHONPATH": str(checkout / "lib"), "PATH": ""}
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=environment,
        cwd=checkout,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout
