"""Where generalisation or memorisation fails: roots of margins, found by bracketing.

These functions take concrete arrays and return NumPy results; they are not jit-able.
"""

import math

import numpy as np
from jaxtyping import Array, Float, Int
from scipy.optimize import brentq

#: Leaks at which signs are scanned before a root is bracketed.
LEAKS = np.geomspace(1e-6, 1e3, 1801)
#: Margins below this fraction of the sum of their terms' sizes count as rounding.
ROUNDING = 1e-12
_BISECTIONS = 48


def critical_conjunctivity(outer: int, length: int) -> float:
    r"""Effective conjunctivity at which the nearest cross-section pair flips.

    For one exception in the middle of the list, the root of
    :math:`\frac{\cosh((b-\frac12)\lambda)}{\cosh(\lambda/2)} = 2\cosh\lambda + 2 -
    \frac{\sinh((\ell/2-1)\lambda)}{\sinh(\ell\lambda/2)}` as
    :math:`\alpha^* = 1 - 1/\cosh\lambda` (derived here).

    Args:
        outer: b, items before and after the cycle, 1 or more.
        length: :math:`\ell`, adjacent edges inside the cycle, 2 or more.

    Returns:
        A number between 0 and 1; ``nan`` for ``outer`` of 1 or 2, where no
        conjunctivity below 1 flips the pair.

    Raises:
        ValueError: ``outer`` is below 1 or ``length`` below 2.
    """
    _check_geometry(outer, length)
    if outer < 3:
        return math.nan

    def excess(rate: float) -> float:
        bulk = math.cosh((outer - 0.5) * rate) / math.cosh(rate / 2.0)
        cycle = math.sinh((length / 2.0 - 1.0) * rate) / math.sinh(length * rate / 2.0)
        return bulk - 2.0 * math.cosh(rate) - 2.0 + cycle

    # At the lower end bulk is below 2, at the upper above 74 or 2 cosh + 2.
    scale = 1.0 / (outer - 0.5)
    rate = _root(excess, 0.1 * scale, 5.0 * scale)
    return 2.0 * math.sinh(rate / 2.0) ** 2 / math.cosh(rate)


def critical_asymptote(outer: int, length: int) -> float:
    r"""Long-list limit of :func:`critical_conjunctivity`.

    :math:`\alpha^* \to \frac12
    \left(\frac{{\rm arccosh}(3 + 2/\ell)}{b - 1/2}\right)^2` (derived here).

    Args:
        outer: b, items before and after the cycle, 1 or more.
        length: :math:`\ell`, adjacent edges inside the cycle, 2 or more.

    Raises:
        ValueError: ``outer`` is below 1 or ``length`` below 2.
    """
    _check_geometry(outer, length)
    return 0.5 * (math.acosh(3.0 + 2.0 / length) / (outer - 0.5)) ** 2


def critical_conjunctivity_pairs(
    incidence: Float[Array, "m n"], pairs: Int[np.ndarray, "k 2"]
) -> Float[np.ndarray, " k"]:
    r"""Smallest effective conjunctivity at which each pair's rank margin turns negative.

    The margin is
    :math:`\sum_k \frac{c_k}{\frac{1-\alpha}{2}\ell_k + \alpha}` up to a positive
    factor, with :math:`c_k = (v_{ik} - v_{jk})\,v_k^\top\beta` and
    :math:`(\ell_k, v_k)` the eigenpairs of the Laplacian (derived here). Its sign is
    scanned over :data:`LEAKS` and the first change refined by bisection.

    Args:
        incidence: D, of a connected graph.
        pairs: ranks (i, j); i should be judged better than j.

    Returns:
        One number for each pair: the root, 0 where the margin is negative from the
        smallest leak, ``nan`` where it is never negative up to a leak of 1000.
    """
    d = np.asarray(incidence, dtype=np.float64)
    modes, vectors = np.linalg.eigh(d.T @ d)
    overlap = vectors.T @ d.sum(0)
    modes, overlap, vectors = modes[1:], overlap[1:], vectors[:, 1:]
    weights = (vectors[pairs[:, 0]] - vectors[pairs[:, 1]]) * overlap
    inverse = 1.0 / (modes + LEAKS[:, None])
    margin = inverse @ weights.T
    negative = margin < -ROUNDING * (inverse @ np.abs(weights).T)
    first = negative.argmax(0)
    low, high = LEAKS[np.maximum(first - 1, 0)], LEAKS[first]
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        positive = (weights / (modes + middle[:, None])).sum(1) > 0.0
        low, high = np.where(positive, middle, low), np.where(positive, high, middle)
    root = np.where(first == 0, 0.0, high)
    return np.where(negative.any(0), root / (2.0 + root), math.nan)


def critical_inverse_ridge(alpha: float, alpha_star: float) -> float:
    r"""Inverse ridge c below which a pair fails, from its critical conjunctivity.

    :math:`c^* = (1 - \alpha^*)/(\alpha^* - \alpha)` (derived here).

    Args:
        alpha: conjunctivity, 0 <= alpha < 1.
        alpha_star: effective conjunctivity where the pair flips, or ``nan`` for never.

    Returns:
        A positive number; infinity where the pair fails without ridge
        (``alpha >= alpha_star``), 0 where it never fails.

    Raises:
        ValueError: ``alpha`` outside [0, 1).
    """
    _check_conjunctivity(alpha)
    if math.isnan(alpha_star):
        return 0.0
    if alpha >= alpha_star:
        return math.inf
    return (1.0 - alpha_star) / (alpha_star - alpha)


def critical_inverse_ridge_cycle(
    incidence: Float[Array, "m n"], edge: int, alpha: float
) -> float:
    r"""Inverse ridge c below which a trained comparison is no longer memorised.

    The largest root of :math:`\alpha + \rho (r_u - r_v)` in :math:`c = 1/\rho`
    (derived here), between c of 1e-6 and 1e6.

    Args:
        incidence: D, of a connected graph.
        edge: row of D: u is trained to beat v.
        alpha: conjunctivity, 0 <= alpha < 1.

    Returns:
        A positive number; infinity where the comparison fails even at c of 1e6, 0
        where it never fails.

    Raises:
        ValueError: ``alpha`` outside [0, 1), or no such row.
    """
    _check_conjunctivity(alpha)
    d = np.asarray(incidence, dtype=np.float64)
    if not 0 <= edge < len(d):
        raise ValueError(
            f"edge={edge}: the incidence matrix has rows 0 .. {len(d) - 1}"
        )
    modes, vectors = np.linalg.eigh(d.T @ d)
    weights = (vectors.T @ d[edge]) * (vectors.T @ d.sum(0))

    def margin(rho: float) -> float:
        mu = 2.0 * (alpha + rho) / (1.0 - alpha)
        return alpha + rho * float(np.sum(weights[1:] / (modes[1:] + mu)))

    rhos = np.geomspace(1e-6, 1e6, 1201)
    values = np.array([margin(rho) for rho in rhos])
    if not (values < 0.0).any():
        return 0.0
    first = int((values < 0.0).argmax())
    return 1.0 / _root(margin, rhos[first - 1], rhos[first]) if first else math.inf


def _root(f, low: float, high: float) -> float:
    """The root of f between low and high, to 15 digits."""
    return float(brentq(f, low, high, xtol=1e-16, rtol=1e-14))  # pyright: ignore


def _check_geometry(outer: int, length: int) -> None:
    if outer < 1 or length < 2:
        raise ValueError(
            f"outer={outer}, length={length}: need outer >= 1 and length >= 2"
        )


def _check_conjunctivity(alpha: float) -> None:
    if not 0.0 <= alpha < 1.0:
        raise ValueError(
            f"alpha={alpha} is outside [0, 1): pass a conjunctivity below 1"
        )
