r"""Where descent of gated networks goes on small problems, beside the programs of their limit.

The problem of the convergence checks: inputs with six coordinates, the last one 1; labels
:math:`\operatorname{sign}(x_1 x_2 + 0.3\,\varepsilon)`; units with hyperplanes through the origin
of the first five coordinates.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from inductive import rng
from inductive.models import gated_linear
from inductive.models.gated_linear import Chain
from inductive.solvers import max_margin
from inductive.train import gd

N_INPUTS, NOISE = 6, 0.3
"""D, and the standard deviation of the noise in the product that gives the label."""

RATE, PLAIN_RATE = 0.05, 0.5
"""Of normalized descent, and of plain descent on the logistic loss."""

SCALE = 0.1
"""Of the initial weights."""


class Problem(NamedTuple):
    """Labelled inputs with fixed gates.

    Attributes:
        inputs: one row each.
        labels: 1 or -1.
        contexts: of each unit.
        n_contexts: of a unit.
    """

    inputs: Float[Array, "n d"]
    labels: Float[Array, " n"]
    contexts: Int[Array, "n h"]
    n_contexts: int

    @property
    def gates(self) -> Float[Array, "n k"]:
        """Gates of all contexts of all units."""
        return max_margin.context_gates(self.contexts, self.n_contexts)


def problem(
    key: Key[Array, ""], n_train: int, n_units: int, shatter_dim: int
) -> Problem:
    """Inputs, labels and gates of the convergence checks.

    Args:
        key: streams "inputs", "noise" and "hyperplanes".
        n_train: number of inputs.
        n_units: hidden units.
        shatter_dim: hyperplanes a unit.
    """
    xs = jax.random.normal(rng.stream(key, "inputs"), (n_train, N_INPUTS), float)
    xs = xs.at[:, -1].set(1.0)
    noise = NOISE * jax.random.normal(rng.stream(key, "noise"), (n_train,), float)
    labels = jnp.where(xs[:, 0] * xs[:, 1] + noise > 0, 1.0, -1.0)
    shape = (n_units, shatter_dim, N_INPUTS)
    planes = jax.random.normal(rng.stream(key, "hyperplanes"), shape, float)
    planes = planes.at[:, :, -1].set(0.0)
    index = gated_linear.contexts(xs, planes, jnp.zeros((n_units, shatter_dim)))
    return Problem(xs, labels, index, 2**shatter_dim)


class Descent(NamedTuple):
    """Where normalized descent has got to.

    Attributes:
        vectors: function vectors.
        margin: normalized margin.
    """

    vectors: Float[Array, "h c d"]
    margin: Float[Array, ""]


def normalized_descent(
    key: Key[Array, ""], given: Problem, n_units: int, n_steps: int
) -> Descent:
    """Two layers without bias after normalized descent.

    Args:
        key: stream "weights".
        given: the problem.
        n_units: hidden units, as many as it has.
        n_steps: of descent.
    """
    start = _start(key, 2, n_units, given.n_contexts)
    path = _descend(given, start, lambda params: (), (n_steps,), normalized=True)
    vectors = gated_linear.function_vectors(path.params)
    return Descent(vectors, chain_margin(given, path.params))


def two_layers(
    key: Key[Array, ""],
    *,
    number: Int[Array, ""] | int,
    n_train: int,
    n_units: int,
    shatter_dim: int,
    times: tuple[int, ...],
) -> dict[str, Array]:
    """Two layers without bias, by normalized and by plain descent, beside their limit.

    Args:
        key: of the seed; stream "weights".
        number: of the problem, the same for all seeds; may be traced.
        n_train: number of inputs.
        n_units: hidden units.
        shatter_dim: hyperplanes a unit.
        times: steps of both kinds of descent after which to look.

    Returns:
        By descent (normalized, plain) and time: ``cosine`` of the function vectors with those of
        least group norm, ``plain_cosine`` with those of least Euclidean norm, normalized
        ``margin`` as a share of the optimum; and by unit, the ``share`` of each in the sum of
        norms. ``optimal_share`` of the units and ``gap`` of the program.
    """
    given = problem(rng.seed_key(rng.root(0), number), n_train, n_units, shatter_dim)
    groups = max_margin.unit_groups(n_units, given.n_contexts)
    found = max_margin.group_norm_svm(given.inputs, given.gates, groups, given.labels)
    same = max_margin.function_norm_kernel(
        given.contexts, given.contexts, given.n_contexts, weight="plain"
    )
    plain = max_margin.hard_margin_svm(
        same * (given.inputs @ given.inputs.T), given.labels
    )
    euclidean = (given.gates * plain.coefficients[:, None]).T @ given.inputs
    start = _start(key, 2, n_units, given.n_contexts)

    def look(params: Chain) -> dict[str, Array]:
        vectors = gated_linear.function_vectors(params)
        norms = jnp.sqrt((vectors**2).sum((1, 2)))
        return {
            "cosine": cosine(vectors, found.weights),
            "plain_cosine": cosine(vectors, euclidean),
            "margin": chain_margin(given, params) * found.norm,
            "share": norms / norms.sum(),
        }

    paths = [
        _descend(given, start, look, times, normalized=True),
        _descend(given, start, look, times, normalized=False),
    ]
    records = jax.tree.map(lambda a, b: jnp.stack([a, b]), *[p.records for p in paths])
    return records | {
        "optimal_share": found.norms / found.norms.sum(),
        "gap": found.gap,
    }


def chains(
    key: Key[Array, ""],
    *,
    depth: int,
    number: Int[Array, ""] | int,
    n_train: int,
    n_units: int,
    shatter_dim: int,
    n_steps: int,
) -> dict[str, Array]:
    r"""A chain of some depth after normalized descent.

    Args:
        key: of the seed; stream "weights".
        depth: L, 2 or more.
        number: of the problem, the same for all seeds; may be traced.
        n_train: number of inputs.
        n_units: hidden units.
        shatter_dim: hyperplanes a unit.
        n_steps: of normalized descent.

    Returns:
        At margin 1, the ``quasi_norm`` :math:`\sum_h \|\zeta_h\|^{2/L}`, the squared norm of the
        parameters over L (``weights``), and the ``share`` of each unit in the sum of norms; and the
        smallest group norm of the problem, ``group_norm``.
    """
    given = problem(rng.seed_key(rng.root(0), number), n_train, n_units, shatter_dim)
    groups = max_margin.unit_groups(n_units, given.n_contexts)
    found = max_margin.group_norm_svm(given.inputs, given.gates, groups, given.labels)
    start = _start(key, depth, n_units, given.n_contexts)
    path = _descend(given, start, lambda params: (), (n_steps,), normalized=True)
    params = path.params
    vectors = gated_linear.function_vectors(params)
    norms = jnp.sqrt((vectors**2).sum((1, 2)))
    margin = chain_margin(given, params, depth)
    size = gated_linear.quasi_norm(vectors, depth)
    squares = sum(((leaf**2).sum() for leaf in params), jnp.zeros(()))
    return {
        "quasi_norm": margin ** (-2 / depth),
        "weights": squares / depth / size * margin ** (-2 / depth),
        "share": norms / norms.sum(),
        "group_norm": found.norm,
    }


def cosine(first: Float[Array, "..."], second: Float[Array, "..."]) -> Float[Array, ""]:
    """Cosine of the angle between two arrays of as many numbers.

    Args:
        first: not zero.
        second: not zero.
    """
    a, b = first.ravel(), second.ravel()
    return a @ b / jnp.sqrt((a @ a) * (b @ b))


def chain_margin(given: Problem, params: Chain, depth: int = 2) -> Float[Array, ""]:
    """Normalized margin of a chain.

    Args:
        given: the problem.
        params: of the chain.
        depth: L.
    """
    outputs = gated_linear.chain_outputs(params, given.inputs, given.contexts)
    vectors = gated_linear.function_vectors(params)
    return gated_linear.normalized_margin(outputs, given.labels, vectors, depth)


def _start(key: Key[Array, ""], depth: int, n_units: int, n_contexts: int) -> Chain:
    return gated_linear.init_chain(
        rng.stream(key, "weights"),
        depth=depth,
        n_units=n_units,
        n_contexts=n_contexts,
        n_inputs=N_INPUTS,
        # The product of more factors is smaller: this keeps the scale of the function.
        scale=SCALE ** (2 / depth),
        dtype="float64",
    )


def _descend(
    given: Problem,
    start: Chain,
    look: Callable[[Any], Any],
    times: Sequence[int],
    *,
    normalized: bool,
) -> gd.Path:
    def margins(params: Chain) -> Float[Array, " n"]:
        outputs = gated_linear.chain_outputs(params, given.inputs, given.contexts)
        return given.labels * outputs

    losses = {
        True: lambda params: jax.nn.logsumexp(-margins(params)),
        False: lambda params: jnp.mean(jax.nn.softplus(-margins(params))),
    }
    return follow(losses[normalized], start, look, times, normalized=normalized)


def follow(
    loss: Callable[[Any], Float[Array, ""]],
    start: Any,
    look: Callable[[Any], Any],
    times: Sequence[int],
    *,
    normalized: bool,
) -> gd.Path:
    """Descent at a constant rate.

    Args:
        loss: of the parameters; its logarithm for normalized descent.
        start: parameters at the start.
        look: what to record of them.
        times: numbers of steps after which to look.
        normalized: whether steps have the length of the rate instead of the gradient's.

    Raises:
        ValueError: the times do not increase from 1 or more.
    """
    step = gd.normalized_step(loss) if normalized else gd.gradient_step(loss)
    rate = RATE if normalized else PLAIN_RATE
    return gd.follow(
        step,
        start,
        schedule=gd.step_decay(rate, 1.0, 1),
        times=times,
        evaluate=look,
    )
