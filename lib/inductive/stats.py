"""Intervals and effect sizes, as the chapters report them: never a bare p-value."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Num
from scipy.special import ndtri, stdtrit

# Resampled values held at once; bounds the memory of a bootstrap to about 16 MB.
_BLOCK = 2_000_000


class Interval(NamedTuple):
    """Lower and upper end of a confidence interval."""

    low: Float[np.ndarray, "*shape"]
    high: Float[np.ndarray, "*shape"]


class PairedDifference(NamedTuple):
    """Mean of a paired difference, its interval, and Cohen's d_z over ``n`` pairs."""

    mean: float
    low: float
    high: float
    effect_size: float
    n: int


def wilson_interval(
    successes: Num[np.ndarray, "*shape"] | float,
    trials: Num[np.ndarray, "*shape"] | float,
    level: float = 0.95,
) -> Interval:
    r"""Wilson score interval of a proportion.

    With p = successes / trials and z the standard normal quantile of (1 + level) / 2,

    .. math:: \frac{p + z^2 / 2n \pm z \sqrt{p (1 - p) / n + z^2 / 4 n^2}}{1 + z^2 / n}.

    Args:
        successes: numbers of successes k, ``*shape``, 0 <= k <= n.
        trials: numbers of independent trials n, ``*shape`` or broadcastable, n > 0.
        level: coverage, 0 < level < 1.

    Returns:
        The interval, ``*shape`` each, within [0, 1].

    Raises:
        ValueError: a count or the level is out of range.

    Source: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209.
    """
    k, n = np.asarray(successes, float), np.asarray(trials, float)
    if not np.all((n > 0) & (k >= 0) & (k <= n)):
        raise ValueError("need 0 <= successes <= trials and trials > 0")
    z = ndtri(_upper_tail(level))
    p = k / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    # The ends are exactly 0 at k = 0 and 1 at k = n; rounding must not cross them.
    low = np.where(k == 0, 0.0, centre - half)
    high = np.where(k == n, 1.0, centre + half)
    return Interval(low[()], high[()])


def bootstrap_mean_interval(
    values: Float[np.ndarray, " n"],
    *,
    seed: int,
    level: float = 0.95,
    resamples: int = 10_000,
) -> Interval:
    """Percentile bootstrap interval of a mean.

    The ends are the (1 - level) / 2 and (1 + level) / 2 quantiles of the means of
    ``resamples`` samples of size n, drawn from ``values`` with replacement.

    Args:
        values: independent observations, ``(n,)``, finite, n >= 2.
        seed: seed of the NumPy generator; equal seeds give equal intervals.
        level: coverage, 0 < level < 1.
        resamples: number of resampled means, >= 1.

    Raises:
        ValueError: fewer than two values, a non-finite one, or a parameter out of range.

    Source: B. Efron, R. Tibshirani, An Introduction to the Bootstrap (1993), ch. 13.
    """
    x = _observations(values)
    if resamples < 1:
        raise ValueError(f"resamples is {resamples}; it must be at least 1")
    upper = _upper_tail(level)
    rng = np.random.default_rng(seed)
    block = max(1, _BLOCK // x.size)
    sizes = [min(block, resamples - start) for start in range(0, resamples, block)]
    means = np.concatenate(
        [x[rng.integers(x.size, size=(size, x.size))].mean(1) for size in sizes]
    )
    low, high = np.quantile(means, [1 - upper, upper])
    return Interval(low, high)


def pigeonhole_mean_interval(
    values: Float[np.ndarray, "*shape rows columns"],
    *,
    seed: int,
    level: float = 0.95,
    resamples: int = 2_000,
) -> Interval:
    """Bootstrap interval of means over two crossed factors, such as networks and prompts.

    Each resample draws rows and columns independently with replacement and averages over
    all drawn pairs; a factor with one level is not resampled. Equal seeds use equal
    resamples for every entry of ``*shape``.

    Args:
        values: observations, ``(*shape, rows, columns)``, finite, one or more of each.
        seed: seed of the NumPy generator.
        level: coverage, 0 < level < 1.
        resamples: number of resampled means, >= 1.

    Raises:
        ValueError: no values, a non-finite one, or a parameter out of range.

    Source: A. B. Owen, Ann. Appl. Stat. 1 (2007) 386, the pigeonhole bootstrap.
    """
    x = np.asarray(values, float)
    if x.ndim < 2 or not x.size or not np.isfinite(x).all():
        raise ValueError(
            f"values of shape {x.shape}: need finite ones, rows and columns last"
        )
    if resamples < 1:
        raise ValueError(f"resamples is {resamples}; it must be at least 1")
    upper = _upper_tail(level)
    rows, columns = _shares(seed, resamples, *x.shape[-2:])
    means = np.einsum("...sb,bs->...b", x @ columns.T, rows)
    low, high = np.quantile(means, [1 - upper, upper], axis=-1)
    return Interval(low, high)


@lru_cache(maxsize=4)
def _shares(
    seed: int, resamples: int, *sizes: int
) -> tuple[Float[np.ndarray, "b _"], ...]:
    """How often each level of some factors is drawn, relative to the number of draws."""
    rng = np.random.default_rng(seed)
    return tuple(
        rng.multinomial(n, np.full(n, 1 / n), size=resamples) / n for n in sizes
    )


def paired_difference(
    a: Float[np.ndarray, " n"], b: Float[np.ndarray, " n"], level: float = 0.95
) -> PairedDifference:
    r"""Mean of a - b over pairs (seeds), with Student's interval and Cohen's d_z.

    With d = a - b, mean m and standard deviation s (n - 1 in the denominator), the
    interval is :math:`m \pm t_{n-1} s / \sqrt{n}` and :math:`d_z = m / s`. Identical
    differences (s = 0) give an interval of width zero and d_z = ±inf, or nan if m = 0.

    Args:
        a: one condition, ``(n,)``, finite, n >= 2.
        b: the other condition, ``(n,)``, in the same order of pairs.
        level: coverage, 0 < level < 1.

    Raises:
        ValueError: the shapes differ, fewer than two pairs, a non-finite value, or
            ``level`` out of range.

    Source: J. Cohen, Statistical Power Analysis (1988), section 2.3.
    """
    if np.shape(a) != np.shape(b):
        raise ValueError(f"pairs need equal shapes, not {np.shape(a)}, {np.shape(b)}")
    d = _observations(_observations(a) - _observations(b))
    mean, deviation = d.mean(), d.std(ddof=1)
    half = stdtrit(d.size - 1, _upper_tail(level)) * deviation / np.sqrt(d.size)
    with np.errstate(divide="ignore", invalid="ignore"):
        effect = mean / deviation
    return PairedDifference(
        float(mean), float(mean - half), float(mean + half), float(effect), d.size
    )


def standard_error(
    values: Float[np.ndarray, " n *rest"],
) -> Float[np.ndarray, "*rest"]:
    r"""Standard error of the mean over the first axis.

    :math:`s / \sqrt{n}` with n - 1 in the denominator of s. Multiplied by 1.96, it is
    the half-width of the large-sample 95 % interval.

    Args:
        values: observations, ``(n, *rest)``, n >= 2; the first axis holds the seeds.

    Returns:
        The standard errors, ``(*rest,)``.

    Raises:
        ValueError: fewer than two observations.
    """
    x = np.asarray(values, float)
    if x.ndim == 0 or x.shape[0] < 2:
        raise ValueError("a standard error needs at least two observations")
    return x.std(axis=0, ddof=1) / np.sqrt(x.shape[0])


def _observations(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    x = np.asarray(values, float)
    if x.ndim != 1 or x.size < 2 or not np.isfinite(x).all():
        raise ValueError(f"need at least two finite values on one axis, not {x.shape}")
    return x


def _upper_tail(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; it must lie strictly between 0 and 1")
    return (1 + level) / 2
