"""Hard-margin support vector machines by our pivoting and by LIBSVM, on one core.

Prints a row for each kernel. LIBSVM's machine has a bias, ours has none: here ours gets one
from a large constant in the kernel, so that both solve the same problem.
"""

import argparse
import json
from typing import Any

import jax.numpy as jnp
import numpy as np
from sklearn.svm import SVC

from gated_problems import double_precision, program, prove_same_value
from inductive.solvers import max_margin
from measure import Row, cores, quartiles, ratios, side_by_side
from programs import compiled, finished

TOLERANCE = 1e-6
"""On margins of 1, of both."""

CONSTANT = 1e4
"""In the kernel, whose mean diagonal is 1: a bias that costs next to nothing."""

HARD = 1e10
"""LIBSVM's price of a missed margin, which no multiplier reaches."""

SIZES = ((500, 10), (500, 100), (1000, 10), (1000, 100), (2000, 10), (2000, 100))
"""Images, and hidden units of the gated functions whose L2 norm is minimised."""

TINY = ((100, 10),)
REPEATS = 5


def compare(n: int, n_units: int) -> Row:
    """Both machines on one kernel.

    Args:
        n: images.
        n_units: of the gated functions.

    Raises:
        ValueError: they end at different norms.
    """
    given = program(n, n_units)
    index = jnp.asarray(given.contexts)
    kernel = max_margin.function_norm_kernel(index, index, 2) * given.gram
    kernel = kernel * (n / jnp.trace(kernel))
    labels = jnp.asarray(given.labels)

    def solve(kernel: Any, labels: Any) -> Any:
        return max_margin.hard_margin_svm(
            kernel + CONSTANT, labels, tolerance=TOLERANCE
        )

    ready, compile_s = compiled(solve, kernel, labels)
    matrix, signs = np.asarray(kernel), given.labels
    peer = SVC(C=HARD, kernel="precomputed", tol=TOLERANCE, cache_size=2000)
    contestants = {
        "ours": lambda: finished(ready, kernel, labels),
        "peer": lambda: peer.fit(matrix, signs),
    }
    found = contestants["ours"]()
    contestants["peer"]()
    theirs = float(np.sqrt(np.abs(np.asarray(peer.dual_coef_)).sum()))
    row: Row = {"n": n, "units": n_units, "cores": cores(), "repeats": REPEATS}
    row |= {"norm": float(found.norm), "compile_s": float(f"{compile_s:.3g}")}
    apart = prove_same_value("LIBSVM", theirs, float(found.norm))
    row |= {"apart": float(f"{apart:.1g}"), "factorisations": int(found.steps)}
    row |= {"support": int(found.support.sum()), "iterations": int(peer.n_iter_.sum())}
    samples = side_by_side(contestants, REPEATS, 0.2)
    for name in contestants:
        row |= quartiles(f"{name}_s", [sample.wall for sample in samples[name]])
    return row | quartiles("speedup", ratios(samples["peer"], samples["ours"]))


def main() -> None:
    """Measure all kernels, on the core that the process was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    double_precision()
    sizes = TINY if options.quick else SIZES
    print(json.dumps([compare(*size) for size in sizes]))


if __name__ == "__main__":
    main()
