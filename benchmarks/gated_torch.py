"""Two-layer gated networks in PyTorch: a plain loop, and ``torch.func.vmap`` over networks."""

from typing import Any, NamedTuple

import numpy as np
import torch  # pyright: ignore[reportMissingImports]


class Protocol(NamedTuple):
    """What all forms of training share.

    Attributes:
        rate: of the first half of the epochs.
        decay: factor of the rate in the second half.
        batch: examples a step.
    """

    rate: float
    decay: float
    batch: int

    def rates(self, n_epochs: int) -> list[float]:
        """Rate of each epoch.

        Args:
            n_epochs: of training.
        """
        half = -(-n_epochs // 2)
        return [self.rate * self.decay ** (t // half) for t in range(n_epochs)]


def outputs(params: Any, inputs: Any, contexts: Any) -> Any:
    """Outputs of one network.

    Args:
        params: hidden weights, a row a context and unit; readout; bias.
        inputs: one row an example.
        contexts: of each unit.
    """
    hidden, readout, bias = params
    fields = (inputs @ hidden.T).unflatten(1, (len(readout), -1))
    return fields.gather(2, contexts[..., None])[..., 0] @ readout + bias


def loss(params: Any, inputs: Any, contexts: Any, labels: Any) -> Any:
    """Mean logistic loss."""
    margins = labels * outputs(params, inputs, contexts)
    return torch.nn.functional.softplus(-margins).mean()


def tensors(arrays: Any) -> list[Any]:
    """Tensors with memory of their own.

    Args:
        arrays: NumPy's.
    """
    return [torch.tensor(np.asarray(array)) for array in arrays]


def loop(
    protocol: Protocol,
    start: tuple[np.ndarray, ...],
    examples: tuple[np.ndarray, ...],
    orders: np.ndarray,
) -> tuple[np.ndarray, ...]:
    """Networks one after the other: autograd and ``torch.optim.SGD``.

    Args:
        protocol: of training.
        start: parameters of all networks.
        examples: inputs and labels that all share, and contexts of all networks.
        orders: of the examples, by network and epoch.
    """
    inputs, labels, every = tensors(examples)
    found = []
    for k, contexts in enumerate(every):
        params = [t[k].clone().requires_grad_() for t in tensors(start)]
        optimiser = torch.optim.SGD(params, lr=protocol.rate)
        rates = protocol.rates(orders.shape[1])
        for rate, order in zip(rates, torch.tensor(orders[k]), strict=True):
            optimiser.param_groups[0]["lr"] = rate
            for rows in order.split(protocol.batch):
                optimiser.zero_grad()
                loss(params, inputs[rows], contexts[rows], labels[rows]).backward()
                optimiser.step()
        found.append([t.detach().numpy() for t in params])
    return tuple(np.stack(leaves) for leaves in zip(*found, strict=True))


def at_once(
    protocol: Protocol,
    start: tuple[np.ndarray, ...],
    examples: tuple[np.ndarray, ...],
    orders: np.ndarray,
) -> tuple[np.ndarray, ...]:
    """All networks in every step.

    Args:
        protocol: of training.
        start: parameters of all networks.
        examples: inputs and labels that all share, and contexts of all networks.
        orders: of the examples, by network and epoch.
    """
    inputs, labels, contexts = tensors(examples)
    params, network = tensors(start), torch.arange(len(orders))[:, None]
    slope = torch.func.vmap(torch.func.grad(loss))
    rates = protocol.rates(orders.shape[1])
    for rate, order in zip(rates, torch.tensor(orders).unbind(1), strict=True):
        for rows in order.split(protocol.batch, dim=1):
            batch = inputs[rows], contexts[network, rows], labels[rows]
            steps = slope(params, *batch)
            params = [p - rate * g for p, g in zip(params, steps, strict=True)]
    return tuple(t.numpy() for t in params)
