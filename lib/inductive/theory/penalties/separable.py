r"""Penalties that are sums over features, in the form that solvers need.

A penalty is a pytree whose arrays have one entry for each feature (leading axis d). Its
methods act on *one* feature, that is after ``vmap`` over the leading axes, and take the
coefficients of that feature for all outputs: a penalty may couple outputs but never
features. :math:`\phi` denotes the penalty and :math:`\phi^*` its convex conjugate; the
coefficients belonging to a dual variable s are :math:`\beta = \nabla\phi^*(s)`.

A new penalty needs the three members of :class:`Separable` and nothing else.
"""

import math
from typing import NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

# Half-width of the interval on which a power series replaces s e^s - (e^s - 1), and its
# last power: the first term left out is below 1e-19 of the sum.
_SERIES_BELOW = 0.5
_SERIES_POWERS = range(16, 1, -1)


@runtime_checkable
class Separable(Protocol):
    """What a penalty offers for one feature."""

    @property
    def max_step(self) -> float:
        """Largest change of a dual variable for which a quadratic model is safe."""
        ...

    def value(self, coefficients: Float[Array, " o"]) -> Float[Array, ""]:
        """The penalty of one feature, given its coefficients for all outputs."""
        ...

    def conjugate(self, dual: Float[Array, " o"]) -> Float[Array, ""]:
        """Convex conjugate for one feature; differentiable twice almost everywhere."""
        ...


@jax.jit
def total(penalty: Separable, coefficients: Float[Array, "o d"]) -> Float[Array, ""]:
    """The penalty summed over features.

    Args:
        penalty: d features.
        coefficients: one row for each output.
    """
    return jax.vmap(_value, in_axes=(0, 1))(penalty, coefficients).sum()


@jax.jit
def total_conjugate(penalty: Separable, dual: Float[Array, "o d"]) -> Float[Array, ""]:
    """The convex conjugate summed over features.

    Args:
        penalty: d features.
        dual: one row for each output.
    """
    return jax.vmap(_conjugate, in_axes=(0, 1))(penalty, dual).sum()


@jax.jit
def mirror(penalty: Separable, dual: Float[Array, "o d"]) -> Float[Array, "o d"]:
    r"""Coefficients that belong to dual variables, :math:`\beta = \nabla\phi^*(s)`.

    Args:
        penalty: d features.
        dual: s, one row for each output.
    """
    each = jax.vmap(jax.grad(_conjugate, argnums=1), in_axes=(0, 1), out_axes=1)
    return each(penalty, dual)


@jax.jit
def slopes(penalty: Separable, dual: Float[Array, "o d"]) -> Float[Array, "o o d"]:
    r"""Change of coefficients with dual variables, :math:`\nabla^2\phi^*(s)`.

    Args:
        penalty: d features.
        dual: s, one row for each output.

    Returns:
        For each feature a symmetric, positive semi-definite matrix over outputs.
    """
    each = jax.vmap(jax.hessian(_conjugate, argnums=1), in_axes=(0, 1), out_axes=2)
    return each(penalty, dual)


@jax.jit
def gradient(
    penalty: Separable, coefficients: Float[Array, "o d"]
) -> Float[Array, "o d"]:
    r"""Dual variables that belong to coefficients, :math:`s = \nabla\phi(\beta)`.

    The inverse of :func:`mirror`.

    Args:
        penalty: d features.
        coefficients: one row for each output.
    """
    each = jax.vmap(jax.grad(_value, argnums=1), in_axes=(0, 1), out_axes=1)
    return each(penalty, coefficients)


def _value(penalty: Separable, coefficients: Float[Array, " o"]) -> Float[Array, ""]:
    return penalty.value(coefficients)


def _conjugate(penalty: Separable, dual: Float[Array, " o"]) -> Float[Array, ""]:
    return penalty.conjugate(dual)


class HyperbolicEntropy(NamedTuple):
    r"""Bregman divergence of the hyperbolic entropy: the bias of a diagonal network.

    Gradient flow of :math:`\beta = w_+ v_+ - w_- v_-` keeps
    :math:`\beta = A e^s - B e^{-s}` with s in the span of the inputs, hence ends at the
    interpolator of least

    .. math::
        \phi(\beta) = \beta s - A(e^s - 1) - B(e^{-s} - 1), \qquad
        s = \operatorname{arcsinh}(\beta/\kappa)
            - \operatorname{arcsinh}(\beta(0)/\kappa),

    where :math:`\kappa = 2\sqrt{AB}` and :math:`\beta(0) = A - B`. Close to the start
    (:math:`|\beta - \beta(0)| \ll \sqrt{\beta(0)^2 + \kappa^2}`) it is quadratic, far
    from it :math:`|\beta|` up to a logarithm. Several outputs are independent of each
    other. For :math:`\beta(0) = 0` this is
    :math:`\frac{\kappa}{2} q(2\beta/\kappa)` with
    :math:`q(z) = 2 - \sqrt{4 + z^2} + z \operatorname{arcsinh}(z/2)` (Woodworth et
    al., COLT 2020; Azulay et al., ICML 2021; Lippl & Lindsey, NeurIPS 2024).

    Attributes:
        up: A > 0, one entry for each feature, or for each feature and output.
        down: B > 0, of the same shape.
    """

    up: Float[Array, "..."]
    down: Float[Array, "..."]

    @classmethod
    def from_width(
        cls, kappa: Float[Array, "..."], start: Float[Array, "..."]
    ) -> "HyperbolicEntropy":
        r"""The entropy of given width and centre.

        Args:
            kappa: :math:`\kappa > 0`, where the quadratic turns into a modulus.
            start: :math:`\beta(0)`, where the penalty is zero.
        """
        larger = (jnp.abs(start) + jnp.hypot(start, kappa)) / 2.0
        # A and B have the product kappa^2/4 and the difference start.
        smaller = kappa / larger * kappa / 4.0
        return cls(
            jnp.where(start >= 0, larger, smaller),
            jnp.where(start >= 0, smaller, larger),
        )

    @property
    def max_step(self) -> float:
        """Exponentials change by at most a factor of about 7 in one step."""
        return 2.0

    @property
    def kappa(self) -> Float[Array, "..."]:
        r"""Width :math:`\kappa = 2\sqrt{AB}`: the effective pretrained magnitude."""
        return 2.0 * jnp.sqrt(self.up) * jnp.sqrt(self.down)

    @property
    def start(self) -> Float[Array, "..."]:
        r"""Centre :math:`\beta(0) = A - B`: the coefficients of no penalty."""
        return self.up - self.down

    def dual(self, coefficients: Float[Array, " o"]) -> Float[Array, " o"]:
        r"""The s that belongs to coefficients, to full relative precision.

        Near the start the two inverse hyperbolic sines cancel; for coefficients of the
        same sign as the start, s is the inverse hyperbolic sine of
        :math:`(\beta^2 - \beta(0)^2)/(\beta\rho(0) + \beta(0)\rho)` with
        :math:`\rho = \sqrt{\beta^2 + \kappa^2}`.
        """
        return _entropy_dual(self.up, self.down, coefficients)

    def value(self, coefficients: Float[Array, " o"]) -> Float[Array, ""]:
        """The divergence from the start, as a sum of two terms that are never negative.

        Exact to rounding also where it is tiny compared with the coefficients.
        """
        return _entropy(self.up, self.down, coefficients).sum()

    def conjugate(self, dual: Float[Array, " o"]) -> Float[Array, ""]:
        r""":math:`A(e^s - 1) + B(e^{-s} - 1)`, zero at s = 0."""
        return (self.up * jnp.expm1(dual) + self.down * jnp.expm1(-dual)).sum()


def _entropy_dual(
    up: Float[Array, "..."], down: Float[Array, "..."], beta: Float[Array, "..."]
) -> Float[Array, "..."]:
    """See :meth:`HyperbolicEntropy.dual`.

    Both forms of the hyperbolic sine of s agree where the start or the coefficient is
    zero: compiled code may round the start differently in the choice and in the forms.
    """
    start, width = up - down, up + down
    kappa = 2.0 * jnp.sqrt(up) * jnp.sqrt(down)
    reach = jnp.hypot(beta, kappa)
    size, centre = jnp.abs(beta), jnp.abs(start)
    mixed = size * width + centre * reach
    mixed = jnp.where(mixed > 0, mixed, 1.0)
    close = jnp.sign(beta) * (size - centre) * ((size + centre) / mixed)
    far = (beta / kappa) * (width / kappa) - (start / kappa) * (reach / kappa)
    return jnp.arcsinh(jnp.where(beta * start > 0, close, far))


@jax.custom_jvp
def _entropy(
    up: Float[Array, "..."], down: Float[Array, "..."], beta: Float[Array, "..."]
) -> Float[Array, "..."]:
    s = _entropy_dual(up, down, beta)
    return up * _excess(s) + down * _excess(-s)


@_entropy.defjvp
def _entropy_jvp(primals, tangents):
    """The slope in the coefficient is s itself, without any cancellation."""
    (up, down, beta), (d_up, d_down, d_beta) = primals, tangents
    s = _entropy_dual(up, down, beta)
    change = d_beta * s - d_up * jnp.expm1(s) - d_down * jnp.expm1(-s)
    return _entropy(up, down, beta), change


@jax.custom_jvp
def _excess(s: Float[Array, "*o"]) -> Float[Array, "*o"]:
    r""":math:`\int_0^s t e^t dt = s e^s - (e^s - 1)` without cancellation."""
    series = jnp.zeros_like(s)
    for power in _SERIES_POWERS:
        series = series * s + (power - 1) / math.factorial(power)
    return jnp.where(
        jnp.abs(s) < _SERIES_BELOW, series * s * s, s * jnp.exp(s) - jnp.expm1(s)
    )


@_excess.defjvp
def _excess_jvp(primals, tangents):
    (s,), (tangent,) = primals, tangents
    return _excess(s), s * jnp.exp(s) * tangent


class WeightedSquares(NamedTuple):
    r"""Weighted ridge penalty :math:`\frac{1}{2}\sum_o w \beta_o^2` of each feature.

    The minimum-norm bias of linear probing and of the lazy regime, where w is one over
    the sum of squares of the frozen or hardly moving weights.

    Attributes:
        weight: w > 0, one entry for each feature, or for each feature and output.
    """

    weight: Float[Array, "..."]

    @property
    def max_step(self) -> float:
        """The quadratic model is exact."""
        return math.inf

    def value(self, coefficients: Float[Array, " o"]) -> Float[Array, ""]:
        """Half the weighted sum of squares."""
        return 0.5 * (self.weight * coefficients**2).sum()

    def conjugate(self, dual: Float[Array, " o"]) -> Float[Array, ""]:
        r""":math:`\frac{1}{2}\sum_o s_o^2/w`."""
        return 0.5 * (dual**2 / self.weight).sum()
