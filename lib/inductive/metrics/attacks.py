"""Adversarial perturbations of bounded length, and where they point.

Projected gradient ascent with steps of equal length (Madry et al., "Towards deep learning
models resistant to adversarial attacks", ICLR 2018).
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

TINY = 1e-30
"""Added to a squared length before it divides."""


def l2_pgd(
    loss: Callable[[Float[Array, "..."]], Float[Array, ""]],
    x: Float[Array, "..."],
    *,
    radius: float,
    step: float,
    steps: int,
) -> Float[Array, "..."]:
    """Perturbation of one input that raises a loss, within a ball around the input.

    Args:
        loss: of one input.
        x: the input.
        radius: largest Euclidean length of the perturbation, above 0.
        step: length of each step.
        steps: how many, 1 or more.

    Raises:
        ValueError: a radius or a step that is not positive, or no steps.
    """
    if min(radius, step) <= 0 or steps < 1:
        raise ValueError(
            f"radius={radius:g}, step={step:g} and steps={steps} must be positive"
        )
    slope = jax.grad(loss)

    def ascend(moved: Array, _: None) -> tuple[Array, None]:
        gradient = slope(x + moved)
        # Gradients of confident classifiers are tiny: scaled first, their squares are not 0.
        gradient = gradient / jnp.maximum(jnp.abs(gradient).max(), TINY)
        moved = moved + step * gradient / jnp.maximum(_length(gradient), TINY)
        return moved * jnp.minimum(1, radius / jnp.maximum(_length(moved), TINY)), None

    return jax.lax.scan(ascend, jnp.zeros_like(x), length=steps)[0]


def share(
    perturbation: Float[Array, "..."], columns: Bool[Array, "..."]
) -> Float[Array, ""]:
    """Share of the squared length of a perturbation that lies in some coordinates.

    Args:
        perturbation: of one input.
        columns: which entries count.
    """
    squares = perturbation**2
    return jnp.where(columns, squares, 0).sum() / (squares.sum() + TINY)


def _length(x: Float[Array, "..."]) -> Float[Array, ""]:
    return jnp.sqrt((x**2).sum())
