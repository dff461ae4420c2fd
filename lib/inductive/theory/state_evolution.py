r"""Error of interpolators of least penalty, from a scalar fixed-point equation.

With Gaussian inputs of variance 1/d, :math:`n = \alpha d` examples and many features,
the interpolator of least :math:`\sum_i \phi_i(\beta_i)` treats each coefficient
:math:`\beta^*` of the teacher as if it saw :math:`z = \beta^* + s V`, with V a standard
normal variable, and answered :math:`\hat\beta` with
:math:`\hat\beta + g\,\phi'(\hat\beta) = z`. The variance :math:`s^2` and the strength g
solve

.. math::
    \alpha = E\,\frac{d\hat\beta}{dz}, \qquad
    \alpha s^2 = \sigma^2 + E\,(\hat\beta - \beta^*)^2

for label noise of variance :math:`\sigma^2` (state evolution of approximate message
passing, Donoho, Maleki & Montanari 2009, or the convex Gaussian min-max theorem,
Thrampoulidis et al. 2015; the replica equations of Anguita et al. 2026 are the same).

The integrals are sums over a uniform grid of dual variables
:math:`u = \phi'(\hat\beta)`. There :math:`z = \nabla\phi^*(u) + g u` is explicit, so
that nothing is solved for, and the integrand is as smooth as the conjugate: the sums
converge faster than any power of the number of nodes, also where the penalty is all but
a modulus (derived).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Bool, Float

from inductive.theory.kernels import Scalar
from inductive.theory.penalties.separable import Separable
from inductive.theory.roots import Root, bracketed_root, falling_root

_REACH = 9.0  # standard deviations beyond which a Gaussian counts as zero
_SPAN = 60.0  # of the bracket of log g, to both sides of the guess
# Noise, relative to that of the zero function, between which fixed points are sought.
_HIGHEST, _LOWEST = 1e3, 1e-15
_SECTIONS = 26


class Teacher(NamedTuple):
    r"""Groups of features whose coefficients are drawn from one Gaussian each.

    Attributes:
        weight: share of the features in each group; the sum is 1.
        mean: of the coefficients.
        variance: of the coefficients, 0 or larger.
    """

    weight: Float[Array, " g"]
    mean: Float[Array, " g"]
    variance: Float[Array, " g"]


class Nodes(NamedTuple):
    r"""A sum that stands for the mean over :math:`z = \beta^* + s V`, for each group.

    Attributes:
        observed: z.
        estimate: :math:`\hat\beta(z)`.
        slope: :math:`d\hat\beta/dz`, between 0 and 1.
        weight: of each node; they sum to 1 in a group.
    """

    observed: Float[Array, "g m"]
    estimate: Float[Array, "g m"]
    slope: Float[Array, "g m"]
    weight: Float[Array, "g m"]


class Evolution(NamedTuple):
    r"""A fixed point.

    Attributes:
        error: :math:`E(\hat\beta - \beta^*)^2`, mean square over features; 0 where it
            falls below about 1e-15 of the teacher's.
        noise: :math:`s^2`.
        strength: g.
        residual: of both equations, relative.
        converged: whether a fixed point was found, the one of largest error.
    """

    error: Float[Array, ""]
    noise: Float[Array, ""]
    strength: Float[Array, ""]
    residual: Float[Array, ""]
    converged: Bool[Array, ""]


def channel(
    penalty: Separable,
    teacher: Teacher,
    noise: Scalar,
    strength: Scalar,
    n_nodes: int = 192,
) -> Nodes:
    """Nodes and weights of the mean over observations of every group.

    Args:
        penalty: one entry a group, twice differentiable.
        teacher: the groups.
        noise: variance of the observations around the teacher, above 0.
        strength: of the penalty, above 0.
        n_nodes: number of nodes; 192 give five digits or more for widths above 1e-12.
    """

    def group(penalty: Separable, mean: Array, variance: Array) -> Nodes:
        def conjugate(u: Array) -> Array:
            return penalty.conjugate(u[None])

        mirror, slope = jax.grad(conjugate), jax.grad(jax.grad(conjugate))
        spread = jnp.sqrt(variance + noise)

        def dual(z: Array) -> Array:
            return _dual(penalty, mirror, z, strength)

        bottom, top = dual(mean - _REACH * spread), dual(mean + _REACH * spread)
        step = (top - bottom) / n_nodes
        u = bottom + step * jnp.arange(n_nodes + 1, dtype=step.dtype)
        estimate, steepness = jax.vmap(mirror)(u), jax.vmap(slope)(u)
        z = estimate + strength * u
        density = jnp.exp(-(((z - mean) / spread) ** 2) / 2.0) / spread
        weight = step * density * (steepness + strength) / (2.0 * jnp.pi) ** 0.5
        return Nodes(z, estimate, steepness / (steepness + strength), weight)

    return jax.vmap(group)(penalty, teacher.mean, teacher.variance)


def _dual(
    penalty: Separable, mirror: Callable[[Array], Array], z: Array, strength: Scalar
) -> Array:
    """The u with mirror(u) + strength u = z, between 0 and where one term is z."""
    dual_of = jax.grad(lambda beta: penalty.value(beta[None]))
    bounds = jnp.stack([(z - mirror(jnp.zeros_like(z))) / strength, dual_of(z)])
    bound = bounds[jnp.argmin(jnp.abs(bounds))]
    low, high = jnp.minimum(bound, 0.0), jnp.maximum(bound, 0.0)
    scale = jnp.where(z == 0, 1.0, jnp.abs(z))

    def missing(u: Array) -> Array:
        return (z - mirror(u) - strength * u) / scale

    return falling_root(missing, bound, low, high).x


def mean_error(nodes: Nodes, teacher: Teacher, noise: Scalar) -> Float[Array, ""]:
    r""":math:`E(\hat\beta - \beta^*)^2` over all groups.

    The teacher's coefficient given an observation is Gaussian, so only its mean, the
    ridge estimate, is compared with the nodes.

    Args:
        nodes: from :func:`channel`.
        teacher: the groups.
        noise: variance of the observations around the teacher.
    """
    share = teacher.variance / (teacher.variance + noise)
    moved = nodes.observed - teacher.mean[:, None]
    best = teacher.mean[:, None] + share[:, None] * moved
    errors = (nodes.weight * (nodes.estimate - best) ** 2).sum(-1)
    return teacher.weight @ (errors + share * noise)


def state_evolution(
    penalty: Separable,
    teacher: Teacher,
    alpha: Scalar,
    label_noise: Scalar = 0.0,
    n_nodes: int = 192,
) -> Evolution:
    r"""The fixed point of largest error, for one ratio of examples to features.

    May be compiled and batched. The noise is sought from above in steps of a factor of
    five, then between two of them; for each noise the strength follows from the first
    equation, in which both sides fall with it.

    Args:
        penalty: :math:`\phi`, one entry a group of the teacher, twice differentiable,
            float64. Its scale does not matter.
        teacher: coefficients by group.
        alpha: examples per feature, between 0 and 1.
        label_noise: :math:`\sigma^2`, variance of the noise of the labels; 0 or larger.
        n_nodes: of each integral.

    Raises:
        ValueError: a number is out of range, or the weights do not sum to 1.
    """
    _check(teacher, alpha, label_noise)
    alpha, label_noise = jnp.asarray(alpha, float), jnp.asarray(label_noise, float)
    power = teacher.weight @ (teacher.mean**2 + teacher.variance)
    null = jnp.log((label_noise + power) / alpha)
    grid = null + jnp.linspace(np.log(_HIGHEST), np.log(_LOWEST), _SECTIONS)

    def growth(log_noise: Array, memory: tuple[Array, Array]):
        """Logarithm of the new over the old noise; remembers log g and its residual."""
        noise = jnp.exp(log_noise)
        root = _strength(penalty, teacher, noise, alpha, memory[0], n_nodes)
        nodes = channel(penalty, teacher, noise, jnp.exp(root.x), n_nodes)
        new = (label_noise + mean_error(nodes, teacher, noise)) / alpha
        return jnp.log(new) - log_noise, (root.x, root.residual)

    found, vanished, root, (log_strength, off) = _largest(growth, grid)
    noise = jnp.where(found, jnp.exp(root.x), 0.0)
    error = jnp.where(vanished, 0.0, jnp.nan)
    return Evolution(
        error=jnp.where(found, alpha * noise - label_noise, error),
        noise=noise,
        strength=jnp.exp(log_strength),
        residual=jnp.maximum(root.residual, off),
        converged=(found | vanished) & (off < 1e-9),
    )


def _strength(
    penalty: Separable,
    teacher: Teacher,
    noise: Array,
    alpha: Array,
    guess: Array,
    n_nodes: int,
) -> Root:
    """The log g at which the mean slope is alpha; both as log odds, which are steady."""

    def excess(log_strength: Array) -> Array:
        nodes = channel(penalty, teacher, noise, jnp.exp(log_strength), n_nodes)
        slope = teacher.weight @ (nodes.weight * nodes.slope).sum(-1)
        slope = jnp.minimum(slope, 1.0 - 1e-16)
        return jnp.log(slope / alpha) - jnp.log1p(-slope) + jnp.log1p(-alpha)

    return falling_root(excess, guess, guess - _SPAN, guess + _SPAN)


def _largest(growth: Callable[..., Any], grid: Array):
    """The largest root of a function that is negative above it, if there is one.

    Args:
        growth: of a number of the grid and of what to remember.
        grid: falling.

    Returns:
        Whether there is a root, whether the function is negative everywhere, the root,
        and what its evaluation remembered.
    """

    def descend(state):
        i, _, value, memory = state
        return i + 1, value, *growth(grid[i + 1], memory)

    def above(state):
        i, _, value, _ = state
        return (value < 0) & (i < len(grid) - 1)

    first = growth(grid[0], (jnp.zeros(()), jnp.zeros(())))
    i, before, value, memory = jax.lax.while_loop(above, descend, (0, jnp.inf, *first))
    found = (value >= 0) & (i > 0)
    # Where nothing was found, a problem that is solved at once stands in.
    ends = grid[i], jnp.where(found, grid[i - 1], grid[i])
    heights = jnp.where(found, value, 0.0), jnp.where(found, before, 0.0)
    root, memory = bracketed_root(growth, ends, heights, memory)
    return found, ~found & (value < 0), root, memory


def _check(teacher: Teacher, alpha: Scalar, label_noise: Scalar) -> None:
    """Refuse what is out of range, where it is known."""
    if not isinstance(alpha, Tracer) and not 0 < float(alpha) < 1:
        raise ValueError(
            f"alpha={alpha} examples per feature: with 1 or more nothing is left to the "
            "penalty, and with label noise nothing interpolates; choose 0 < alpha < 1"
        )
    if not isinstance(label_noise, Tracer) and not 0 <= float(label_noise) < np.inf:
        raise ValueError(f"label_noise={label_noise} is a variance: choose 0 or larger")
    weight, variance = teacher.weight, teacher.variance
    if not isinstance(weight, Tracer):
        shares = np.asarray(weight)
        if (shares < 0).any() or not np.isclose(shares.sum(), 1.0):
            raise ValueError(
                f"weights {shares} of the groups must be 0 or larger and sum to 1"
            )
    if not isinstance(variance, Tracer) and not (np.asarray(variance) >= 0).all():
        raise ValueError(f"variance={variance} must be 0 or larger in every group")
