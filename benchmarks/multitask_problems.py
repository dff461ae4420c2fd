"""Training problems of the chapter on finetuning, in NumPy, and what makes two runs equal.

Every form trains from the same arrays, by the same rule, and must end with the same
number of steps and the same function.
"""

from typing import Any, NamedTuple

import numpy as np

LEARNING_RATE, CEILING, EVERY = 0.1, 100.0, 50
"""Step size, loss that counts as divergence, steps between evaluations."""

NETWORKS = 6
"""Seeds of the forms that train several networks."""

CURVE = 1e-3
"""Largest relative difference of training losses at the steps :data:`PROOF`."""

PROOF = (1, 100, 1000)
"""Steps after which short runs of all forms are compared before anything is timed."""

STEPS = 0.01
"""Largest relative difference of numbers of steps."""

SAME = 1e-3
"""Largest relative distance of the functions that the same gradient steps end with."""

KINK = 2e-2
"""The same for ReLU networks: a unit that passes its kink within rounding parts the forms."""

LIMIT = 2e-2
"""The same from the exact solution, of which gradient descent stops short."""


class Condition(NamedTuple):
    """One training problem.

    Attributes:
        label: what the tables call it.
        n: training examples.
        units: features or units of the teacher.
        relu: a ReLU network on 15 inputs, else a diagonal network.
        finetuned: starts from a network pretrained on a task with the same features.
        threshold: training loss at which to stop.
        max_steps: largest number of steps.
        joint_steps: the same where several networks are trained.
        size: inputs of the diagonal network, units of the ReLU network.
        n_test: test examples on which the PyTorch loop evaluates.
    """

    label: str
    n: int
    units: int
    relu: bool = False
    finetuned: bool = False
    threshold: float = 1e-10
    max_steps: int = 100_000
    joint_steps: int = 100_000
    size: int = 1000
    n_test: int = 10_000


CONDITIONS = {
    "single_64": Condition("single task, 64 examples", 64, 5),
    # Six networks at once take fewer steps where all of them would be very slow.
    "finetuned_64": Condition(
        "finetuning, 64 examples", 64, 5, finetuned=True, joint_steps=10_000
    ),
    "single_256": Condition("single task, 256 examples", 256, 20, joint_steps=10_000),
    "relu_64": Condition("ReLU, 64 examples", 64, 6, relu=True, threshold=1e-8),
}


def tiny(condition: Condition) -> Condition:
    """The same problem, small enough to try the benchmark out."""
    small = condition._replace(n=16, size=100, n_test=100, units=3, threshold=1e-7)
    return small._replace(max_steps=10_000, joint_steps=10_000)


class Problem(NamedTuple):
    """Arrays of :data:`NETWORKS` networks, stacked; test examples of the first alone.

    Attributes:
        start: initial parameters in the order of the model's fields.
        inputs: of the training examples.
        targets: of the training examples.
        teacher: its parameters.
        test_inputs: of the test examples.
        test_targets: of the test examples.
    """

    start: tuple[Any, ...]
    inputs: Any
    targets: Any
    teacher: tuple[Any, ...]
    test_inputs: Any
    test_targets: Any


class Outcome(NamedTuple):
    """What training ended with, one entry a network.

    Attributes:
        params: in the order of the model's fields.
        loss: training loss before the last step.
        steps: number of steps.
    """

    params: tuple[np.ndarray, ...]
    loss: np.ndarray
    steps: np.ndarray


def functions(
    condition: Condition, params: tuple[np.ndarray, ...], probes: np.ndarray
) -> np.ndarray:
    """One row a network: its coefficients, or the outputs of a ReLU network.

    Args:
        condition: says which model it is.
        params: of all networks; readouts with or without an axis for the output.
        probes: inputs for the ReLU network.
    """
    if condition.relu:
        hidden, readout = params
        active = np.maximum(probes @ np.swapaxes(hidden, -1, -2), 0)
        return np.einsum("kpm,km->kp", active, readout.reshape(len(readout), -1))
    n = len(params[0])
    w_plus, w_minus, v_plus, v_minus = (array.reshape(n, -1) for array in params)
    return w_plus * v_plus - w_minus * v_minus


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Largest relative distance of rows."""
    apart = np.linalg.norm(one - other, axis=-1)
    return float(np.max(apart / np.linalg.norm(other, axis=-1)))


def prove_same_losses(
    who: str, found: Outcome, wanted: Outcome, allowed: float
) -> None:
    """Compare training losses after a few steps.

    Args:
        who: name of the form.
        found: what it ended with.
        wanted: what our gradient descent ended with.
        allowed: the largest relative difference.

    Raises:
        ValueError: they differ; nothing may be timed then.
    """
    apart = float(np.max(np.abs(found.loss / wanted.loss - 1)))
    if not apart <= allowed:
        raise ValueError(
            f"{who} has another training loss after {wanted.steps.max()} steps: it "
            f"differs by {apart:.1e}, allowed is {allowed:.0e}"
        )


def prove_same_steps(who: str, found: Outcome, wanted: Outcome) -> None:
    """Compare numbers of steps at the end.

    Args:
        who: name of the form.
        found: what it ended with.
        wanted: what our gradient descent ended with.

    Raises:
        ValueError: they differ; no ratio of their times may be told then.
    """
    apart = float(np.max(np.abs(found.steps / wanted.steps - 1)))
    if not apart <= STEPS:
        raise ValueError(
            f"{who} takes {found.steps} steps instead of {wanted.steps}: allowed "
            f"is a difference of {STEPS:.0%}"
        )


def prove_same_function(who: str, apart: float, allowed: float) -> None:
    """Compare functions at the end.

    Args:
        who: name of the form.
        apart: relative distance of the functions.
        allowed: the largest.

    Raises:
        ValueError: they differ; no ratio of their times may be told then.
    """
    if not apart <= allowed:
        raise ValueError(
            f"{who} learns another function: at a relative distance of {apart:.1e}, "
            f"allowed is {allowed:.0e}"
        )
