"""The group-norm program by our Newton method and by general conic solvers, on one core.

Prints a row for each solver. No ratio is told of a solver that ends at another value.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import cvxpy as cp
import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp

from gated_problems import Program, double_precision, program, prove_same_value
from inductive.solvers import max_margin
from measure import Row, cores, quartiles, timed
from programs import compiled, finished

TOLERANCE = 1e-6
"""On the relative gap and on constraints, of ours and of Clarabel."""

SCS_TOLERANCE = 1e-5
"""Of SCS, a first-order method."""

SOLVERS: dict[str, dict[str, Any]] = {
    "CLARABEL": {
        "tol_gap_rel": TOLERANCE,
        "tol_gap_abs": TOLERANCE,
        "tol_feas": TOLERANCE,
    },
    "ECOS": {},  # its own 1e-8: asked for 1e-6 it ends 4e-4 above the optimum
    "SCS": {"eps_rel": SCS_TOLERANCE, "eps_abs": SCS_TOLERANCE},
}
"""Options by the name of the solver."""

PEERS = {
    "clarabel": ("CLARABEL", "vectors"),
    "ecos": ("ECOS", "vectors"),
    "scs": ("SCS", "vectors"),
    "clarabel_dual": ("CLARABEL", "multipliers"),
}
"""Solver and form of each peer."""

SIZES, N_UNITS = (100, 200, 500), 10
"""Images, and hidden units with two contexts each."""

AT_LEAST = 0.2
"""Seconds that each measurement of ours fills with calls."""

MOST_REPEATS, LIMIT = 5, 120.0
"""Repeats, and seconds after which no further one begins."""


def of_vectors(given: Program) -> cp.Problem:
    """The program as the authors state it: over all gated vectors, 785 numbers each.

    Args:
        given: images and contexts.
    """
    (n, n_units), d = given.contexts.shape, given.inputs.shape[1]
    vectors = cp.Variable(2 * n_units * d)
    units = cp.reshape(vectors, (n_units, 2 * d), order="C")
    norm = cp.sum(cp.norm(units, 2, axis=1))
    # One block of d numbers a unit in each row, where the vector of its context stands.
    block = (2 * np.arange(n_units) + given.contexts) * d
    places = block[:, :, None] + np.arange(d)
    values = np.repeat(given.labels[:, None] * given.inputs, n_units, axis=0)
    ends = np.arange(n + 1) * n_units * d
    shape = (n, vectors.size)
    signed = sp.csr_array((values.ravel(), places.ravel(), ends), shape=shape)
    margins: Any = signed @ vectors
    return cp.Problem(cp.Minimize(norm), [margins >= 1])


def of_multipliers(given: Program) -> cp.Problem:
    r"""Its dual, over a multiplier an image: :math:`\max \sum\alpha`, each group's norm 1.

    Args:
        given: images and contexts.
    """
    n = len(given.labels)
    signed = given.labels[:, None] * given.inputs
    # Norms stay if inputs are rotated; n images span n dimensions or less.
    triangle: Any = np.linalg.qr(signed.T, mode="r")
    rotated = triangle.T
    alpha = cp.Variable(n, nonneg=True)
    limits = []
    for unit in given.contexts.T:
        sides = [rotated[unit == c].T @ alpha[unit == c] for c in (0, 1)]
        limits.append(cp.norm(cp.hstack(sides), 2) <= 1)
    return cp.Problem(cp.Maximize(cp.sum(alpha)), limits)


FORMS = {"vectors": of_vectors, "multipliers": of_multipliers}


class Peer:
    """A conic solver behind CVXPY, which remembers what it found."""

    def __init__(self, name: str, given: Program, limit: float) -> None:
        """Name the solver.

        Args:
            name: one of :data:`PEERS`.
            given: images and contexts.
            limit: seconds that it may take.
        """
        self.solver, form = PEERS[name]
        self.options = SOLVERS[self.solver] | _limited(self.solver, limit)
        self.problem = FORMS[form](given)
        self.value, self.solver_s = np.nan, np.nan

    def __call__(self) -> None:
        """Solve; the seconds that count are the solver's own, without CVXPY's."""
        try:
            self.problem.solve(solver=self.solver, **self.options)
        except cp.SolverError:
            return
        stats: Any = self.problem.solver_stats
        self.solver_s = stats.solve_time + (stats.setup_time or 0.0)
        if self.problem.status == cp.OPTIMAL:
            self.value = float(np.asarray(self.problem.value))


def _limited(solver: str, limit: float) -> dict[str, Any]:
    """The option that ends a solver; ECOS counts steps alone."""
    names = {"CLARABEL": "time_limit", "SCS": "time_limit_secs"}
    return {names[solver]: limit} if solver in names else {}


def ours(given: Program) -> tuple[Callable[[], Any], float]:
    """Our solver from images and gates on, and the seconds of its compilation.

    Args:
        given: images and contexts.
    """
    arrays = [jnp.asarray(a) for a in (given.inputs, given.gates, given.labels)]

    def solve(inputs: jax.Array, gates: jax.Array, labels: jax.Array) -> Any:
        return max_margin.group_norm_svm(
            inputs, gates, given.groups, labels, tolerance=TOLERANCE
        )

    ready, seconds = compiled(solve, *arrays)
    return lambda: finished(ready, *arrays), seconds


def duel(n: int, n_units: int, limit: float) -> list[Row]:
    """Rows of all peers at one size.

    Args:
        n: images.
        n_units: hidden units.
        limit: seconds that each solution may take.

    Raises:
        ValueError: ours has not converged.
    """
    given = program(n, n_units)
    call, compile_s = ours(given)
    found = call()
    if not bool(found.converged):
        raise ValueError(f"our solver has not converged at n={n}, H={n_units}")
    rows = []
    for name in PEERS:
        peer = Peer(name, given, limit)
        row: Row = {"n": n, "units": n_units, "cores": cores(), "peer": name}
        row |= {"compile_s": float(f"{compile_s:.3g}"), "value": float(found.norm)}
        row |= {"outer_steps": int(found.steps), "gap": float(f"{found.gap:.1g}")}
        rows.append(row | _measure(peer, call, float(found.norm), limit))
    return rows


def _measure(peer: Peer, call: Callable[[], Any], value: float, limit: float) -> Row:
    """Time both in turn, as often as the limit allows, if they end at the same value."""
    began = time.perf_counter()
    first = timed(peer).wall
    row: Row = {"first_s": float(f"{first:.4g}"), "repeats": 0}
    try:
        apart = prove_same_value(peer.solver, peer.value, value)
    except ValueError as error:
        print(error, file=sys.stderr)
        return row
    mine, theirs = [], []
    while len(mine) < MOST_REPEATS:
        before = timed(call, AT_LEAST).wall
        timed(peer)
        theirs.append(peer.solver_s)
        mine.append((before + timed(call, AT_LEAST).wall) / 2)
        if time.perf_counter() - began + first > limit:
            break
    row |= {"repeats": len(mine), "apart": float(f"{apart:.1g}")}
    row |= quartiles("ours_s", mine) | quartiles("peer_s", theirs)
    gains = [their / my for their, my in zip(theirs, mine, strict=True)]
    return row | quartiles("speedup", gains)


def main() -> None:
    """Measure all sizes, on the core that the process was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    double_precision()
    sizes, limit = ((50,), 5.0) if options.quick else (SIZES, LIMIT)
    print(json.dumps([row for n in sizes for row in duel(n, N_UNITS, limit)]))


if __name__ == "__main__":
    main()
