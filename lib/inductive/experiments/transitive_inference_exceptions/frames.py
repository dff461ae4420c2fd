"""Frames of the interactive figure: what one exception does to a list, without ridge."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from inductive.tasks.transitive_inference import centred, incidence
from inductive.theory import transitive_inference as theory

OUTERS = (1, 2, 3, 4, 5, 6)
"""Items on either side of the cycle."""

LENGTHS = (2, 3, 4, 5)
"""Adjacent edges inside the cycle."""

# Close where pairs flip: around 0.06, 0.1, 0.16 and 0.32 with 6, 5, 4 and 3 items on a side.
# 0.147, 0.249, 0.325 and 0.386 are those of random ReLU features of one to four layers.
ALPHAS = (
    *(0.01, 0.02, 0.03, 0.045, 0.06, 0.065, 0.075, 0.09, 0.095, 0.1, 0.12, 0.147),
    *(0.155, 0.165, 0.18, 0.21, 0.249, 0.3, 0.315, 0.325, 0.35, 0.386, 0.5, 0.65, 0.9),
)
"""Effective conjunctivities."""

HALF = (2 * max(OUTERS) + max(LENGTHS) + 1) // 2
"""Items in the upper half of the longest list, without one in its middle."""


def frame(
    key: Key[Array, ""],
    *,
    outer: int,
    length: int,
    alpha: Float[Array, ""] | float,
    half: int = HALF,
) -> dict[str, Array]:
    r"""Ranks with and without an exception in the middle of a list.

    Ranks of the lower half are those of the upper with the opposite sign, and an item in
    the middle has rank 0.

    Args:
        key: not used, as nothing is drawn.
        outer: items before and after the cycle, 1 or more.
        length: adjacent edges inside the cycle, 2 or more.
        alpha: effective conjunctivity, above 0 and below 1.
        half: length of the outputs, at least half that of the list.

    Returns:
        ``ranks`` and, without the exception, ``plain`` ranks (item) of the upper half,
        best item first and 0 after its end, in single precision; ``critical``, the
        effective conjunctivity at which the nearest cross-section pair flips, 1 where
        it never does.

    Raises:
        ValueError: half the list is longer than ``half``, or it has no cycle.
    """
    task = centred(outer, length)
    upper = task.n_items // 2
    if upper > half:
        raise ValueError(
            f"outer={outer}, length={length}: half the list has {upper} items, "
            f"more than half={half}"
        )
    mu = theory.conjunctivity_to_leak(alpha)
    plain = theory.ranks_without_exception(task.n_items, theory.screening_rate(mu))
    both = jnp.stack([theory.ranks(incidence(task), mu), plain])[:, :upper]
    ranks, plain = jnp.pad(both.astype(jnp.float32), ((0, 0), (0, half - upper)))
    critical = theory.critical_conjunctivity(outer, length)
    return {
        "ranks": ranks,
        "plain": plain,
        "critical": jnp.nan_to_num(jnp.asarray(critical), nan=1.0),
    }
