r"""Penalty of fine-tuning after pretraining from any scale and balance of the layers.

The weights of a diagonal network start pretraining with :math:`w^2 + v^2 = c` and
:math:`w^2 - v^2 = \lambda c` in both branches. Before fine-tuning both branches get the
sum of the pretrained hidden weights, and all readouts become :math:`\gamma/\sqrt 2`.
Gradient flow then ends at the interpolator of least :math:`\sum_i q_{k_i}(\beta_i)`,

.. math::
    q_k(z) &= \frac{\sqrt k}{4}\big(1 - \sqrt{1 + t^2} + t \operatorname{arcsinh} t\big),
        \qquad t = 2z/\sqrt k, \\
    \sqrt{k_i} &= 2c(1 + \lambda)\Big(1 + \sqrt{1 + a_i^2/c^2}\Big) + \gamma^2

for pretrained coefficients :math:`a_i` (Anguita et al. 2026). Everything acts
elementwise.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from inductive.theory.kernels import Scalar
from inductive.theory.penalties.entropy import Values, entropy_order, entropy_penalty
from inductive.theory.penalties.scaling import Orders
from inductive.theory.penalties.separable import HyperbolicEntropy


class Knobs(NamedTuple):
    r"""Scales that are chosen before pretraining and before fine-tuning.

    Attributes:
        scale: c > 0, sum of the squares of the two layers at the start.
        balance: :math:`\lambda` from -1 (only readouts at the start) to 1 (only hidden
            weights).
        readout: :math:`\gamma \ge 0`, of fine-tuning.
    """

    scale: Scalar
    balance: Scalar
    readout: Scalar


def checked(knobs: Knobs) -> Knobs:
    """The knobs themselves, where a network can learn with them; traced ones pass.

    Args:
        knobs: as above.

    Raises:
        ValueError: a Python number out of its range, or a network whose hidden weights
            and readouts are both zero when fine-tuning starts.
    """
    scale, balance, readout = knobs
    if isinstance(scale, int | float) and not 0 < scale < float("inf"):
        raise ValueError(f"scale={scale} must be above 0, and finite")
    if isinstance(balance, int | float) and not -1 <= balance <= 1:
        raise ValueError(
            f"balance={balance} is the difference of two squares over their sum: "
            "choose a number from -1 to 1"
        )
    if isinstance(readout, int | float) and not 0 <= readout < float("inf"):
        raise ValueError(f"readout={readout} must be 0 or larger, and finite")
    dead = isinstance(balance, int | float) and isinstance(readout, int | float)
    if dead and balance == -1 and readout == 0:
        raise ValueError(
            "balance=-1 with readout=0 leaves no weight to learn with: the hidden "
            "weights of both branches cancel; choose balance > -1 or readout > 0"
        )
    return knobs


def root_k(aux: Values, knobs: Knobs) -> Float[Array, "..."]:
    r"""Width :math:`\sqrt k` of the penalty of features with pretrained coefficients a.

    Args:
        aux: a.
        knobs: c, :math:`\lambda` and :math:`\gamma`.

    Raises:
        ValueError: a Python number among the knobs is out of its range, or hidden
            weights and readouts are both zero after the reset.
    """
    c, balance, gamma = checked(knobs)
    a = jnp.abs(jnp.asarray(aux, dtype=float))
    return 2.0 * (1.0 + balance) * (c + jnp.hypot(c, a)) + gamma**2


def penalty(main: Values, width: Values) -> Float[Array, "..."]:
    r""":math:`q_k(\beta)`; its derivatives under ``jax.grad`` are
    :math:`\frac{1}{2}\operatorname{arcsinh}(2\beta/\sqrt k)` and
    :math:`1/\sqrt{k + 4\beta^2}`, to a few roundings each.

    Args:
        main: :math:`\beta`.
        width: :math:`\sqrt k`, 0 or larger.
    """
    return entropy_penalty(main, jnp.asarray(width, dtype=float) / 2.0) / 4.0


def orders(main: Values, aux: Values, knobs: Knobs) -> Orders:
    r""":math:`\ell`-order and pretraining dependence of the penalty.

    With :math:`h = \sqrt{1 + a^2/c^2}` the width has the elasticity
    :math:`e = 2c(1 + \lambda)(h^2 - 1)/(h\sqrt k)` in a, between 0 and 1; the dependence
    is :math:`-(\ell - 1)e`, and the sum of both lies between 1 and 2.

    Args:
        main: :math:`\beta`, not 0.
        aux: a, the pretrained coefficient.
        knobs: c, :math:`\lambda` and :math:`\gamma`.

    Raises:
        ValueError: as for :func:`root_k`.
    """
    width = root_k(aux, knobs)
    order = entropy_order(main, width / 2.0)
    a = jnp.abs(jnp.asarray(aux, dtype=float))
    moved = 2.0 * (1.0 + knobs.balance) * a * (a / jnp.hypot(knobs.scale, a))
    return Orders(order, (1.0 - order) * moved / width)


def separable(aux: Float[Array, " d"], knobs: Knobs) -> HyperbolicEntropy:
    r"""The penalty in the form that solvers need, :math:`2 \sum_i q_{k_i}`.

    Args:
        aux: pretrained coefficients.
        knobs: c, :math:`\lambda` and :math:`\gamma`.

    Raises:
        ValueError: as for :func:`root_k`.
    """
    kappa = root_k(aux, knobs) / 2.0
    return HyperbolicEntropy.from_width(kappa, jnp.zeros_like(kappa))
