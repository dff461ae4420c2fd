"""Frames of the interactive figure: what one setting of the three knobs amounts to."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from inductive.experiments.pretraining_inductive_bias.combinations import (
    each_combination,
)
from inductive.experiments.pretraining_inductive_bias.settings import DENSITY
from inductive.tasks.spike_slab import Densities, shares
from inductive.theory.finetuning import finetuning_error
from inductive.theory.penalties.pretraining import Knobs, orders, root_k

SCALES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0)
"""Values of c."""

BALANCES = (-1.0, -0.99999, -0.999, -0.99, -0.9, -0.5, 0.0, 0.5, 0.99)
r"""Values of :math:`\lambda`, close where the regimes change."""

READOUTS = (0.0, 1e-6, 0.01, 0.1, 1.0, 10.0)
r"""Values of :math:`\gamma`."""

# Close at the small ones, where the error of the sparsest task falls.
ALPHAS = (
    *(0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.14, 0.16),
    *(0.18, 0.2, 0.23, 0.26, 0.3, 0.34, 0.38, 0.42, 0.46, 0.5),
)
"""Examples per feature."""


def frame(
    key: Key[Array, ""],
    *,
    scale: Float[Array, ""] | float,
    balance: Float[Array, ""] | float,
    readout: Float[Array, ""] | float,
    tasks: tuple[tuple[float, float], ...],
    alphas: tuple[float, ...],
    pretraining: float = DENSITY,
) -> dict[str, Array]:
    r"""Penalty, regime and errors at one setting of the knobs.

    A network with :math:`\lambda = -1` and :math:`\gamma = 0` is dead: all its weights
    are zero when fine-tuning starts, so that its error is that of the zero function.

    Args:
        key: not used, as nothing is drawn.
        scale: c.
        balance: :math:`\lambda`.
        readout: :math:`\gamma`.
        tasks: of fine-tuning, as (:math:`\rho_{\rm FT}`, :math:`\omega`).
        alphas: examples per feature.
        pretraining: :math:`\rho_{\rm PT}`.

    Returns:
        Widths :math:`\sqrt k` of a ``new`` and of a ``pretrained`` feature of
        coefficient 1 in pretraining; :math:`\ell`-``order`` and pretraining
        ``dependence`` of the latter at a fine-tuning coefficient of 1 (of a dead
        network, the limits for :math:`\gamma \to 0`); ``error`` (task, alpha), the mean
        square over features, relative to that of the zero function; whether all of
        these ``converged``, and whether the network is ``alive``.
    """
    given = Knobs(*(jnp.asarray(knob, float) for knob in (scale, balance, readout)))
    alive = jnp.logical_or(given.balance > -1.0, given.readout > 0.0)
    # Where nothing moves, a network that learns stands in until its results are replaced.
    knobs = given._replace(readout=jnp.where(alive, given.readout, 1.0))
    groups = [
        shares(Densities(pretraining, density, share)) for density, share in tasks
    ]
    cells = jnp.stack(groups), jnp.array(alphas)
    found = each_combination(lambda cell: finetuning_error(knobs, *cell), cells)
    error = jnp.where(alive, found.error, 1.0)
    shape = orders(1.0, 1.0, knobs)
    return {
        "new": root_k(0.0, given),
        "pretrained": root_k(1.0, given),
        "order": jnp.where(alive, shape.order, 1.0),
        "dependence": jnp.where(alive, shape.feature_dependence, 0.0),
        "error": error.astype(jnp.float32),
        "converged": found.converged.all(),
        "alive": alive,
    }
