"""Diagonal linear networks: one hidden unit of either sign per input, linear readouts."""

from typing import NamedTuple

import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Float

from inductive.models.scales import Scalar, positive


class Diagonal(NamedTuple):
    r"""Parameters of :math:`f_o(x) = \beta_o^\top x` with
    :math:`\beta_o = w_+ \circ v_+^o - w_- \circ v_-^o`, for d inputs and o outputs.

    All outputs share the hidden weights w; each has its own readout v (Lippl &
    Lindsey, NeurIPS 2024; one output: Woodworth et al., COLT 2020).

    Attributes:
        w_plus: hidden weights of the positive branch.
        w_minus: hidden weights of the negative branch.
        v_plus: readouts of the positive branch, one row an output.
        v_minus: readouts of the negative branch, one row an output.
    """

    w_plus: Float[Array, " d"]
    w_minus: Float[Array, " d"]
    v_plus: Float[Array, "o d"]
    v_minus: Float[Array, "o d"]


class Conserved(NamedTuple):
    r"""What gradient flow of one output keeps, for each feature.

    Attributes:
        product: :math:`w_+ w_- + v_+ v_-`.
        plus: :math:`w_+^2 - v_+^2`.
        minus: :math:`w_-^2 - v_-^2`.
    """

    product: Float[Array, " d"]
    plus: Float[Array, " d"]
    minus: Float[Array, " d"]


def init(
    n_inputs: int, scale: Scalar, n_outputs: int = 1, dtype: str = "float32"
) -> Diagonal:
    """All parameters equal to ``scale``, so that every output starts at zero.

    Args:
        n_inputs: d, 1 or more.
        scale: initial value of every parameter, above 0; may be traced.
        n_outputs: number of readouts, 1 or more.
        dtype: floating-point type of the parameters.

    Raises:
        ValueError: a size below 1, or a scale that is not positive.
    """
    if n_inputs < 1 or n_outputs < 1:
        raise ValueError(
            f"n_inputs={n_inputs}, n_outputs={n_outputs}: both must be 1 or more"
        )
    hidden = jnp.full(n_inputs, positive("scale", scale), dtype)
    readout = jnp.full((n_outputs, n_inputs), scale, dtype)
    return Diagonal(hidden, hidden, readout, readout)


def init_layers(
    n_inputs: int, scale: Scalar, balance: Scalar, dtype: str = "float64"
) -> Diagonal:
    r"""Layers of different size, the same in both branches; the output starts at zero.

    :math:`w = \sqrt{c(1 + \lambda)/2}` and :math:`v = \sqrt{c(1 - \lambda)/2}`, hence
    :math:`w^2 + v^2 = c` and :math:`w^2 - v^2 = \lambda c` (Anguita et al. 2026).

    Args:
        n_inputs: d, 1 or more.
        scale: c, above 0; may be traced.
        balance: :math:`\lambda` from -1 (only readouts) to 1 (only hidden weights); may
            be traced.
        dtype: floating-point type of the parameters.

    Raises:
        ValueError: no inputs, or a Python number as scale or balance out of its range.
    """
    if n_inputs < 1:
        raise ValueError(f"n_inputs={n_inputs} must be 1 or more")
    half = jnp.asarray(positive("scale", scale), dtype) / 2
    _check_balance(balance)
    shift = jnp.asarray(balance, dtype)
    hidden = jnp.broadcast_to(jnp.sqrt(half * (1 + shift)), (n_inputs,))
    readout = jnp.broadcast_to(jnp.sqrt(half * (1 - shift)), (1, n_inputs))
    return Diagonal(hidden, hidden, readout, readout)


def pretrained(
    coefficients: Float[Array, " d"], scale: Scalar, balance: Scalar
) -> Diagonal:
    r"""The network of :func:`init_layers` after gradient flow has reached coefficients.

    Both amplitudes are c/2, so that the path ends at :math:`s = \operatorname{arcsinh}
    (\beta/c)` whatever the loss and the balance; from there :math:`(w_+ + w_-)^2 =
    c(1 + \lambda)(1 + \sqrt{1 + \beta^2/c^2})`.

    Args:
        coefficients: :math:`\beta` at the end of pretraining.
        scale: c, above 0; may be traced.
        balance: :math:`\lambda`, -1 to 1; may be traced.

    Raises:
        ValueError: as for :func:`init_layers`.
    """
    dtype = str(coefficients.dtype)
    start = init_layers(len(coefficients), scale, balance, dtype)
    return flow(start, jnp.arcsinh(coefficients / jnp.asarray(scale, dtype)))


def coefficients(params: Diagonal) -> Float[Array, "o d"]:
    r"""The linear maps :math:`\beta_o` that the network computes, one row an output."""
    return params.w_plus[None] * params.v_plus - params.w_minus[None] * params.v_minus


def apply(params: Diagonal, x: Float[Array, " d"]) -> Float[Array, " o"]:
    """All outputs for one input.

    Args:
        params: of the network.
        x: one input.
    """
    return coefficients(params) @ x


def reset_readout(params: Diagonal, scale: Scalar, n_outputs: int = 1) -> Diagonal:
    """The network with all readouts set to ``scale``, hidden weights kept.

    The start of finetuning after pretraining. It does not compute zero unless both
    branches have equal hidden weights: :math:`\\beta(0) = \\gamma (w_+ - w_-)`.

    Args:
        params: after pretraining, any number of outputs.
        scale: new readout weight :math:`\\gamma`, above 0; may be traced.
        n_outputs: number of new readouts.

    Raises:
        ValueError: a Python number as scale that is not positive.
    """
    hidden = params.w_plus
    readout = jnp.broadcast_to(
        jnp.asarray(positive("scale", scale), hidden.dtype), (n_outputs, len(hidden))
    )
    return Diagonal(hidden, params.w_minus, readout, readout)


def rebalance(params: Diagonal, readout: Scalar) -> Diagonal:
    r"""The start of fine-tuning that computes zero, whatever was pretrained.

    Both branches get the sum of the pretrained hidden weights, and all readouts become
    :math:`\gamma/\sqrt 2` (Anguita et al. 2026).

    Args:
        params: after pretraining, any number of outputs.
        readout: :math:`\gamma`, 0 or larger; may be traced.

    Raises:
        ValueError: a Python number as readout that is negative or not finite, or a
            network that has no weight left to learn with.
    """
    if isinstance(readout, int | float) and not 0 <= readout < float("inf"):
        raise ValueError(f"readout={readout} must be 0 or larger, and finite")
    hidden = params.w_plus + params.w_minus
    size = jnp.asarray(readout, hidden.dtype) / jnp.sqrt(jnp.asarray(2, hidden.dtype))
    known = not isinstance(hidden, Tracer) and not isinstance(size, Tracer)
    if known and not hidden.any() and size == 0:
        raise ValueError(
            "the hidden weights of both branches cancel and readout=0: no weight is "
            "left to learn with; pretrain with balance > -1, or choose readout > 0"
        )
    again = jnp.broadcast_to(size, (1, len(hidden)))
    return Diagonal(hidden, hidden, again, again)


def rescale_hidden(params: Diagonal, factor: Scalar) -> Diagonal:
    """The network with its hidden weights multiplied by ``factor``.

    Args:
        params: of the network.
        factor: above 0; may be traced.

    Raises:
        ValueError: a Python number as factor that is not positive.
    """
    w_plus, w_minus = (positive("factor", factor) * w for w in params[:2])
    return params._replace(w_plus=w_plus, w_minus=w_minus)


def amplitudes(params: Diagonal) -> tuple[Float[Array, " d"], Float[Array, " d"]]:
    r"""A and B of the gradient flow of a network with one output.

    Gradient flow on any loss of :math:`\beta` moves it along
    :math:`\beta(s) = A e^s - B e^{-s}` with
    :math:`\dot s = -2\,\partial L/\partial\beta`,
    :math:`A = [(w_+ + v_+)^2 + (w_- - v_-)^2]/4` and
    :math:`B = [(w_- + v_-)^2 + (w_+ - v_+)^2]/4` at the start (derived; for equal
    weights Woodworth et al., COLT 2020).

    Args:
        params: one output.

    Raises:
        ValueError: more than one output: the hidden weights are then pulled in
            several directions, and no such closed form exists.
    """
    w_plus, w_minus, v_plus, v_minus = _single(params)
    up = ((w_plus + v_plus) ** 2 + (w_minus - v_minus) ** 2) / 4
    down = ((w_minus + v_minus) ** 2 + (w_plus - v_plus) ** 2) / 4
    return up, down


def conserved(params: Diagonal) -> Conserved:
    r"""What gradient flow keeps on any loss, by which its integration can be judged.

    A step of gradient descent with learning rate :math:`\eta` multiplies each of them by
    :math:`1 - \eta^2 (\partial L/\partial\beta)^2` (derived).

    Args:
        params: one output.

    Raises:
        ValueError: more than one output.
    """
    w_plus, w_minus, v_plus, v_minus = _single(params)
    product = w_plus * w_minus + v_plus * v_minus
    return Conserved(product, w_plus**2 - v_plus**2, w_minus**2 - v_minus**2)


def flow(params: Diagonal, dual: Float[Array, " d"]) -> Diagonal:
    r"""The network of one output after gradient flow has moved it to ``dual``.

    :math:`w_\pm \pm' v_\pm` evolve by factors :math:`e^{\pm s/2}`, whatever the loss
    and the path, as the loss enters through :math:`s = -2\int \partial L/\partial\beta
    \,dt` alone.

    Args:
        params: at the start, one output.
        dual: s.

    Raises:
        ValueError: more than one output.
    """
    w_plus, w_minus, v_plus, v_minus = _single(params)
    cosh, sinh = jnp.cosh(dual / 2), jnp.sinh(dual / 2)
    return Diagonal(
        cosh * w_plus + sinh * v_plus,
        cosh * w_minus - sinh * v_minus,
        (sinh * w_plus + cosh * v_plus)[None],
        (cosh * v_minus - sinh * w_minus)[None],
    )


def _check_balance(balance: Scalar) -> None:
    """Refuse a relative scale of the layers that no weights have."""
    if isinstance(balance, int | float) and not -1 <= balance <= 1:
        raise ValueError(
            f"balance={balance} is the difference of two squares over their sum: "
            "choose a number from -1 to 1"
        )


def _single(params: Diagonal) -> tuple[Float[Array, " d"], ...]:
    """Hidden weights and readouts of a network with one output, all of length d."""
    n_outputs = len(params.v_plus)
    if n_outputs != 1:
        raise ValueError(
            f"the network has {n_outputs} outputs: the closed form of gradient flow "
            "exists for one output only; integrate the flow, or use gradient descent"
        )
    return params.w_plus, params.w_minus, params.v_plus[0], params.v_minus[0]
