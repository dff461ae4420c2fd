"""Attention-only networks on bursty sequences in PyTorch: data, two forms, the loop."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch  # pyright: ignore[reportMissingImports]

from inductive.tasks.burst_sequences import Sizes

Weights = list[np.ndarray]
"""Queries, keys, values, ReLU layers, their biases, readout."""


class Problem(NamedTuple):
    """What all forms of training share.

    Attributes:
        sizes: of the task.
        means: of the classes.
        labels: vectors of the labels.
        batch_size: sequences of a step.
        rate: learning rate.
        decay: a step multiplies weights by one minus this.
        noise: within classes.
    """

    sizes: Sizes
    means: np.ndarray
    labels: np.ndarray
    batch_size: int
    rate: float
    decay: float
    noise: float


def batches_of_tensors(problem: Problem) -> Iterator[tuple[Any, Any]]:
    """Tokens and answers, all sequences of a batch drawn at once.

    Args:
        problem: of the network.
    """
    s, n = problem.sizes, problem.batch_size
    draw = torch.Generator().manual_seed(0)
    means, labels = map(torch.tensor, (problem.means, problem.labels))
    positions = torch.eye(s.n_positions)[: s.length].expand(n, -1, -1)
    m, per_label = s.n_distinct, s.n_classes // s.n_labels
    size, shrink = problem.noise / s.n_content**0.5, (1 + problem.noise**2) ** -0.5
    while True:
        chosen = torch.rand(n, s.n_labels, generator=draw).argsort(1)[:, :m]
        own = torch.randint(0, per_label, (n, m), generator=draw)
        slots = torch.rand(n, s.n_pairs, generator=draw).argsort(1) % m
        last = torch.randint(0, m, (n, 1), generator=draw)
        classes = (chosen + s.n_labels * own).gather(1, torch.cat([slots, last], 1))
        eta = torch.randn(n, s.n_pairs + 1, s.n_content, generator=draw)
        items = (means[classes] + size * eta) * shrink
        answers = classes % s.n_labels
        paired = torch.stack([items[:, :-1], labels[answers[:, :-1]]], 2)
        content = [paired.reshape(n, -1, s.n_content), items[:, -1:]]
        yield torch.cat([positions, torch.cat(content, 1)], -1), answers[:, -1]


def batches_of_numpy(problem: Problem) -> Iterator[tuple[Any, Any]]:
    """Tokens and answers in NumPy, classes sequence by sequence, as in the public code.

    Args:
        problem: of the network.
    """
    s, n = problem.sizes, problem.batch_size
    draw = np.random.default_rng(0)
    m, per_label = s.n_distinct, s.n_classes // s.n_labels
    size, shrink = problem.noise / s.n_content**0.5, (1 + problem.noise**2) ** -0.5
    while True:
        classes = np.zeros((n, s.n_pairs + 1), int)
        for row in classes:
            chosen = draw.choice(s.n_labels, m, replace=False)
            found = np.tile(
                chosen + s.n_labels * draw.choice(per_label, m), s.burstiness
            )
            draw.shuffle(found)
            row[:-1], row[-1] = found, found[draw.choice(s.n_pairs)]
        tokens = np.zeros((n, s.length, s.width), np.float32)
        eta = draw.normal(size=(n, s.n_pairs + 1, s.n_content))
        tokens[:, ::2, s.n_positions :] = (problem.means[classes] + size * eta) * shrink
        tokens[:, 1::2, s.n_positions :] = problem.labels[classes[:, :-1] % s.n_labels]
        tokens[:, :, : s.n_positions] = np.eye(s.n_positions)[: s.length]
        yield torch.tensor(tokens), torch.tensor(classes[:, -1] % s.n_labels)


def whole(weights: list[Any], x: Any) -> Any:
    """Logits, all tokens through both layers.

    Args:
        weights: of the network.
        x: tokens of all sequences.
    """
    for query, key, value in zip(*weights[:3], strict=True):
        attention = _attention((x @ query.T) @ (x @ key.T).transpose(1, 2))
        x = x + attention @ (x @ value.T)
    return _perceptron(weights, x[:, -1])


def last(weights: list[Any], x: Any) -> Any:
    """The same with the arithmetic of the last token, as ours.

    Args:
        weights: of the network.
        x: tokens of all sequences.
    """
    query, key, value = weights[:3]
    first = _attention((x @ (query[0].T @ key[0])) @ x.transpose(1, 2))
    token = x[:, -1] + torch.einsum("bi,bid->bd", first[:, -1], x) @ value[0].T
    asked = token @ (key[1].T @ query[1]).T
    both = torch.stack([asked, asked @ value[0]], 1) @ x.transpose(1, 2)
    through = torch.einsum("bji,bi->bj", first, both[:, 1])
    second = torch.softmax(both[:, 0] + through, -1)
    carried = torch.einsum("bj,bji->bi", second, first)
    read = torch.stack([second, carried], 1) @ x
    read = read[:, 0] + read[:, 1] @ value[0].T
    return _perceptron(weights, token + read @ value[1].T)


def loop(
    problem: Problem,
    start: Weights,
    batches: Iterable[tuple[Any, Any]],
    forward: Callable[[list[Any], Any], Any],
) -> np.ndarray:
    """Stochastic descent with autograd, ``torch.optim.SGD`` and multiplicative decay.

    Args:
        problem: of the network.
        start: weights.
        batches: tokens and answers, one for each step.
        forward: logits.

    Returns:
        The loss of each step, taken before it.
    """
    weights = [torch.tensor(leaf).requires_grad_() for leaf in start]
    optimiser = torch.optim.SGD(weights, lr=problem.rate)
    losses = []
    for tokens, answers in batches:
        optimiser.zero_grad()
        value = torch.nn.functional.cross_entropy(forward(weights, tokens), answers)
        value.backward()
        with torch.no_grad():
            torch._foreach_mul_(weights, 1 - problem.decay)
        optimiser.step()
        losses.append(value.detach())
    return torch.stack(losses).numpy()


def _attention(scores: Any) -> Any:
    hidden = torch.full(scores.shape[-2:], -torch.inf).triu(1)
    return torch.softmax(scores + hidden, -1)


def _perceptron(weights: list[Any], h: Any) -> Any:
    for matrix, bias in zip(*weights[3:5], strict=True):
        h = torch.relu(h @ matrix.T + bias)
    return h @ weights[5].T
