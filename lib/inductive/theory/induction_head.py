r"""A model of an induction head with three parameters, one inside the other.

Three numbers stand for a network of two attention layers and a classifier on sequences of
N item-label pairs and one more item, whose class comes B times in the context among N/B
classes with distinct ones of L labels (after Reddy, ICLR 2024; the derivation is ours).

:math:`\beta_1` is the logit, in the first layer, of a label for the item before it, where
all other tokens have 0. The label of pair n sees 2n tokens, so on average it pays
:math:`a_1 = \langle e^{\beta_1}/(e^{\beta_1} + 2n - 1) \rangle_n` to its item, and carries
that much of it. In the second layer the last item has the logit :math:`\beta_2 a_1` for
the B labels that carry its class, and 0 for the other N − B labels and N + 1 items. The
label of the class is thus read with weight
:math:`a_2 = B e^{\beta_2 a_1}/(B e^{\beta_2 a_1} + 2N + 1 - B)`, any other one of the context
with :math:`o = B/(B e^{\beta_2 a_1} + 2N + 1 - B)`. The classifier multiplies what was read
by :math:`\xi`:

.. math:: p = \frac{e^{\xi a_2}}{e^{\xi a_2} + (N/B - 1) e^{\xi o} + L - N/B}.

The loss is :math:`-\log p`, and each logit acts only as far as the one inside it has grown.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Num
from scipy.integrate import solve_ivp


class Context(NamedTuple):
    """The task.

    Attributes:
        n_pairs: N, of item and label in the context.
        n_labels: L.
        burstiness: B, divides N.
    """

    n_pairs: int = 4
    n_labels: int = 8
    burstiness: int = 2


class Measures(NamedTuple):
    """What the three parameters do.

    Attributes:
        previous: :math:`a_1`, attention of labels to their items.
        matched: :math:`a_2`, attention of the last item to labels of its class.
        context: probability that the answer is a label of the context.
        correct: p, that it is the right one.
    """

    previous: Float[Array, "..."]
    matched: Float[Array, "..."]
    context: Float[Array, "..."]
    correct: Float[Array, "..."]


def measures(params: Float[Array, "3"], task: Context) -> Measures:
    r"""Attention and probabilities.

    Args:
        params: :math:`\beta_1`, :math:`\beta_2` and :math:`\xi`.
        task: sizes.

    Raises:
        ValueError: the burstiness does not divide the pairs, or labels are too few.
    """
    n, n_labels, b = _checked(task)
    m = n // b
    first, second, gain = params
    others = 2 * jnp.arange(1, n + 1, dtype=params.dtype) - 1
    previous = jax.nn.sigmoid(first[None] - jnp.log(others)).mean()
    # In logarithms, so that large logits do not overflow.
    hit, rest = second * previous + np.log(b), np.log(2 * n + 1 - b)
    total = jnp.logaddexp(hit, jnp.asarray(rest, params.dtype))
    matched, other = jnp.exp(hit - total), b * jnp.exp(-total)
    right = gain * matched
    known = jnp.logaddexp(right, gain * other + _log(m - 1))
    norm = jnp.logaddexp(known, jnp.asarray(_log(n_labels - m), params.dtype))
    return Measures(previous, matched, jnp.exp(known - norm), jnp.exp(right - norm))


def loss(params: Float[Array, "3"], task: Context) -> Float[Array, ""]:
    r"""Cross-entropy, :math:`-\log p`.

    Args:
        params: :math:`\beta_1`, :math:`\beta_2` and :math:`\xi`.
        task: sizes.
    """
    return -jnp.log(measures(params, task).correct)


def path(
    times: Sequence[int] | Num[np.ndarray, " t"],
    rates: Float[np.ndarray, "3"],
    task: Context,
    start: Float[np.ndarray, "3"] | None = None,
) -> tuple[Float[np.ndarray, "t 3"], Measures]:
    """Gradient descent with small steps, a learning rate for each parameter.

    Args:
        times: numbers of steps, increasing, 0 or more.
        rates: learning rates, 0 or more; 0 freezes a parameter.
        task: sizes.
        start: parameters at time 0; all 0 if left out.

    Returns:
        Parameters, and their measures, at the times.

    Raises:
        ValueError: a negative rate.
        RuntimeError: the integration failed.
    """
    rates = np.asarray(rates, float)
    if (rates < 0).any():
        raise ValueError(f"rates={rates.tolist()} must be 0 or more")
    first = np.zeros(3) if start is None else np.asarray(start, float)
    ends = np.asarray(times, float)
    found = solve_ivp(
        lambda _, y: -rates * np.asarray(_slope(jnp.asarray(y), task)),
        (0.0, float(ends[-1])),
        first,
        method="LSODA",
        t_eval=ends,
        rtol=1e-6,
        atol=1e-8,
    )
    if not found.success:
        raise RuntimeError(f"gradient descent was not integrated: {found.message}")
    params = found.y.T
    every = jax.vmap(lambda p: measures(p, task))(jnp.asarray(params))
    return params, jax.tree.map(np.asarray, every)


@jax.jit(static_argnums=1)
def _slope(params: Float[Array, "3"], task: Context) -> Float[Array, "3"]:
    return jax.grad(loss)(params, task)


def _log(count: int) -> float:
    return float(np.log(count)) if count else -np.inf


def _checked(task: Context) -> Context:
    n, n_labels, b = task
    if b < 1 or n % b:
        raise ValueError(f"burstiness={b} must divide n_pairs={n}: choose e.g. 1")
    if n // b > n_labels:
        raise ValueError(
            f"n_labels={n_labels} must be at least n_pairs / burstiness = {n // b}"
        )
    return task
