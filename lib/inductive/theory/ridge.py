"""Kernel regression: ridge, minimum-norm interpolation and gradient flow from zero.

All functions act on one kernel matrix and one target vector.
"""

import jax.numpy as jnp
from jax.scipy.linalg import cho_factor, cho_solve
from jaxtyping import Array, Float

#: Eigenvalues below this fraction of the largest count as zero.
CUTOFF = 1e-12


def kernel_ridge(
    k_train: Float[Array, "m m"], y: Float[Array, " m"], ridge: Float[Array, ""] | float
) -> Float[Array, " m"]:
    r"""Dual weights of ridge regression, :math:`a = (K + \lambda I)^{-1} y`.

    Minimises :math:`\sum_i (f_i - y_i)^2 + \lambda \|w\|^2`. By Cholesky
    factorisation, so the sum must be positive definite.

    Args:
        k_train: K, symmetric and positive semi-definite.
        y: targets.
        ridge: :math:`\lambda > 0`; may be traced.

    Raises:
        ValueError: ``ridge`` is a Python number and not positive.
    """
    if isinstance(ridge, int | float) and not ridge > 0:
        raise ValueError(
            f"ridge={ridge} is not positive: use minimum_norm for the limit of no ridge"
        )
    factor = cho_factor(k_train + ridge * jnp.eye(len(y), dtype=k_train.dtype))
    return cho_solve(factor, y)


def minimum_norm(
    k_train: Float[Array, "m m"], y: Float[Array, " m"], cutoff: float = CUTOFF
) -> Float[Array, " m"]:
    r"""Dual weights of the minimum-norm least-squares solution, :math:`a = K^+ y`.

    The limit of :func:`kernel_ridge` for vanishing ridge and of gradient flow from
    zero for infinite time; interpolates the targets where K permits it.

    Args:
        k_train: K, symmetric and positive semi-definite.
        y: targets.
        cutoff: eigenvalues below this fraction of the largest count as zero.
    """
    values, vectors = jnp.linalg.eigh(k_train)
    kept = values > cutoff * values[-1]
    inverse = jnp.where(kept, 1.0, 0.0) / jnp.where(kept, values, 1.0)
    return vectors @ (inverse * (vectors.T @ y))


def ridge_dual(
    k_train: Float[Array, "m m"], y: Float[Array, " m"], ridge: Float[Array, ""] | float
) -> Float[Array, " m"]:
    """Dual weights for any ridge: :func:`minimum_norm` at 0, else :func:`kernel_ridge`.

    Args:
        k_train: symmetric and positive semi-definite.
        y: targets.
        ridge: 0 or larger; a traced value is taken to be positive.

    Raises:
        ValueError: ``ridge`` is a negative Python number.
    """
    if isinstance(ridge, int | float) and ridge == 0:
        return minimum_norm(k_train, y)
    return kernel_ridge(k_train, y, ridge)


def predict(
    k_test: Float[Array, "t m"], dual: Float[Array, " m"]
) -> Float[Array, " t"]:
    """Predictions from the kernel between test and training cases: ``k_test @ dual``.

    Args:
        k_test: kernel between test and training cases.
        dual: dual weights of the training cases.
    """
    return k_test @ dual


def ridge_path(
    k_train: Float[Array, "m m"],
    k_test: Float[Array, "t m"],
    y: Float[Array, " m"],
    ridges: Float[Array, " r"],
) -> Float[Array, "r t"]:
    r"""Predictions for many ridges from one eigendecomposition.

    Args:
        k_train: symmetric and positive semi-definite.
        k_test: kernel between test and training cases.
        y: targets.
        ridges: :math:`\lambda > 0` each.
    """
    values, vectors = jnp.linalg.eigh(k_train)
    weights = 1.0 / jnp.add.outer(ridges, jnp.maximum(values, 0.0))
    return weights @ _components(k_test, vectors, y)


def gradient_flow(
    k_train: Float[Array, "m m"],
    k_test: Float[Array, "t m"],
    y: Float[Array, " m"],
    times: Float[Array, " s"],
    cutoff: float = CUTOFF,
) -> Float[Array, "s t"]:
    r"""Predictions during gradient flow on squared error, started from zero.

    Training outputs obey :math:`\dot f = -K(f - y)`, test outputs
    :math:`\dot f_* = -K_*(f - y)`, hence
    :math:`f_*(t) = K_* V g^{-1}(1 - e^{-gt}) V^\top y` in the eigenbasis (g, V) of K.

    Args:
        k_train: K, symmetric and positive semi-definite.
        k_test: :math:`K_*`, kernel between test and training cases.
        y: targets.
        times: t, each from 0 to infinity; infinity gives :func:`minimum_norm`.
        cutoff: eigenvalues below this fraction of the largest count as zero.
    """
    values, vectors = jnp.linalg.eigh(k_train)
    kept = values > cutoff * values[-1]
    rates = jnp.where(kept, values, 1.0)
    inverse = jnp.where(kept, 1.0 / rates, 0.0)[:, None]
    learned = -jnp.expm1(-jnp.outer(times, rates))
    return learned @ (inverse * _components(k_test, vectors, y))


def _components(
    k_test: Float[Array, "t m"], vectors: Float[Array, "m m"], y: Float[Array, " m"]
) -> Float[Array, "m t"]:
    """What each eigenvector contributes to each prediction, at unit weight."""
    return (vectors.T @ y)[:, None] * (k_test @ vectors).T
