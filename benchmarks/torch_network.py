"""The same small network in PyTorch: vmapped over seeds, and one seed after the other."""

from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]

from numpy_network import Record, Start, record_steps


def load(start: Start) -> Start:
    """NumPy arrays as torch tensors, memory of their own."""
    return Start(*(torch.tensor(np.asarray(array)) for array in start))


def half_mse(weights: tuple[Any, Any], inputs: Any, targets: Any) -> Any:
    """Half the mean squared error of the network with these weights."""
    first, second = weights
    hidden = torch.relu(inputs @ first)
    residual = hidden @ second / second.shape[0] ** 0.5 - targets
    return 0.5 * residual.square().mean()


def descend_vmap(
    start: Start, learning_rate: Any, n_steps: int, chunk: int, compiled: bool = False
) -> Record:
    """Form (d): all seeds of a chunk at once by ``torch.func.vmap`` of the gradient.

    Args:
        start: tensors of all points, stacked.
        learning_rate: step size of each point.
        n_steps: number of updates.
        chunk: points that are trained together.
        compiled: whether ``torch.compile`` fuses the update.
    """
    step = _compiled(_step) if compiled else _step
    parts = zip(*(array.split(chunk) for array in (*start, learning_rate)), strict=True)
    done = [_descend_chunk(Start(*part), rate, n_steps, step) for *part, rate in parts]
    names = done[0].keys()
    return {name: torch.cat([part[name] for part in done]) for name in names}


def _step(first: Any, second: Any, inputs: Any, targets: Any, rate: Any) -> Any:
    slope = torch.func.vmap(torch.func.grad(half_mse))
    g_first, g_second = slope((first, second), inputs, targets)
    return first - rate[:, None, None] * g_first, second - rate[:, None] * g_second


def _compiled(function: Any, cache: dict[Any, Any] = {}) -> Any:  # noqa: B006
    if function not in cache:
        cache[function] = torch.compile(function, dynamic=False)
    return cache[function]


def _descend_chunk(start: Start, rate: Any, n_steps: int, step: Any) -> Record:
    first, second, losses = start.first, start.second, []
    loss, recorded = torch.func.vmap(half_mse), record_steps(n_steps)
    for count in range(1, n_steps + 1):
        first, second = step(first, second, start.inputs, start.targets, rate)
        if count in recorded:
            losses.append(loss((first, second), start.inputs, start.targets))
    test = loss((first, second), start.test_inputs, start.test_targets)
    return {"loss": torch.stack(losses, 1), "test_loss": test}


def descend_eager(start: Start, learning_rate: float, n_steps: int) -> Record:
    """One seed with autograd and ``torch.optim.SGD``, as a training script has it.

    Args:
        start: tensors of one seed; left unchanged.
        learning_rate: step size.
        n_steps: number of updates.
    """
    first = start.first.clone().requires_grad_()
    second = start.second.clone().requires_grad_()
    optimiser = torch.optim.SGD([first, second], lr=learning_rate)
    losses, recorded = [], record_steps(n_steps)
    for count in range(1, n_steps + 1):
        optimiser.zero_grad(set_to_none=True)
        half_mse((first, second), start.inputs, start.targets).backward()
        optimiser.step()
        if count in recorded:
            with torch.no_grad():
                losses.append(half_mse((first, second), start.inputs, start.targets))
    with torch.no_grad():
        test = half_mse((first, second), start.test_inputs, start.test_targets)
    return {"loss": torch.stack(losses), "test_loss": test}
