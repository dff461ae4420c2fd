"""What the command line does with bad input, failing cells and repeated runs."""

import json
from pathlib import Path

import nbformat
import pytest

from support.commands import Command


def snapshot(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    files = [path for path in found if "__pycache__" not in path.parts]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["run", "smal"], "there is no chapter 'smal': the chapters are small"),
        (["run", "_template"], "there is no chapter '_template'"),
        (["run", "small", "-p", "sed=1"], "allowed are profile, seed"),
        (["run", "small", "-p", "seed=x"], "seed=x is not of type int"),
        (["run", "small", "-p", "seed=100"], "out of range: allowed is 0 to 99"),
        (["run", "small", "--profile", "tiny"], "allowed is one of paper, smoke"),
        (["run", "small", "--commit", "-p", "seed=1"], "default parameters"),
        (["run", "small", "--commit", "--profile", "smoke"], "the paper profile"),
        (["run", "small", "--out", "notebooks"], "--out may not lie in notebooks/"),
        (["run", "small", "--out", "README.md"], "is a file: name a folder"),
        (["run", "small", "-p", "seed"], "name=value: names are profile, seed"),
        (["new", "class"], "no word of Python"),
        (["validate", "other"], "there is no chapter 'other'"),
        (["new", "Bad_Name"], "lower-case words joined by hyphens"),
        (["new", "small"], "the name 'small' is taken: taken are small"),
        (["new", "fine", "--from", "nothing"], "there is no chapter 'nothing'"),
    ],
)
def test_bad_calls_exit_with_2_and_one_sentence(
    inductive: Command, checkout: Path, words: list[str], sentence: str
) -> None:
    before = snapshot(checkout)
    done = inductive(*words)
    assert done.returncode == 2, done.stderr
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert snapshot(checkout) == before


def test_outside_a_checkout_the_remedy_is_named(
    inductive: Command, checkout: Path
) -> None:
    (checkout / "_toc.yml").unlink()
    done = inductive("status")
    assert done.returncode == 2
    assert "clone the repository" in done.stderr


def test_a_failing_cell_keeps_the_half_and_spares_the_committed(
    inductive: Command, checkout: Path
) -> None:
    assert inductive("run", "small", "--commit").returncode == 0
    script = checkout / "notebooks" / "small.py"
    script.write_text(script.read_text().replace("claims.check", "1 / 0\nclaims.check"))
    before = snapshot(checkout / "notebooks")
    done = inductive("run", "small", "--commit")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "1 / 0" in done.stderr
    kept = checkout / "_build" / "runs" / "small" / "paper" / "small.failed.ipynb"
    assert str(kept) in done.stderr
    cells = nbformat.read(kept, as_version=4).cells
    assert any("zero is small" in cell.source for cell in cells)
    assert snapshot(checkout / "notebooks") == before


def test_a_run_ends_with_its_comparison(inductive: Command, checkout: Path) -> None:
    first = inductive("run", "small", "--commit")
    assert "compare with: small was never run with --commit." in first.stdout
    again = inductive("run", "small")
    assert "identical: all 1 claims have equal numbers" in again.stdout
    script = checkout / "notebooks" / "small.py"
    script.write_text(script.read_text().replace('"C1", 0.0', '"C1", 0.25'))
    done = inductive("run", "small", "--commit")
    assert done.returncode == 0, "a fork may differ on purpose"
    assert "C1: measured 0.25 (committed: 0)" in done.stdout


def test_claims_of_another_chapter_are_refused(
    inductive: Command, checkout: Path
) -> None:
    script = checkout / "notebooks" / "small.py"
    script.write_text(script.read_text().replace('Ledger("small"', 'Ledger("other"'))
    done = inductive("run", "small", "--profile", "smoke")
    assert done.returncode == 1
    assert 'open the ledger as Ledger("small", ...)' in done.stderr


def test_an_output_with_a_path_is_refused(inductive: Command, checkout: Path) -> None:
    script = checkout / "notebooks" / "small.py"
    added = "# %%\nimport os\nprint(os.path.expanduser('~/secret'), os.getcwd())\n\n"
    script.write_text(
        script.read_text().replace("# %%\nclaims.pub", f"{added}# %%\nclaims.pub")
    )
    done = inductive("run", "small", "--commit")
    assert done.returncode == 1
    assert "a path" in done.stderr
    assert not (checkout / "notebooks" / "small.ipynb").exists()


def test_a_moved_threshold_needs_its_reason(inductive: Command, checkout: Path) -> None:
    assert inductive("run", "small", "--commit").returncode == 0
    before = snapshot(checkout / "notebooks")
    script = checkout / "notebooks" / "small.py"
    moved = script.read_text().replace('"<=", 0.5)', '"<=", 0.7)')
    script.write_text(moved)
    done = inductive("run", "small", "--commit")
    assert done.returncode == 1
    assert (
        "claim C1: the rule was 'zero <= 0.5' and is now 'zero <= 0.7'" in done.stderr
    )
    after = snapshot(checkout / "notebooks")
    assert {k: v for k, v in after.items() if k != "small.py"} == {
        k: v for k, v in before.items() if k != "small.py"
    }
    script.write_text(moved.replace("0.7)", '0.7, changed="0.5: counted twice")'))
    assert inductive("run", "small", "--commit").returncode == 0
    claims = json.loads((checkout / "notebooks/results/small/claims.json").read_text())
    assert "0.5: counted twice" in claims["claims"][0]["reason"]
    again = script.read_text().replace('"<=", 0.7', '"<=", 0.9')
    script.write_text(again)
    done = inductive("run", "small", "--commit")
    assert "the rule was 'zero <= 0.7' and is now 'zero <= 0.9'" in done.stderr
    script.write_text(moved)
    done = inductive("run", "small", "--commit")
    assert "keep its recorded change '0.5: counted twice'" in done.stderr
    script.write_text(moved.replace('"C1"', '"C2"'))
    done = inductive("run", "small", "--commit")
    assert "claim C1 (zero <= 0.7) is gone" in done.stderr


def test_two_runs_are_byte_identical_and_parameters_arrive(
    inductive: Command, checkout: Path
) -> None:
    script = checkout / "notebooks" / "small.py"
    drawing = (
        "# %%\nimport jax\nimport matplotlib.pyplot as plt\n"
        "from inductive.report import style\nstyle.use_style()\n"
        "figure, ax = plt.subplots()\n"
        "ax.plot(jax.random.normal(jax.random.key(seed), (50,)))\nplt.show()\n\n"
    )
    text = script.read_text()
    script.write_text(
        text.replace("# %%\nclaims.publish", f"{drawing}# %%\nclaims.publish")
    )
    for name in ("one", "two"):
        done = inductive(
            "run", "small", "--profile", "smoke", "-p", "seed=7", "--out", name
        )
        assert done.returncode == 0, done.stderr
        assert "C1    reproduced" in done.stdout
    one, two = snapshot(checkout / "one"), snapshot(checkout / "two")
    assert one["small.ipynb"] == two["small.ipynb"]
    assert one["claims.json"] == two["claims.json"]
    assert b"seed = 7" in one["small.ipynb"]
    assert b"image/png" in one["small.ipynb"]
    assert json.loads(one["claims.json"])["profile"] == "smoke"
    assert not (checkout / "notebooks" / "small.ipynb").exists()


def test_changes_are_found_by_content(inductive: Command, checkout: Path) -> None:
    assert "not run" in inductive("status").stdout
    assert inductive("run", "small", "--commit").returncode == 0
    assert "fresh" in inductive("status").stdout
    script = checkout / "notebooks" / "small.py"
    script.touch()
    assert "fresh" in inductive("status").stdout
    claims = checkout / "notebooks" / "results" / "small" / "claims.json"
    claims.write_text(claims.read_text().replace('"reproduced"', '"partly"'))
    assert "its claims changed" in inductive("status").stdout
    done = inductive("validate", "small")
    assert done.returncode == 1
    assert "C1 is partly without a reason" in done.stderr


def test_a_changed_library_makes_a_run_stale(
    inductive: Command, checkout: Path
) -> None:
    assert inductive("run", "small", "--commit").returncode == 0
    module = checkout / "lib" / "inductive" / "report" / "claims.py"
    module.write_text(module.read_text() + "\n# words only\n")
    assert "fresh" in inductive("status").stdout
    module.write_text(module.read_text() + "\nADDED = 1\n")
    assert "stale: the library changed since" in inductive("status").stdout


def test_a_dead_kernel_is_told_and_the_half_kept(
    inductive: Command, checkout: Path
) -> None:
    script = checkout / "notebooks" / "small.py"
    dying = "import os\nos._exit(1)\nclaims.check"
    script.write_text(script.read_text().replace("claims.check", dying))
    done = inductive("run", "small")
    assert done.returncode == 1
    assert "the kernel stopped" in done.stderr
    assert "Traceback" not in done.stderr
    kept = checkout / "_build" / "runs" / "small" / "paper" / "small.failed.ipynb"
    assert len(nbformat.read(kept, as_version=4).cells) >= 5


def test_a_broken_record_is_named_with_its_remedy(
    inductive: Command, checkout: Path
) -> None:
    assert inductive("run", "small", "--commit").returncode == 0
    record = checkout / "notebooks" / "results" / "small" / "claims.json"
    record.write_text("<<<<<<< HEAD\n")
    for words in (["status"], ["validate"], ["run", "small", "--commit"]):
        done = inductive(*words)
        assert done.returncode == 1
        assert "claims.json is not JSON" in done.stderr
        assert "git checkout" in done.stderr


def test_a_changed_published_table_makes_a_run_stale(
    inductive: Command, checkout: Path
) -> None:
    script = checkout / "notebooks" / "small.py"
    named = 'PAPER = "transitive-inference-exceptions"\nclaims.check'
    script.write_text(script.read_text().replace("claims.check", named))
    assert inductive("run", "small", "--commit").returncode == 0
    folder = checkout / "lib/inductive/published/transitive-inference-exceptions"
    table = folder / "pairs_full_post.csv"
    table.write_text(table.read_text().replace("0.9979", "0.9978", 1))
    told = inductive("status").stdout
    assert "published table transitive-inference-exceptions/pairs_full_post" in told


def test_a_script_missing_from_the_contents_is_named(
    inductive: Command, checkout: Path
) -> None:
    (checkout / "notebooks" / "small.py").unlink()
    done = inductive("run", "small")
    assert done.returncode == 2
    assert "small.py is missing but _toc.yml lists it" in done.stderr
