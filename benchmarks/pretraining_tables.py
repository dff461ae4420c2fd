"""Tables of the chapter on pretraining, for ``benchmarks/tables.py``."""

import pandas as pd

from measure import Row, folder

NAMES = {"numpy": "Monte Carlo, NumPy", "jax": "Monte Carlo, JAX"}
OURS = "state evolution"

GOAL = 30.0
"""Seconds in which all curves of figures 3 and 4 were to be computed."""

NONE = "–"
FEW = 3  # repeats below which quartiles say nothing


def read(name: str) -> pd.DataFrame:
    """One of the measured tables."""
    return pd.read_csv(folder() / f"pretraining_{name}.csv")


def goals() -> list[list[str]]:
    """What was to be reached, and whether it was."""
    (row,) = read("curves").to_dict("records")
    said = "met" if row["seconds"] < GOAL else "**missed**"
    text = (
        f"under {GOAL:g} s on two cores, once compiled: {row['settings']} curves of "
        f"{row['points']} points"
    )
    found = f"{said}: {_number(row['seconds'])} s"
    found += f" ({_number(row['first_s'])} s with compilation)"
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
                f"{_number(row['peer_s'])} s",
                f"{_number(row['ours_s'])} s",
                _speedup(row),
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
    return f"{_speedup(row)} with {row['rival']:.0f} nodes"


def _speedup(row: Row) -> str:
    """Median with quartiles, or with the number of runs where these are few."""
    middle, low, high = (_number(row[f"speedup{end}"]) for end in ("", "_q1", "_q3"))
    runs = row["repeats"]
    if runs < FEW:
        return f"{middle} ({runs} run{'s' * (runs > 1)})"
    return f"{middle} ({low}–{high})"


def percent(share: float) -> str:
    """A share in percent, without exponent."""
    return "under 0.0001 %" if share < 1e-6 else f"{100 * share:.2g} %"


def _time(seconds: float) -> str:
    return f"{_number(seconds)} s" if seconds >= 0.1 else f"{_number(1e3 * seconds)} ms"


def _number(value: float, digits: int = 2) -> str:
    """Rounded, without exponent."""
    return f"{float(f'{value:.{digits}g}'):,g}"


TABLES = {
    "pretraining-goals": goals,
    "pretraining-descent": descent,
    "pretraining-theory": theory,
}
