"""Training on slab features in minibatches in PyTorch: modules and ``torch.optim.SGD``."""

from typing import NamedTuple

import numpy as np
import torch  # pyright: ignore[reportMissingImports]

Layers = list[np.ndarray]
"""Weights and biases in turn."""


class Problem(NamedTuple):
    """What both forms of training share.

    Attributes:
        inputs: one row an example, rotated.
        labels: 0 or 1.
        orders: of the examples, a row an epoch.
        batch_size: examples a step.
        learning_rate: of gradient descent.
        momentum: of gradient descent.
        weight_decay: of gradient descent.
        every: steps that are averaged in one record of the loss.
    """

    inputs: np.ndarray
    labels: np.ndarray
    orders: np.ndarray
    batch_size: int
    learning_rate: float
    momentum: float
    weight_decay: float
    every: int


def network(start: Layers) -> torch.nn.Sequential:
    """A ReLU network with these weights and biases.

    Args:
        start: weights and biases in turn.
    """
    modules: list[torch.nn.Module] = []
    for weights, bias in zip(start[::2], start[1::2], strict=True):
        layer = torch.nn.Linear(weights.shape[1], weights.shape[0])
        with torch.no_grad():
            layer.weight.copy_(torch.tensor(weights))
            layer.bias.copy_(torch.tensor(bias))
        modules += [layer, torch.nn.ReLU()]
    return torch.nn.Sequential(*modules[:-1])


def loop(problem: Problem, start: Layers) -> np.ndarray:
    """Train one network, and record losses as the chapter does.

    Args:
        problem: data and settings.
        start: weights and biases in turn.

    Returns:
        Means over steps that follow each other, without the last that make no whole record.
    """
    model = network(start)
    xs = torch.tensor(problem.inputs)
    ys = torch.tensor(problem.labels).long()
    optimiser = torch.optim.SGD(
        model.parameters(),
        lr=problem.learning_rate,
        momentum=problem.momentum,
        weight_decay=problem.weight_decay,
    )
    losses = []
    for order in torch.tensor(problem.orders).long():
        for rows in order.split(problem.batch_size):
            optimiser.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(xs[rows]), ys[rows])
            loss.backward()
            optimiser.step()
            losses.append(loss.detach())
    found = torch.stack(losses).numpy()
    whole = len(found) // problem.every * problem.every
    return found[:whole].reshape(-1, problem.every).mean(1)
