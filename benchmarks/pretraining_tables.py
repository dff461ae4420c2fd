"""Tables of the chapter on pretraining, for ``benchmarks/tables.py``."""

import pandas as pd

from cells import NONE, number, speedup, verdict
from measure import Row, folder

NAMES = {"numpy": "Monte Carlo, NumPy", "jax": "Monte Carlo, JAX"}
OURS = "state evolution"

GOAL = 30.0
"""Seconds in which all curves of figures 3 and 4 were to be computed."""


def read(name: str) -> pd.DataFrame:
    """One of the measured tables."""
    return pd.read_csv(folder() / f"pretraining_{name}.csv")


def goals() -> list[list[str]]:
    """What was to be reached, and whether it was."""
    (row,) = read("curves").to_dict("records")
    said = verdict(row["seconds"] < GOAL)
    text = (
        f"under {GOAL:g} s on two cores, once compiled: {row['settings']} curves of "
        f"{row['points']} points"
    )
    found = f"{said}: {number(row['seconds'])} s"
    found += f" ({number(row['first_s'])} s with compilation)"
    return [["goal", "found"], [text, found]]


def descent() -> list[list[str]]:
    """The authors' training recipe beside the exact solution."""
    head = ["regime, features, examples", "epochs", "Newton steps"]
    head += ["errors differ by", "their recipe", "exact solution", "times faster"]
    rows = [head]
    for row in read("descent").to_dict("records"):
        rows.append(
            [
                f"{row['regime']}, {row['n_inputs']}, {row['n']}",
                f"{row['epochs']:,}",
                f"{row['steps']}",
                _apart(row),
                f"{number(row['peer_s'])} s",
                f"{number(row['ours_s'])} s",
                speedup(row),
            ]
        )
    return rows


def _apart(row: Row) -> str:
    """Difference where the recipe stops, and after longer training."""
    now, later = (f"{100 * row[name]:.2g} %" for name in ("apart", "apart_later"))
    return now if pd.isna(row["apart_later"]) else f"{now}, later {later}"


def theory() -> list[list[str]]:
    """Monte Carlo and state evolution: accuracy, seconds a point, and ratio."""
    head = ["", "samples or nodes", "off by", "a point"]
    rows = [[*head, "times slower than state evolution"]]
    for row in read("theory").to_dict("records"):
        mine = row["form"] == "evolution"
        label = OURS if mine else NAMES[row["form"]]
        cells = [label, f"{row['size']:,}", percent(row["deviation"])]
        cells.append(_time(row["s_per_point"]))
        rows.append([*cells, NONE if mine else _slower(row)])
    return rows


def _slower(row: Row) -> str:
    return f"{speedup(row)} with {row['rival']:.0f} nodes"


def percent(share: float) -> str:
    """A share in percent, without exponent."""
    return "under 0.0001 %" if share < 1e-6 else f"{100 * share:.2g} %"


def _time(seconds: float) -> str:
    return f"{number(seconds)} s" if seconds >= 0.1 else f"{number(1e3 * seconds)} ms"


TABLES = {
    "pretraining-goals": goals,
    "pretraining-descent": descent,
    "pretraining-theory": theory,
}
