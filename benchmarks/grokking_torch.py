"""Quadratic units in PyTorch: a plain loop, and ``torch.func.vmap`` over output scales."""

from typing import Any, NamedTuple

import numpy as np
import torch  # pyright: ignore[reportMissingImports]


class Problem(NamedTuple):
    """What all forms of training share.

    Attributes:
        inputs: one row an example.
        targets: of the inputs.
        hidden: weights over the square root of the number of units, a row a unit.
        offset: one over that root, for each unit.
        scales: output scales, a network each.
        curvature: of the units.
        rate: learning rate.
        steps: of descent.
    """

    inputs: np.ndarray
    targets: np.ndarray
    hidden: np.ndarray
    offset: np.ndarray
    scales: tuple[float, ...]
    curvature: float
    rate: float
    steps: int


def loss(
    hidden: Any, scale: Any, offset: Any, xs: Any, ys: Any, curvature: float
) -> Any:
    """Mean squared error over the squared scale.

    Args:
        hidden: weights.
        scale: of the outputs.
        offset: of the units.
        xs: inputs over the root of their length.
        ys: targets.
        curvature: of the units.
    """
    fields = hidden @ xs.T
    outputs = offset @ fields + curvature / 2 * fields.square().sum(0)
    return (scale * outputs - ys).square().mean() / scale**2


def loop(problem: Problem) -> np.ndarray:
    """Networks one after the other: autograd and ``torch.optim.SGD``.

    Args:
        problem: of all networks.

    Returns:
        Weights at the end, a network each.
    """
    xs, ys, offset, start = _tensors(problem)
    found = []
    for scale in problem.scales:
        hidden = start.clone().requires_grad_()
        optimiser = torch.optim.SGD([hidden], lr=problem.rate)
        for _ in range(problem.steps):
            optimiser.zero_grad()
            loss(hidden, scale, offset, xs, ys, problem.curvature).backward()
            optimiser.step()
        found.append(hidden.detach().numpy())
    return np.stack(found)


def at_once(problem: Problem) -> np.ndarray:
    """All networks in every step.

    Args:
        problem: of all networks.

    Returns:
        Weights at the end, a network each.
    """
    xs, ys, offset, start = _tensors(problem)
    scales = torch.tensor(problem.scales)
    hidden = start.expand(len(scales), *start.shape).clone()
    slope = torch.func.vmap(torch.func.grad(loss), (0, 0, None, None, None, None))
    for _ in range(problem.steps):
        step = slope(hidden, scales, offset, xs, ys, problem.curvature)
        hidden = hidden - problem.rate * step
    return hidden.numpy()


def _tensors(problem: Problem) -> list[Any]:
    xs = problem.inputs / np.float32(problem.inputs.shape[1] ** 0.5)
    arrays = (xs, problem.targets, problem.offset, problem.hidden)
    return [torch.tensor(array) for array in arrays]
