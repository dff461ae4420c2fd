r"""Penalties of multi-task learning and of finetuning in diagonal linear networks.

A feature has a coefficient for the main and one for the auxiliary task. Its penalty is
what the main-task coefficient costs a network that learns both tasks together, or that
has learned the auxiliary one before (Lippl & Lindsey, NeurIPS 2024). Everything but
:func:`group_norm` acts elementwise on features.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from inductive.theory.penalties.entropy import Values, entropy_order, entropy_penalty
from inductive.theory.penalties.scaling import Orders


def multi_task(main: Values, aux: Values) -> Float[Array, "..."]:
    r"""Multi-task penalty of one feature, :math:`\sqrt{\beta^2 + a^2} - |a|`.

    What the main-task coefficient adds to :func:`group_norm`. Evaluated as
    :math:`\beta^2/(\sqrt{\beta^2 + a^2} + |a|)`, which cancels nothing.

    Args:
        main: :math:`\beta`, coefficient of the main task.
        aux: a, coefficient of the auxiliary task.
    """
    beta, a = jnp.asarray(main, dtype=float), jnp.asarray(aux, dtype=float)
    denominator = _radius(beta, a) + jnp.abs(a)
    return beta * (beta / jnp.where(denominator > 0, denominator, 1.0))


def group_norm(coefficients: Float[Array, "o d"]) -> Float[Array, ""]:
    r"""The multi-task penalty :math:`\sum_i \sqrt{\sum_o \beta_{oi}^2}`.

    The least :math:`\frac{1}{2}\|\theta\|^2` of a diagonal network with shared hidden
    weights that computes these coefficients. An explicit penalty: weight decay
    minimises it, gradient descent alone does not in general. The derivative for a
    feature that no task uses is taken to be 0.

    Args:
        coefficients: one row for each task, one column for each feature.
    """
    return _safe_sqrt((coefficients**2).sum(axis=0)).sum()


def finetuning(main: Values, aux: Values, gamma: Values = 0.0) -> Float[Array, "..."]:
    r"""Finetuning penalty of one feature, :math:`\kappa\, q(2\beta/\kappa)` with
    :math:`\kappa = |a| + \gamma^2`.

    The convention of the paper, :func:`symmetric_kappa`. For that of its simulations
    use ``entropy_penalty(main, branch_kappa(aux, ...))``.

    Args:
        main: :math:`\beta`, coefficient of the main task.
        aux: a, coefficient of the auxiliary task.
        gamma: readout weight at the start of finetuning; at 0 a feature that the
            auxiliary task does not use costs infinitely much.
    """
    return entropy_penalty(main, symmetric_kappa(aux, gamma))


def symmetric_kappa(aux: Values, gamma: Values = 0.0) -> Float[Array, "..."]:
    r"""Width :math:`\kappa = |a| + \gamma^2` when both branches carry the feature.

    Hidden weights :math:`w_+ = w_- = \sqrt{|a|}`, all readouts :math:`\gamma`, so that
    the network starts at zero: the convention of the paper's penalty.

    Args:
        aux: a, coefficient of the auxiliary task.
        gamma: readout weight at the start of finetuning.
    """
    gamma = jnp.asarray(gamma, dtype=float)
    return jnp.abs(jnp.asarray(aux, dtype=float)) + gamma**2


def branch_kappa(
    aux: Values, gamma: Values = 0.0, scale: Values = 0.0, rescaling: Values = 1.0
) -> Float[Array, "..."]:
    r"""Width when one branch carries the feature, as after actual pretraining.

    Pretraining from weights :math:`\gamma_0` ends at :math:`w_+^2 - w_-^2 = a` with
    :math:`w_+ w_- = \gamma_0^2`; then hidden weights are multiplied by c and readouts
    set to :math:`\gamma`. This gives

    .. math::
        \kappa &= \tfrac{1}{2}\sqrt{(w_+^2 + w_-^2 + 2\gamma^2)^2
                 - 4\gamma^2 (w_+ - w_-)^2} \\
               &= \sqrt{(c^2 a/2)^2 + (c^2\gamma_0^2 + \gamma^2)^2}

    (derived here; w in the first form includes c, the second cancels nothing). For
    :math:`\gamma \to 0` it is
    :math:`\frac{c^2}{2}\sqrt{a^2 + 4\gamma_0^4}`, about half of
    :func:`symmetric_kappa`. The network then starts at
    :math:`\beta(0) = \gamma c (w_+ - w_-)`, and the full penalty is the divergence from
    there, :class:`HyperbolicEntropy`; only its width is given here.

    Args:
        aux: a, coefficient of the auxiliary task.
        gamma: readout weight at the start of finetuning, after any rescaling.
        scale: :math:`\gamma_0`, weights at the start of pretraining.
        rescaling: c, factor on the hidden weights between the two stages.
    """
    a, gamma = jnp.asarray(aux, dtype=float), jnp.asarray(gamma, dtype=float)
    scale = jnp.asarray(scale, dtype=float)
    factor = jnp.asarray(rescaling, dtype=float) ** 2
    return _radius(factor * a / 2.0, factor * scale**2 + gamma**2)


def multi_task_orders(main: Values, aux: Values) -> Orders:
    r"""Orders of :func:`multi_task`: :math:`\ell = 1 + |a|/\sqrt{a^2 + \beta^2}` and
    feature dependence :math:`1 - \ell`.

    Args:
        main: :math:`\beta`, not 0.
        aux: a.
    """
    beta, a = jnp.asarray(main, dtype=float), jnp.asarray(aux, dtype=float)
    share = jnp.abs(a) / _radius(beta, a)
    return Orders(1.0 + share, -share)


def finetuning_orders(main: Values, aux: Values, gamma: Values = 0.0) -> Orders:
    r"""Orders of :func:`finetuning`: :math:`\ell = z q'(z)/q(z)` at
    :math:`z = 2\beta/\kappa`, and feature dependence :math:`(1 - \ell)|a|/\kappa`.

    Args:
        main: :math:`\beta`, not 0.
        aux: a; not 0 unless ``gamma`` is positive.
        gamma: readout weight at the start of finetuning.
    """
    kappa = symmetric_kappa(aux, gamma)
    order = entropy_order(main, kappa)
    elasticity = jnp.abs(jnp.asarray(aux, dtype=float)) / kappa
    return Orders(order, (1.0 - order) * elasticity)


def _radius(x: Float[Array, "..."], y: Float[Array, "..."]) -> Float[Array, "..."]:
    r""":math:`\sqrt{x^2 + y^2}`, with derivative 0 where both are 0."""
    return _safe_sqrt(x**2 + y**2)


def _safe_sqrt(squares: Float[Array, "..."]) -> Float[Array, "..."]:
    """Square root with derivative 0 at 0, which has to be kept away from its slope."""
    positive = squares > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, squares, 1.0)), 0.0)
