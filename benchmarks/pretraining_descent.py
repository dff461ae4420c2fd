"""The authors' training recipe beside the exact solution, in turn, on one core.

Prints one row per problem. No ratio is told unless both ended with the same error on the
teacher, and where that is quick also with the same after far longer training.
"""

import argparse
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inductive import rng
from inductive.experiments.pretraining_inductive_bias import checks, settings
from inductive.experiments.pretraining_inductive_bias.simulation import finetuned
from inductive.theory.penalties.pretraining import Knobs
from measure import Row, cores, quartiles, ratios, side_by_side
from programs import compiled, finished

SAME = 5e-3
"""Largest relative difference of the errors, where the recipe stops and later."""

LATER = 1e-8
"""Training loss up to which descent is continued where it is quick."""

AT_LEAST = 0.5
"""Seconds that each measurement fills with calls."""


class Problem(NamedTuple):
    """One network to train.

    Attributes:
        regime: scales, a name in :data:`settings.REGIMES`.
        n_inputs: features.
        alpha: examples per feature.
        repeats: times that both are run.
        continued: whether descent is also continued to :data:`LATER`.
    """

    regime: str
    n_inputs: int
    alpha: float
    repeats: int
    continued: bool = False


PROBLEMS = (
    Problem("II", 1000, 0.059, 5, True),
    Problem("IV", 1000, 0.059, 5, True),
    Problem("II", 1000, 0.108, 5, True),
    Problem("IV", 1000, 0.108, 5, True),
    Problem("II", 5000, 0.059, 3),
    Problem("IV", 5000, 0.059, 3),
    Problem("II", 5000, 0.108, 1),
    Problem("IV", 5000, 0.108, 1),
)

TINY = (Problem("II", 200, 0.108, 2, True),)
"""For trying the benchmark out."""


class Contestant:
    """A compiled program that remembers its latest result."""

    def __init__(self, solve: Callable[..., Any], *arguments: Any) -> None:
        """Compile.

        Args:
            solve: what is run.
            arguments: of it.
        """
        self.program, self.compile_s = compiled(solve, *arguments)
        self.arguments = arguments
        self.result: Any = None

    def __call__(self) -> Any:
        """Run, and wait for the result."""
        self.result = finished(self.program, *self.arguments)
        return self.result


def compare(problem: Problem) -> Row:
    """Time one problem.

    Args:
        problem: which.

    Raises:
        ValueError: the two have different answers, or one has none.
    """
    n_train = round(problem.alpha * problem.n_inputs)
    key = rng.stream(rng.root(0), "benchmark-pretraining")
    drawn = checks.draw_problem(key, problem.n_inputs, 1, n_train)
    teacher, knobs = drawn.task.finetuning, Knobs(*settings.REGIMES[problem.regime])
    data = (drawn.task.pretraining, drawn.inputs, drawn.inputs @ teacher)

    def descend(threshold: float, first: Array, xs: Array, ys: Array) -> Any:
        return checks.authors_descent(first, knobs, xs, ys, threshold=threshold)

    ours = Contestant(lambda first, xs, ys: finetuned(first, knobs, xs, ys), *data)
    peer = Contestant(lambda *a: descend(checks.THRESHOLD, *a), *data)
    later = None
    if problem.continued:
        end = Contestant(lambda *a: descend(LATER, *a), *data)()
        later = _apart(teacher, end.coefficients, _exact(ours()))
        prove_same_error(problem, later)
    samples = side_by_side({"ours": ours, "peer": peer}, problem.repeats, AT_LEAST)
    apart = _apart(teacher, peer.result.coefficients, _exact(ours.result))
    prove_same_error(problem, apart)
    row: Row = {**problem._asdict(), "n": n_train, "cores": cores()}
    row |= {"epochs": int(peer.result.epochs), "steps": int(ours.result.steps)}
    row |= {
        "error": float(f"{_error(teacher, _exact(ours.result)):.4g}"),
        "apart": float(f"{apart:.2g}"),
        "apart_later": None if later is None else float(f"{later:.2g}"),
    }
    for name, who in (("ours", ours), ("peer", peer)):
        row[f"{name}_compile_s"] = float(f"{who.compile_s:.3g}")
        row |= quartiles(f"{name}_s", [sample.wall for sample in samples[name]])
    return row | quartiles("speedup", ratios(samples["peer"], samples["ours"]))


def _exact(solution: Any) -> Float[Array, " d"]:
    if not bool(solution.converged):
        raise ValueError(f"no exact solution within {solution.steps} Newton steps")
    return solution.coefficients[0]


def _error(teacher: Array, coefficients: Array) -> float:
    return float(jnp.mean((coefficients - teacher) ** 2))


def _apart(teacher: Array, found: Array, wanted: Array) -> float:
    return abs(_error(teacher, found) / _error(teacher, wanted) - 1)


def prove_same_error(problem: Problem, apart: float) -> None:
    """Compare errors on the teacher.

    Args:
        problem: which.
        apart: their relative difference.

    Raises:
        ValueError: they differ; no ratio of their times may be told then.
    """
    if not apart <= SAME:
        raise ValueError(
            f"regime {problem.regime}, {problem.n_inputs} features, "
            f"alpha={problem.alpha}: the errors of descent and of the exact solution "
            f"differ by {apart:.1e}, allowed is {SAME:.0e}"
        )


def main() -> None:
    """Measure all problems, on the core that the process was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    problems = TINY if options.quick else PROBLEMS
    print(json.dumps([compare(problem) for problem in problems]))


if __name__ == "__main__":
    main()
