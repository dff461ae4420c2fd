"""How far into the limit one must go: decisions and margins of long training on MNIST."""

import jax
from jaxtyping import Array, Float, Int, Key

from inductive import rng
from inductive.experiments.gated_linear_networks import programs, synthetic, training
from inductive.experiments.gated_linear_networks.deep import gates_of
from inductive.models import gated_linear
from inductive.models.gated_linear import Gated
from inductive.solvers import max_margin
from inductive.train import gd


def long_descent(
    key: Key[Array, ""],
    *,
    context: Int[Array, ""] | int,
    n_train: int,
    n_units: int,
    times: tuple[int, ...],
    n_validation: int = training.N_VALIDATION,
) -> dict[str, Array]:
    """Normalized descent on all training images, from the authors' initial weights.

    Args:
        key: of the seed; each context has its own stream "run" of weights.
        context: the authors' seed of the context function, 1 to 3; may be traced.
        n_train: training images, at most 2000.
        n_units: hidden units, with one median hyperplane each.
        times: steps after which to look.
        n_validation: validation images, at most 12000.

    Returns:
        By time: ``cosine`` of the function vectors with those of least group norm, normalized
        ``margin`` as a share of the optimum, share of validation images on another side than in
        the limit (``inconsistency``) and than with the least norm of the function
        (``function_inconsistency``), and ``gd_error``. ``svm_error`` and ``gap`` of the program.

    Raises:
        ValueError: no such context function, or a number outside its range.
    """
    train, validation = training.images(n_train, n_validation)
    double = programs.doubled(train), programs.doubled(validation)
    gates = gates_of((n_units, 1), context, n_train, n_validation, median=True)
    on, there = programs.one_hot(gates)
    found = max_margin.group_norm_svm(
        double[0].inputs, on, max_margin.unit_groups(n_units, 2), double[0].labels
    )
    limit = max_margin.gated_outputs(found.weights, double[1].inputs, there)
    function = programs.solve("function", *double, gates)
    own = rng.seed_key(rng.stream(key, "run"), context)
    start = gated_linear.init(
        own, n_units=n_units, n_contexts=2, n_inputs=train.inputs.shape[1]
    )

    def margins(params: Gated) -> Float[Array, " n"]:
        return train.labels * gated_linear.outputs(params, train.inputs, gates.train)

    def look(params: Gated) -> dict[str, Array]:
        outputs = gated_linear.outputs(params, validation.inputs, gates.validation)
        vectors = gated_linear.function_vectors(params)
        margin = margins(params).min() / gated_linear.quasi_norm(vectors)
        return {
            "cosine": synthetic.cosine(vectors.astype("float64"), found.weights),
            "margin": margin * found.norm.astype(margin.dtype),
            "inconsistency": training.disagreement(outputs, limit),
            "function_inconsistency": training.disagreement(outputs, function.outputs),
            "gd_error": training.error(outputs, validation.labels),
        }

    path = gd.follow(
        gd.normalized_step(lambda params: jax.nn.logsumexp(-margins(params))),
        start,
        schedule=gd.step_decay(synthetic.RATE, 1.0, 1),
        times=times,
        evaluate=look,
    )
    return path.records | {
        "svm_error": training.error(limit, double[1].labels),
        "gap": found.gap,
    }
