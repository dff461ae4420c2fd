"""The one-parameter fit recovers its own parameter and the recorded fits."""

import csv
from collections import defaultdict
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import paths
from inductive.experiments.transitive_inference_exceptions import untrained_pairs
from inductive.tasks.transitive_inference import CONFIGURATIONS, incidence
from inductive.theory import transitive_inference as theory

RECORDED = Path(__file__).parents[3] / "data" / "transitive_inference_fits.csv"
PUBLISHED = paths.published("transitive-inference-exceptions")
TASK = CONFIGURATIONS["exc_mid_n9"]


@pytest.mark.parametrize("mu", [1e-3, 0.5, 30.0])
def test_the_leak_of_exact_margins_is_found(mu: float) -> None:
    d, pairs = incidence(TASK), untrained_pairs(TASK)
    table = theory.rank_margins(theory.ranks(d, mu))
    fit = jax.jit(lambda y: theory.fit_leak(y, d, pairs))(3.0 * table[tuple(pairs.T)])
    # Golden section cannot resolve a flat minimum beyond the root of the rounding.
    assert float(fit.mu) == pytest.approx(mu, rel=1e-5)
    assert float(fit.gain) == pytest.approx(3.0, rel=1e-5)
    assert float(fit.alpha_eff) == pytest.approx(mu / (2 + mu), rel=1e-5)
    assert float(fit.r2_origin) == pytest.approx(1.0, abs=1e-10)
    assert float(fit.pearson) == pytest.approx(1.0, abs=1e-10)


def _cells(name: str) -> dict[tuple[str, str], dict[tuple[int, int], float]]:
    """Observed margins of untrained pairs of one configuration, by task and model."""
    cells = defaultdict(dict)
    with (PUBLISHED / "pairs_full_post.csv").open() as file:
        for row in csv.DictReader(file):
            if row["hier"] == name and row["pair_type"] not in ("train", "exc"):
                pair = int(row["rank_higher"]), int(row["rank_lower"])
                cells[row["task"], row["model"]][pair] = float(row["logitdiff_mean"])
    return cells


@pytest.mark.parametrize("name", sorted(CONFIGURATIONS))
def test_fits_to_language_models_equal_the_recorded_ones(name: str) -> None:
    with RECORDED.open() as file:
        recorded = [row for row in csv.DictReader(file) if row["hier"] == name]
    assert len(recorded) == 6
    cells = _cells(name)
    d, pairs = (
        incidence(CONFIGURATIONS[name]),
        np.array(list(next(iter(cells.values())))),
    )
    fit_leak = jax.jit(lambda y: theory.fit_leak(y, d, pairs))
    for row in recorded:
        cell = cells[row["task"], row["model"]]
        fit = fit_leak(jnp.asarray([cell[i, j] for i, j in pairs.tolist()]))
        # The recorded leaks lie on a grid of ratio 1.042, so within half a step; the
        # gain follows the leak less than in proportion.
        assert float(fit.mu) == pytest.approx(float(row["mu"]), rel=0.021)
        assert float(fit.gain) == pytest.approx(float(row["gain"]), rel=0.021)
        # The minimum is flat; four digits are recorded.
        r2 = float(row["R2_origin"])
        assert float(fit.r2_origin) == pytest.approx(r2, abs=2e-4)
        assert float(fit.r2_origin) >= r2 - 5.1e-5
        assert float(fit.pearson) == pytest.approx(float(row["pearson"]), abs=2e-3)
