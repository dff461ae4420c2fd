r"""Ridge regression on ReLU networks that stay as they are: readouts and tangent kernels.

The features of a network are its gradients. Those in the readouts are the activations
of the hidden units; all of them together have the tangent kernel. Both kernels are
sums :math:`\phi_0 k_0 + \phi_1 k_1` of the kernel :math:`k_0` of the readouts and
:math:`k_1` of the hidden weights, and rescaled weights change no more than the factors
:math:`\phi`. The penalty is an oracle's, chosen by the generalization loss. For that,
this loss is taken as a quadratic form in the dual weights, whose coefficients are means
of products of kernels; the loss that is reported is computed from the weights.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from inductive import rng
from inductive.experiments.multitask_finetuning.relu import pretrain, start
from inductive.experiments.multitask_finetuning.relu_tasks import (
    Conditions,
    conditions,
    draw_task,
)
from inductive.models import two_layer
from inductive.models.two_layer import TwoLayer
from inductive.tasks.teacher_student import ReluTeacher, relu_targets
from inductive.theory import population, ridge

PENALTIES = np.logspace(-5, 10, 100)
"""On the squared norm of the weights, beside the summed squared errors."""


class Gradients(NamedTuple):
    r"""Gradients of the first output of a network at some inputs, in double precision.

    Attributes:
        hidden: w of the network, one row a unit.
        readout: v of its first output.
        inputs: x.
        activations: :math:`\max(0, w_j^\top x_i)`, the gradients in the readouts.
        slopes: :math:`v_j 1[w_j^\top x_i > 0]`; times x, those in the hidden weights.
    """

    hidden: Float[Array, "m d"]
    readout: Float[Array, " m"]
    inputs: Float[Array, "n d"]
    activations: Float[Array, "n m"]
    slopes: Float[Array, "n m"]


class Kernel(NamedTuple):
    r"""The parts :math:`k_0, k_1` of a tangent kernel at the training inputs.

    Attributes:
        gram: :math:`k_a(x_i, x_j)`.
        square: :math:`E[k_a(x_i, x)\, k_b(x, x_j)]` over inputs x.
        mean: :math:`E[k_a(x_i, x)]`.
    """

    gram: Float[Array, "2 n n"]
    square: Float[Array, "2 2 n n"]
    mean: Float[Array, "2 n"]


class Target(NamedTuple):
    r"""What the loss of a kernel regression depends on besides the kernel.

    Attributes:
        labels: of the training inputs.
        cross: :math:`E[k_a(x_i, x) f^*(x)]` with the teacher's output :math:`f^*`.
        mean: :math:`E[f^*]`.
        square: :math:`E[f^{*2}]`.
    """

    labels: Float[Array, " n"]
    cross: Float[Array, "2 n"]
    mean: Float[Array, ""]
    square: Float[Array, ""]


def gradients(network: TwoLayer, xs: Float[Array, "n d"]) -> Gradients:
    """Gradients of the first output of a network.

    Args:
        network: parameters, in single or double precision.
        xs: inputs.
    """
    w, v, x = (a.astype(float) for a in (network.hidden, network.readout[0], xs))
    fields = x @ w.T
    slopes = jnp.where(fields > 0, v[None], 0.0)
    return Gradients(w, v, x, jax.nn.relu(fields), slopes)


def tangent_kernel(at: Gradients) -> Kernel:
    r"""Both parts of the tangent kernel and their means over inputs on the sphere.

    The functions :math:`k_a(x_i, \cdot)` are sums of gated linear units, so that the
    means are exact (:func:`inductive.theory.population.gated`).

    Args:
        at: gradients at the training inputs.
    """
    w, v, xs, h, slopes = at
    products = _gated_products(w)

    def hidden_part(example: tuple[Array, Array]) -> Array:
        slope, x = example
        return _against_kernel(at, products(jnp.outer(v * slope, x), jnp.zeros(())))

    # For each example, the mean products of its k_1 with k_0 and k_1 of all of them.
    mixed, own = jnp.unstack(jax.lax.map(hidden_part, (slopes, xs)), axis=1)
    moments = population.relu_readout(w, w[:1], v[:1])
    square = [[h @ moments.gram @ h.T, mixed.T], [mixed, own]]
    return Kernel(
        gram=jnp.stack([h @ h.T, (slopes @ slopes.T) * (xs @ xs.T)]),
        square=jnp.stack([jnp.stack(row) for row in square]),
        mean=_against_kernel(at, products(jnp.zeros_like(w), jnp.ones(()))),
    )


def target(at: Gradients, teacher: ReluTeacher) -> Target:
    """Labels of a teacher, and its means with the tangent kernel.

    Args:
        at: gradients at the training inputs.
        teacher: of the main task, with a weight that is not zero.
    """

    def loss(c: Array, gate: Array) -> Array:
        return population.gated(gate[None], c[None], *teacher)

    # Minus half the slope at zero is the mean of gate times input times teacher.
    slopes = jax.vmap(jax.grad(loss))(jnp.zeros_like(at.hidden), at.hidden)
    return Target(
        labels=relu_targets(teacher, at.inputs),
        cross=_against_kernel(at, -0.5 * slopes),
        mean=population.relu_mean(teacher.units) @ teacher.readout,
        square=population.relu_null(*teacher),
    )


def ridge_path(
    kernel: Kernel,
    wanted: Target,
    factors: Float[Array, "2"],
    penalties: Float[Array, " r"],
) -> tuple[Float[Array, "r n"], Float[Array, " r"], Float[Array, " r"]]:
    r"""Kernel ridge regression with an intercept, and its losses, for many penalties.

    Minimised are the summed squared errors plus the penalty times the squared norm of
    the weights, not of the intercept, as in scikit-learn's ``Ridge``. In these losses
    rounding grows with the square of the dual weights: for a penalty far below the best
    one, relative to the kernel, it can reach the third digit.

    Args:
        kernel: its two parts.
        wanted: labels and means of the teacher.
        factors: :math:`\phi_0, \phi_1`, 0 or larger.
        penalties: each above 0.

    Returns:
        Dual weights a and intercepts b of :math:`\sum_i a_i k(x_i, x) + b`, and losses.
    """
    gram = jnp.tensordot(factors, kernel.gram, 1)
    means, label = gram.mean(0), wanted.labels.mean()
    centred = gram - means[None] - means[:, None] + means.mean()
    identity = jnp.eye(len(gram), dtype=gram.dtype)
    dual = ridge.ridge_path(centred, identity, wanted.labels - label, penalties)
    b = label - dual @ means
    square = jnp.einsum("a,b,abij->ij", factors, factors, kernel.square)
    cross = (factors @ wanted.cross)[None]
    mean_error = dual @ (factors @ kernel.mean) - wanted.mean
    losses = ((dual @ square - 2.0 * cross) * dual).sum(-1) + wanted.square
    return dual, b, losses + b * (2.0 * mean_error + b)


def exact_loss(
    at: Gradients,
    teacher: ReluTeacher,
    factors: Float[Array, "2"],
    dual: Float[Array, " n"],
    intercept: Float[Array, ""],
) -> Float[Array, ""]:
    r"""Generalization loss from the weights of the gated linear units.

    With :math:`\alpha_j = \sum_i a_i h_j(x_i)` these are
    :math:`\phi_0 \alpha_j w_j + \phi_1 v_j^2 \sum_i a_i 1[w_j^\top x_i > 0]\, x_i`.

    Args:
        at: gradients at the training inputs.
        teacher: of the main task.
        factors: :math:`\phi_0, \phi_1`.
        dual: a.
        intercept: b.
    """
    w, v, xs, h, slopes = at
    readouts, hidden = h.T @ dual, slopes.T @ (dual[:, None] * xs)
    weights = factors[0] * readouts[:, None] * w + factors[1] * v[:, None] * hidden
    return population.gated(w, weights, *teacher, intercept)


def ridge_baselines(
    key: Key[Array, ""],
    *,
    n_train: int,
    rows: tuple[tuple[int, int, float, float], ...],
    magnitude: str,
    pretraining_steps: int,
    width: int = 1000,
) -> dict[str, Float[Array, "*c"]]:
    """Oracle ridge regression on networks before any training and after pretraining.

    The pretrained networks are those that :func:`~.relu.finetune` starts from, with
    redrawn readouts, the others those of :func:`~.relu.single_task`.

    Args:
        key: of the seed.
        n_train: main examples.
        rows: of :func:`~.relu_tasks.conditions`; the scale multiplies all weights
            before any training, or the pretrained hidden weights.
        magnitude: of :func:`~.relu_tasks.conditions`.
        pretraining_steps: at most.
        width: hidden units.

    Returns:
        Smallest generalization loss over :data:`PENALTIES` for regression on hidden
        features, ``single_lp`` and ``finetuned_lp``, and on all gradients,
        ``single_ntk`` and ``finetuned_ntk``, and the penalty of each, such as
        ``single_lp_penalty``, one entry a condition; ``pretraining`` (training loss).
    """
    table, penalties = conditions(rows, magnitude), jnp.asarray(PENALTIES)
    xs = draw_task(key, n_train, jax.tree.map(lambda a: a[0], table)).main_inputs
    pretrained = pretrain(key, width=width, steps=pretraining_steps)
    redrawn = two_layer.reset_readout(
        rng.stream(key, "readout"), pretrained.params, 1e-3
    )
    networks = {"single": start(key, width, 1e-3), "finetuned": redrawn}
    points = {name: gradients(network, xs) for name, network in networks.items()}
    kernels = {name: tangent_kernel(at) for name, at in points.items()}

    def one(condition: Conditions) -> dict[str, Array]:
        main = draw_task(key, n_train, condition).main
        results: dict[str, Array] = {}
        for network, at in points.items():
            wanted = target(at, main)
            for features, factors in _factors(network, condition.scale).items():
                name, kernel = f"{network}_{features}", kernels[network]
                dual, b, losses = ridge_path(kernel, wanted, factors, penalties)
                best = jnp.argmin(losses)
                results[name] = exact_loss(at, main, factors, dual[best], b[best])
                results[f"{name}_penalty"] = penalties[best]
        return results

    return jax.lax.map(one, table) | {"pretraining": pretrained.loss}


def _factors(network: str, scale: Float[Array, ""]) -> dict[str, Float[Array, "2"]]:
    """What rescaling makes of the two parts of the kernel of each set of features.

    That of the readouts goes with the square of the hidden weights, the other one with
    the square of the readouts, which keep their size in finetuning.
    """
    square, one = scale**2, jnp.ones_like(scale)
    hidden = {"single": square, "finetuned": one}[network]
    return {"lp": jnp.stack([square, 0.0 * one]), "ntk": jnp.stack([square, hidden])}


def _gated_products(
    gates: Float[Array, "m d"],
) -> Callable[[Array, Array], Float[Array, "m d"]]:
    r"""The linear map from a sum f of gated linear units to :math:`E[1[g_j^\top x > 0] x f]`.

    f is given by its coefficients and an intercept. The map is the derivative of half
    the gradient of :math:`E[f^2]`, a quadratic form; linearised once, it keeps the
    angles between all gates.
    """
    silent = jnp.zeros_like(gates[:0]), jnp.zeros_like(gates[:0, 0])

    def half_gradient(c: Array, b: Array) -> Array:
        return 0.5 * jax.grad(population.gated, argnums=1)(gates, c, *silent, b)

    # At intercept 1: at f = 0 the loss is cut off, and has no second derivative.
    return jax.linearize(half_gradient, jnp.zeros_like(gates), jnp.ones(()))[1]


def _against_kernel(
    at: Gradients, products: Float[Array, "m d"]
) -> Float[Array, "2 n"]:
    r""":math:`E[k_a(x_i, x) f(x)]` from :math:`E[1[w_j^\top x > 0] x f(x)]`."""
    readouts = at.activations @ (products * at.hidden).sum(-1)
    hidden = (at.slopes @ (at.readout[:, None] * products) * at.inputs).sum(-1)
    return jnp.stack([readouts, hidden])
