"""Muon and Adam in PyTorch, with the arithmetic of ``optax.contrib.muon``."""

import math
from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from inductive.experiments.algorithmic_primitives.training import Schedule
from primitives_torch import Peer

BETA, FIRST, SECOND, TINY = 0.95, 0.9, 0.999, 1e-8
COEFFICIENTS, ITERATIONS = (3.4445, -4.7750, 2.0315), 5
ADAM, LAST, CLIP, DECAY = 0.2, 0.05, 1.0, 0.01


class Optimiser:
    """Muon on the matrices of the blocks, Adam on all else, after a clip of the gradient.

    Moments of all parameters of a kind are updated by one call (``torch._foreach``), and
    matrices of the same shape are orthogonalised as a batch.

    Args:
        peer: decoder that is trained.
        schedule: warm-up, then half a cosine to a twentieth of the peak.
    """

    def __init__(self, peer: Peer, schedule: Schedule) -> None:
        self.schedule, self.count = schedule, 0
        self.matrices = [p for p in peer.blocks.parameters() if p.ndim == 2]
        inside = {id(p) for p in self.matrices}
        self.others = [p for p in peer.parameters() if id(p) not in inside]
        self.every = [*self.matrices, *self.others]
        self.momentum = [torch.zeros_like(p) for p in self.matrices]
        self.first = [torch.zeros_like(p) for p in self.others]
        self.second = [torch.zeros_like(p) for p in self.others]

    @torch.no_grad()
    def step(self) -> None:
        """One update from the gradients at hand, which are dropped."""
        gradients = [p.grad for p in self.every]
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
        torch._foreach_mul_(gradients, (CLIP / norm).clamp(max=1.0))
        rate = rate_at(self.schedule, self.count)
        self.count += 1
        n = len(self.matrices)
        self._muon(gradients[:n], rate)
        self._adam(gradients[n:], ADAM * rate)
        for p in self.every:
            p.grad = None

    def _muon(self, gradients: list[Any], rate: float) -> None:
        torch._foreach_lerp_(self.momentum, gradients, 1 - BETA)
        ahead = nesterov(self.momentum, gradients, BETA, self.count)
        ways = orthogonal_all(ahead)
        torch._foreach_mul_(self.matrices, 1 - rate * DECAY)
        torch._foreach_add_(self.matrices, ways, alpha=-rate)

    def _adam(self, gradients: list[Any], rate: float) -> None:
        torch._foreach_lerp_(self.first, gradients, 1 - FIRST)
        torch._foreach_mul_(self.second, SECOND)
        torch._foreach_addcmul_(self.second, gradients, gradients, 1 - SECOND)
        ahead = nesterov(self.first, gradients, FIRST, self.count)
        size = torch._foreach_div(self.second, 1 - SECOND**self.count)
        torch._foreach_sqrt_(size)
        torch._foreach_add_(size, TINY)
        torch._foreach_addcdiv_(self.others, ahead, size, -rate)


def rate_at(schedule: Schedule, count: int) -> float:
    """Learning rate of Muon at an update.

    Args:
        schedule: warm-up, then half a cosine to a twentieth of the peak.
        count: updates before it.
    """
    if count < schedule.warmup:
        return schedule.peak * count / schedule.warmup
    done = (count - schedule.warmup) / (schedule.steps - schedule.warmup)
    cosine = (1 + math.cos(math.pi * min(done, 1.0))) / 2
    return schedule.peak * ((1 - LAST) * cosine + LAST)


def nesterov(
    moments: list[Any], gradients: list[Any], beta: float, count: int
) -> list[Any]:
    """Means of moments and gradients, both without their bias.

    Args:
        moments: with these gradients.
        gradients: of this update.
        beta: decay of the moments.
        count: updates with this one.
    """
    ahead = torch._foreach_mul(moments, beta / (1 - beta ** (count + 1)))
    share = (1 - beta) / (1 - beta**count)
    torch._foreach_add_(ahead, gradients, alpha=share)
    return ahead


def orthogonal_all(matrices: list[Any]) -> list[Any]:
    """Update of each matrix; queries, keys and values apart, as three square ones.

    Args:
        matrices: of Linear layers, outputs by inputs.
    """
    parts = [part for m in matrices for part in _parts(m)]
    wide = [p if p.shape[0] <= p.shape[1] else p.T for p in parts]
    found: dict[int, Any] = {}
    for shape in {p.shape for p in wide}:
        index = [i for i, p in enumerate(wide) if p.shape == shape]
        batch = orthogonal(torch.stack([wide[i] for i in index]))
        found |= dict(zip(index, batch, strict=True))
    for i, part in enumerate(parts):
        tall = part.shape[0] > part.shape[1]
        scale = math.sqrt(max(1.0, part.shape[0] / part.shape[1]))
        found[i] = scale * found[i].T if tall else found[i]
    ways, at = [], 0
    for matrix in matrices:
        count = len(_parts(matrix))
        ways.append(torch.cat([found[i] for i in range(at, at + count)]))
        at += count
    return ways


def _parts(matrix: Any) -> tuple[Any, ...]:
    rows, columns = matrix.shape
    return matrix.chunk(3) if rows == 3 * columns else (matrix,)


def orthogonal(x: Any) -> Any:
    """Matrices with singular values near 1, by five iterations of Newton and Schulz.

    Args:
        x: a batch of matrices, no taller than wide.
    """
    a, b, c = COEFFICIENTS
    x = x / (torch.linalg.matrix_norm(x, keepdim=True) + TINY)
    for _ in range(ITERATIONS):
        square = x @ x.mT
        inner = torch.baddbmm(square, square, square, beta=b, alpha=c)
        x = torch.baddbmm(x, inner, x, beta=a)
    return x
