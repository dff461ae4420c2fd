"""A small network with a gated readout, beside the nuclear-norm program of its limit."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from inductive import rng
from inductive.experiments.gated_linear_networks.synthetic import (
    SCALE,
    cosine,
    follow,
)
from inductive.models import gated_linear
from inductive.models.gated_linear import Matrix
from inductive.solvers import max_margin
from inductive.solvers.max_margin import NuclearNorm


def matrices(
    key: Key[Array, ""],
    *,
    n_train: int,
    n_units: int,
    n_inputs: int,
    times: tuple[int, ...],
) -> dict[str, Array]:
    r"""A network with a gated readout and shared gates, beside the nuclear-norm program.

    Args:
        key: of the seed; streams "problem" and "weights".
        n_train: number of inputs, with random labels.
        n_units: hidden units.
        n_inputs: D.
        times: steps of normalized descent after which to look.

    Returns:
        By time: ``cosine`` with the matrix of least nuclear norm, ``plain_cosine`` with that of
        least Frobenius norm, normalized ``margin`` as a share of the optimum, and ``weights``,
        half the squared norm of the parameters over the nuclear norm. ``gap`` of the program.
    """
    xs, index, labels = _problem(rng.stream(key, "problem"), n_train, n_inputs)
    limit, frobenius = _limits(xs, index, labels)
    start = gated_linear.init_matrix(
        rng.stream(key, "weights"),
        n_units=n_units,
        n_contexts=2,
        n_readouts=2,
        n_inputs=n_inputs,
        scale=SCALE,
        dtype="float64",
    )

    def outputs(params: Matrix) -> Float[Array, " n"]:
        return gated_linear.matrix_outputs(params, xs, index[:, 0], index[:, 1])

    def look(params: Matrix) -> dict[str, Array]:
        matrix = gated_linear.function_matrix(params).reshape(2, -1)
        nuclear = jnp.linalg.svd(matrix, compute_uv=False).sum()
        squares = sum(((leaf**2).sum() for leaf in params), jnp.zeros(()))
        return {
            "cosine": cosine(matrix, limit.matrix),
            "plain_cosine": cosine(matrix, frobenius),
            "margin": (labels * outputs(params)).min() / nuclear * limit.norm,
            "weights": squares / 2 / nuclear,
        }

    path = follow(
        lambda params: jax.nn.logsumexp(-labels * outputs(params)),
        start,
        look,
        times,
        normalized=True,
    )
    return path.records | {"gap": limit.gap}


def _problem(
    key: Key[Array, ""], n_train: int, n_inputs: int
) -> tuple[Float[Array, "n d"], Int[Array, "n 2"], Float[Array, " n"]]:
    """Inputs, contexts in the hidden units and in the readout, and random labels."""
    xs = jax.random.normal(rng.stream(key, "inputs"), (n_train, n_inputs), float)
    planes = jax.random.normal(rng.stream(key, "planes"), (2, 1, n_inputs), float)
    flips = jax.random.bernoulli(rng.stream(key, "labels"), shape=(n_train,))
    index = gated_linear.contexts(xs, planes, jnp.zeros((2, 1)))
    return xs, index, jnp.where(flips, 1.0, -1.0)


def _limits(
    xs: Float[Array, "n d"], index: Int[Array, "n 2"], labels: Float[Array, " n"]
) -> tuple[NuclearNorm, Float[Array, "e p"]]:
    """The program of least nuclear norm, and the matrix of least Frobenius norm."""
    hidden, gates = (max_margin.context_gates(column[:, None], 2) for column in index.T)
    rows = (hidden[:, :, None] * xs[:, None]).reshape(len(xs), -1)
    both = (gates @ gates.T) * (rows @ rows.T)
    plain = max_margin.hard_margin_svm(both, labels)
    frobenius = gates.T @ (plain.coefficients[:, None] * rows)
    return max_margin.nuclear_norm_svm(rows, gates, labels), frobenius
