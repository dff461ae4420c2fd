"""Networks in the parametrization of tangent kernels in PyTorch: training, and kernels."""

from typing import Any, NamedTuple

import numpy as np
import torch  # pyright: ignore[reportMissingImports]

Networks = list[np.ndarray]
"""Weights and biases in turn, layer by layer; the first axis of each is the network."""


class Problem(NamedTuple):
    """What all forms of training share.

    Attributes:
        inputs: one row an example.
        targets: of the inputs.
        tests: where outputs are compared.
        bias_scale: of the biases.
        rate: learning rate.
        steps: of descent.
    """

    inputs: np.ndarray
    targets: np.ndarray
    tests: np.ndarray
    bias_scale: float
    rate: float
    steps: int


def outputs(params: Any, xs: Any, bias_scale: float) -> Any:
    """Outputs of one network.

    Args:
        params: weights and biases in turn.
        xs: one row an example.
        bias_scale: of the biases.
    """
    field = xs
    for k in range(0, len(params), 2):
        h = torch.relu(field) if k else xs
        field = h @ params[k].T / h.shape[1] ** 0.5 + bias_scale * params[k + 1]
    return field[:, 0]


def loss(params: Any, xs: Any, ys: Any, bias_scale: float) -> Any:
    """Half the mean squared error."""
    return 0.5 * (outputs(params, xs, bias_scale) - ys).square().mean()


def loop(problem: Problem, start: Networks) -> np.ndarray:
    """Networks one after the other: autograd and ``torch.optim.SGD``.

    Args:
        problem: of all networks.
        start: their parameters.

    Returns:
        Outputs at the tests, a row a network.
    """
    xs, ys, tests = map(torch.tensor, problem[:3])
    found = []
    for k in range(len(start[0])):
        params = [torch.tensor(leaf[k]).requires_grad_() for leaf in start]
        optimiser = torch.optim.SGD(params, lr=problem.rate)
        for _ in range(problem.steps):
            optimiser.zero_grad()
            loss(params, xs, ys, problem.bias_scale).backward()
            optimiser.step()
        with torch.no_grad():
            found.append(outputs(params, tests, problem.bias_scale).numpy())
    return np.stack(found)


def at_once(problem: Problem, start: Networks) -> np.ndarray:
    """All networks in every step.

    Args:
        problem: of all networks.
        start: their parameters.

    Returns:
        Outputs at the tests, a row a network.
    """
    xs, ys, tests = map(torch.tensor, problem[:3])
    params = [torch.tensor(leaf) for leaf in start]
    slope = torch.func.vmap(torch.func.grad(loss), (0, None, None, None))
    for _ in range(problem.steps):
        steps = slope(params, xs, ys, problem.bias_scale)
        params = [p - problem.rate * g for p, g in zip(params, steps, strict=True)]
    every = torch.func.vmap(outputs, (0, None, None))
    return every(params, tests, problem.bias_scale).numpy()


def by_gradients(params: list[np.ndarray], xs: np.ndarray, bias_scale: float) -> Any:
    """Tangent kernel of one network: products of gradients, one for each input.

    Args:
        params: weights and biases in turn.
        xs: inputs.
        bias_scale: of the biases.
    """
    tensors = [torch.tensor(leaf) for leaf in params]

    def one(params: Any, x: Any) -> Any:
        return outputs(params, x[None], bias_scale)[0]

    slopes = torch.func.vmap(torch.func.grad(one), (None, 0))(tensors, torch.tensor(xs))
    rows = [slope.flatten(1) for slope in slopes]
    return torch.stack([row @ row.T for row in rows]).sum(0).numpy()


def by_layers(params: list[np.ndarray], xs: np.ndarray, bias_scale: float) -> Any:
    """The same from activities and signals, layer by layer, as ours.

    Args:
        params: weights and biases in turn.
        xs: inputs.
        bias_scale: of the biases.
    """
    with torch.no_grad():
        tensors = [torch.tensor(leaf) for leaf in params]
        activities, fields = [torch.tensor(xs)], []
        for weights, bias in zip(tensors[::2], tensors[1::2], strict=True):
            h = activities[-1]
            fields.append(h @ weights.T / h.shape[1] ** 0.5 + bias_scale * bias)
            activities.append(torch.relu(fields[-1]))
        signal, kernel = torch.ones_like(fields[-1]), torch.zeros(len(xs), len(xs))
        for k in range(len(fields) - 1, -1, -1):
            h = activities[k]
            overlap = h @ h.T / h.shape[1] + bias_scale**2
            kernel = kernel + overlap * (signal @ signal.T)
            if k:
                back = signal @ tensors[2 * k] / h.shape[1] ** 0.5
                signal = back * (fields[k - 1] > 0)
        return kernel.numpy()
