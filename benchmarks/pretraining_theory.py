"""State evolution beside the authors' Monte-Carlo recipe, and all curves of the figures.

Prints the rows of one table. Nothing is timed before the recipe has given the published
numbers, in NumPy and in JAX.
"""

import argparse
import csv
import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

import pretraining_monte_carlo as monte_carlo
from inductive import paths
from inductive.experiments.pretraining_inductive_bias import predictions, settings
from inductive.experiments.pretraining_inductive_bias.settings import Batch, Setting
from inductive.theory.finetuning import pretrained, teacher
from inductive.theory.penalties.pretraining import separable
from inductive.theory.state_evolution import state_evolution
from measure import Row, Sample, cores, quartiles, ratios, side_by_side, timed
from programs import compiled, finished

CURVE = Setting(1e-3, 0.0, 0.0, 0.1, 0.5)
"""What both solve: the setting in the middle of figure 3, half of the features shared."""

POINTS = (0, 3, 5, 8, 11, 15)
"""Which of its published numbers of examples."""

SAMPLES = (80, 800, 8000, monte_carlo.SAMPLES)
NODES = (16, 48, 192)
REFERENCE = 4000
"""Nodes of the solution from which errors are counted."""

SEEDS, FEW_SEEDS = 10, 3
"""Samples over which errors are averaged; fewer of the largest."""

PUBLISHED = 1e-5
"""Largest relative difference from the published numbers."""

TABULATED, FLOOR = 1e-4, 1e-3
"""Largest relative difference from the table of the curves, where these are above the
floor; below it the table was solved to a coarser tolerance."""

REPEATS, AT_LEAST = 3, 0.2
"""Rounds, and seconds that each measurement fills with calls."""


def published(name: str) -> list[dict[str, str]]:
    """Rows of a table that the library holds for the chapter."""
    path = paths.published("pretraining-inductive-bias") / f"{name}.csv"
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def recipe_points() -> tuple[np.ndarray, np.ndarray]:
    """Numbers of examples on the curve, and what the authors' recipe gave there."""
    rows = [row for row in published("replica") if row["experiment"] == "exp1"]
    some = [rows[i] for i in POINTS]
    columns = ("alpha", "mse_replica_mc80k")
    alphas, errors = ([float(row[name]) for row in some] for name in columns)
    return np.array(alphas), np.array(errors)


def evolution(nodes: int) -> Callable[[Batch, Array], Float[Array, " a"]]:
    """State evolution along a curve.

    Args:
        nodes: of each integral.
    """

    def solve(setting: Batch, alphas: Float[Array, " a"]) -> Float[Array, " a"]:
        penalty = separable(pretrained(), setting.knobs)
        groups = teacher(setting.shares)

        def one(alpha: Float[Array, ""]) -> Float[Array, ""]:
            found = state_evolution(penalty, groups, alpha, n_nodes=nodes)
            return jnp.where(found.converged, found.error, jnp.nan)

        return jax.lax.map(one, alphas)

    return solve


def prove_recipe(
    errors: Float[np.ndarray, " a"], expected: Float[np.ndarray, " a"], who: str
) -> float:
    """Compare the peer with what the authors published.

    Args:
        errors: of the peer.
        expected: published.
        who: name of the peer.

    Returns:
        The largest relative difference.

    Raises:
        ValueError: it is too large; nothing may be timed then.
    """
    apart = float(np.abs(errors / expected - 1).max())
    if not apart <= PUBLISHED:
        raise ValueError(
            f"the recipe in {who} is not the published one: it differs by {apart:.1e}, "
            f"allowed is {PUBLISHED:.0e}"
        )
    return apart


def deviation(
    curves: Sequence[Float[np.ndarray, " a"]], reference: Float[np.ndarray, " a"]
) -> float:
    """Root mean square of relative errors over curves and their points.

    Args:
        curves: of several samples, or one.
        reference: exact.
    """
    return float(np.sqrt(np.mean((np.stack(curves) / reference - 1) ** 2)))


def compare(samples: Sequence[int], nodes: Sequence[int], repeats: int) -> list[Row]:
    """Both ways to the curve: accuracy and seconds a point.

    Args:
        samples: sizes of the Monte-Carlo samples, rising.
        nodes: of the integrals, rising.
        repeats: rounds.
    """
    alphas, expected = recipe_points()
    ours = settings.take(settings.batch([CURVE]), 0), jnp.asarray(alphas)
    reference = np.asarray(compiled(evolution(REFERENCE), *ours)[0](*ours))
    calls, rows = {}, []
    for size in samples:
        theirs = monte_carlo.draw(CURVE, size), alphas
        program, seconds = compiled(monte_carlo.with_jax, *theirs)
        accuracy = _over_seeds(program, size, alphas, reference)
        for name, solve in (("numpy", monte_carlo.with_numpy), ("jax", program)):
            curve, steps = map(np.asarray, solve(*theirs))
            row = {"form": name, "size": size, "iterations": int(steps)} | accuracy
            if name == "jax":
                row["compile_s"] = seconds
            if size == monte_carlo.SAMPLES:
                row["published"] = prove_recipe(curve, expected, name)
            rows.append(row)
            calls[name, size] = partial(finished, solve, *theirs)
    for size in nodes:
        program, seconds = compiled(evolution(size), *ours)
        row = {"form": "evolution", "size": size, "compile_s": seconds}
        curve = np.asarray(program(*ours))
        rows.append(row | {"deviation": deviation([curve], reference)})
        calls["evolution", size] = partial(finished, program, *ours)
    timings = side_by_side(calls, repeats, AT_LEAST)
    return [_timed(row, rows, timings, len(alphas)) for row in rows]


def _over_seeds(
    solve: Callable[..., Any], size: int, alphas: np.ndarray, reference: np.ndarray
) -> Row:
    """Deviation over several samples of one size."""
    seeds = FEW_SEEDS if size == monte_carlo.SAMPLES else SEEDS
    several = [monte_carlo.draw(CURVE, size, seed) for seed in range(seeds)]
    curves = [np.asarray(solve(one, alphas)[0]) for one in several]
    return {"seeds": seeds, "deviation": deviation(curves, reference)}


def rival(row: Row, rows: Sequence[Row]) -> int:
    """Fewest nodes with which state evolution is at least as accurate.

    Args:
        row: of a peer.
        rows: all.
    """
    ours = [each for each in rows if each["form"] == "evolution"]
    enough = [one["size"] for one in ours if one["deviation"] <= row["deviation"]]
    return min(enough, default=max(one["size"] for one in ours))


def _timed(
    row: Row, rows: list[Row], timings: dict[Any, list[Sample]], points: int
) -> Row:
    own = timings[row["form"], row["size"]]
    seconds = [sample.wall / points for sample in own]
    made = {key: _short(value) for key, value in row.items()}
    made |= {"cores": cores(), "points": points, "repeats": len(own)}
    made |= quartiles("s_per_point", seconds)
    if row["form"] != "evolution":
        made["rival"] = rival(row, rows)
        made |= quartiles("speedup", ratios(own, timings["evolution", made["rival"]]))
    return made


def _short(value: Any) -> Any:
    return float(f"{value:.3g}") if isinstance(value, float) else value


def all_curves(chosen: Sequence[Setting], alphas: Sequence[float]) -> Row:
    """Seconds for the curves of figures 3 and 4, after compilation.

    Args:
        chosen: settings.
        alphas: examples per feature.

    Raises:
        ValueError: they differ from the tabulated ones.
    """
    began = time.perf_counter()
    errors = predictions.predicted(chosen, alphas)
    first = time.perf_counter() - began
    names = ("c_pt", "lambda_pt_rel", "gamma_ft", "rho_ft", "omega", "alpha")
    table = {
        tuple(float(row[name]) for name in names): float(row["mse_theory"])
        for row in published("theory_curves")
    }
    wanted = np.array([[table[(*one, alpha)] for alpha in alphas] for one in chosen])
    high = wanted > FLOOR
    apart = float(np.abs(errors[high] / wanted[high] - 1).max())
    if not apart <= TABULATED:
        raise ValueError(
            f"the curves differ from the table by {apart:.1e}, allowed is {TABULATED:.0e}"
        )
    calls = [
        timed(lambda: predictions.predicted(chosen, alphas)) for _ in range(REPEATS)
    ]
    row: Row = {"settings": len(chosen), "points": len(alphas), "cores": cores()}
    row |= {"apart": _short(apart), "compared": int(high.sum()), "repeats": REPEATS}
    row |= quartiles("seconds", [call.wall for call in calls])
    return row | {"first_s": _short(first), "cpu_s": _short(calls[-1].cpu)}


def main() -> None:
    """Measure one of the tables, on the cores that the process was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", choices=["theory", "curves"])
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    if options.table == "curves":
        chosen = settings.of_figures()
        few = options.quick
        rows = [all_curves(chosen[:2] if few else chosen, settings.FINE)]
    elif options.quick:
        rows = compare((80, 800), (16, 48), 2)
    else:
        rows = compare(SAMPLES, NODES, REPEATS)
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
