"""The runner writes the numbers and the vectors of the figures that a chapter shows."""

import json
from pathlib import Path

import pandas as pd

from support.commands import Command

DRAWING = """# %%
import matplotlib.pyplot as plt
from inductive.report import style
style.use_style()
plt.subplots()[1].plot([9, 9, 9])
plt.show()

# %% mystnb={"figure": {"caption": "Up.", "name": "fig-small-up"}}
plt.subplots()[1].plot([1, 2], [3, 4], "o", label="up")
plt.show()

# %% mystnb={"figure": {"caption": "Down.", "name": "fig-small-down"}}
plt.subplots()[1].plot([1, 2], [4, 3], "o", label="down")
plt.show()

"""


def draw(checkout: Path, drawing: str = DRAWING) -> None:
    """Add cells to the small chapter that draw figures."""
    script = checkout / "notebooks" / "small.py"
    text = script.read_text()
    script.write_text(text.replace("# %%\nclaims.pub", f"{drawing}# %%\nclaims.pub"))


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_run_writes_the_data_of_named_figures_the_same_every_time(
    inductive: Command, checkout: Path
) -> None:
    draw(checkout)
    for name in ("one", "two"):
        done = inductive("run", "small", "--out", name)
        assert done.returncode == 0, done.stderr
    found = files(checkout / "one" / "figures")
    assert list(found) == ["down.csv", "down.svg", "up.csv", "up.svg"]
    assert found == files(checkout / "two" / "figures")
    table = pd.read_csv(checkout / "one" / "figures" / "up.csv")
    assert table["label"].tolist() == ["up", "up"]
    assert table["y"].tolist() == [3, 4]
    assert not (checkout / "notebooks" / "results" / "small").exists()


def test_a_commit_keeps_them_current(inductive: Command, checkout: Path) -> None:
    draw(checkout)
    folder = checkout / "notebooks" / "results" / "small" / "figures"
    folder.mkdir(parents=True)
    (folder / "gone.csv").write_text("x")
    assert inductive("run", "small", "--commit").returncode == 0
    assert list(files(folder)) == ["down.csv", "down.svg", "up.csv", "up.svg"]
    record = json.loads((folder.parent / "run.json").read_text())
    assert list(record["hashes"]["figures"]) == list(files(folder))
    assert "fresh" in inductive("status").stdout
    (folder / "up.csv").unlink()
    (folder / "down.csv").write_text("x")
    told = inductive("status").stdout
    assert "its figure down.csv changed, its figure up.csv changed" in told
