"""The small network in NumPy, and the arrays that all forms of it start from; no jax here."""

from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np

N_INPUTS = 20
Record: TypeAlias = dict[str, Any]


class Start(NamedTuple):
    """What one seed starts from; arrays of JAX, NumPy or torch, maybe stacked."""

    inputs: Any
    targets: Any
    test_inputs: Any
    test_targets: Any
    first: Any
    second: Any


def record_steps(n_steps: int) -> tuple[int, ...]:
    """Numbers of updates after which the loss is recorded: 1, 10, 100, ..., the last."""
    powers = [10**k for k in range(10) if 10**k < n_steps]
    return (*powers, n_steps)


def save(path: Path, start: Start) -> None:
    """Write the stacked arrays of all seeds."""
    arrays: dict[str, Any] = {n: np.asarray(a) for n, a in start._asdict().items()}
    np.savez(path, **arrays)


def load(path: Path) -> Start:
    """Read what :func:`save` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        return Start(**{name: arrays[name] for name in Start._fields})


def one(start: Start, index: int) -> Start:
    """The arrays of one seed."""
    return Start(*(array[index] for array in start))


def descend(start: Start, learning_rate: np.float32, n_steps: int) -> Record:
    """Form (b): full-batch gradient descent with gradients written out by hand.

    Args:
        start: arrays of one seed; left unchanged.
        learning_rate: step size, in the precision of the arrays.
        n_steps: number of updates.
    """
    first, second = start.first.copy(), start.second.copy()
    inputs, targets = start.inputs, start.targets
    scale = learning_rate / np.float32(len(inputs) * len(second) ** 0.5)
    losses, recorded = [], record_steps(n_steps)
    for step in range(1, n_steps + 1):
        hidden, residual = _forward(first, second, inputs, targets)
        residual *= scale
        slope = np.outer(residual, second)
        slope *= hidden > 0
        second -= residual @ hidden
        first -= inputs.T @ slope
        if step in recorded:
            losses.append(_half_mse(first, second, inputs, targets))
    test = _half_mse(first, second, start.test_inputs, start.test_targets)
    return {"loss": np.array(losses), "test_loss": test}


def _forward(
    first: np.ndarray, second: np.ndarray, inputs: np.ndarray, targets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    hidden = inputs @ first
    np.maximum(hidden, 0, out=hidden)
    return hidden, hidden @ second / np.float32(len(second) ** 0.5) - targets


def _half_mse(*arrays: np.ndarray) -> np.float32:
    _, residual = _forward(*arrays)
    return np.float32(0.5) * np.mean(residual**2)
