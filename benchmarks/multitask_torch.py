"""The training problems in PyTorch: a plain loop, and ``torch.func.vmap`` over networks."""

from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]

from multitask_problems import (
    CEILING,
    EVERY,
    LEARNING_RATE,
    Condition,
    Outcome,
    Problem,
)


def load(array: np.ndarray) -> Any:
    """A tensor with memory of its own."""
    return torch.tensor(np.asarray(array))


def _start(problem: Problem) -> list[Any]:
    """Initial parameters of all networks, readouts without the axis of their one output."""
    tensors = [load(array) for array in problem.start]
    return [t.squeeze(1) if t.shape[1] == 1 else t for t in tensors]


def diagonal_loss(params: Any, inputs: Any, targets: Any) -> Any:
    """Mean squared error of a diagonal linear network."""
    w_plus, w_minus, v_plus, v_minus = params
    coefficients = w_plus * v_plus - w_minus * v_minus
    return (inputs @ coefficients - targets).square().mean()


def relu_loss(params: Any, inputs: Any, targets: Any) -> Any:
    """Mean squared error of a two-layer ReLU network."""
    hidden, readout = params
    return (torch.relu(inputs @ hidden.T) @ readout - targets).square().mean()


def descend(condition: Condition, problem: Problem, evaluated: bool = False) -> Outcome:
    """The first network: autograd, ``torch.optim.SGD`` and a check after each step.

    Args:
        condition: of the problem.
        problem: arrays of all networks.
        evaluated: whether the error on the test examples is recorded on the way.

    Raises:
        ValueError: training diverges.
    """
    loss_of = relu_loss if condition.relu else diagonal_loss
    params = [tensor[0].clone().requires_grad_() for tensor in _start(problem)]
    examples = load(problem.inputs[0]), load(problem.targets[0])
    tests = load(problem.test_inputs), load(problem.test_targets)
    optimiser = torch.optim.SGD(params, lr=LEARNING_RATE)
    value, step, recorded = float("inf"), 0, []
    while step < condition.max_steps and not value < condition.threshold:
        if evaluated and step % EVERY == 0:
            with torch.no_grad():
                recorded.append(loss_of(params, *tests).item())
        optimiser.zero_grad()
        loss = loss_of(params, *examples)
        loss.backward()
        optimiser.step()
        value, step = loss.item(), step + 1
        if not value <= CEILING:
            raise ValueError(f"PyTorch diverges: its loss is {value} at step {step}")
    arrays = tuple(tensor.detach().numpy()[None] for tensor in params)
    return Outcome(arrays, np.array([value]), np.array([step]))


def descend_vmap(
    condition: Condition, problem: Problem, compiled: bool = False
) -> Outcome:
    """All networks at once; those that are done wait for the last.

    Args:
        condition: of the problem.
        problem: arrays of all networks.
        compiled: whether ``torch.compile`` fuses the step.
    """
    params = _start(problem)
    examples = load(problem.inputs), load(problem.targets)
    active = torch.ones(len(problem.inputs), dtype=torch.bool)
    steps = torch.zeros(len(problem.inputs), dtype=torch.int64)
    loss = torch.full(active.shape, float("inf"))
    update = _update(condition.relu, compiled)
    for _ in range(condition.joint_steps):
        params, loss_now = update(params, *examples, LEARNING_RATE * active)
        loss = torch.where(active, loss_now, loss)
        steps += active
        active = active & ~(loss_now < condition.threshold)
        if not active.any():
            break
    arrays = tuple(tensor.numpy() for tensor in params)
    return Outcome(arrays, loss.numpy(), steps.numpy())


def _update(relu: bool, compiled: bool, cache: dict[Any, Any] = {}) -> Any:  # noqa: B006
    """One step of all networks, each with its own step size."""
    if (relu, compiled) not in cache:
        slope = torch.func.vmap(
            torch.func.grad_and_value(relu_loss if relu else diagonal_loss)
        )

        def update(params: Any, inputs: Any, targets: Any, rates: Any) -> Any:
            gradient, loss = slope(params, inputs, targets)
            rates = [rates.reshape(-1, *[1] * (p.ndim - 1)) for p in params]
            steps = zip(params, rates, gradient, strict=True)
            return [p - r * g for p, r, g in steps], loss

        made = torch.compile(update, dynamic=False) if compiled else update
        cache[relu, compiled] = made
    return cache[relu, compiled]
