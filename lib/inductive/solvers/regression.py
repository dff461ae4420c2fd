"""Linear regression with several outputs, of which each example constrains one."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from inductive.theory.penalties.separable import Separable


class Regression(NamedTuple):
    """Data of a regression, as :func:`regression` checks and stores them.

    Attributes:
        inputs: one row for each example.
        targets: of the one output that an example constrains.
        member: 1 at that output, else 0.
    """

    inputs: Float[Array, "n d"]
    targets: Float[Array, " n"]
    member: Float[Array, "n o"]

    def predict(self, coefficients: Float[Array, "o d"]) -> Float[Array, " n"]:
        """Value of each example's own output."""
        return ((self.inputs @ coefficients.T) * self.member).sum(1)

    def pull_back(self, dual: Float[Array, " n"]) -> Float[Array, "o d"]:
        """Adjoint of :meth:`predict`: inputs summed with weights, for each output."""
        return (self.member * dual[:, None]).T @ self.inputs

    def loss(self, coefficients: Float[Array, "o d"]) -> Float[Array, ""]:
        """Mean squared error over all examples."""
        return ((self.predict(coefficients) - self.targets) ** 2).mean()


def regression(
    inputs: ArrayLike,
    targets: ArrayLike,
    output: ArrayLike | None = None,
    n_outputs: int = 1,
) -> Regression:
    """Check the data of a regression, as far as they are known before compilation.

    Args:
        inputs: n examples with d features, float64.
        targets: one for each example.
        output: which output each example constrains, from 0; None for output 0.
        n_outputs: number of outputs, 1 or more.

    Raises:
        ValueError: single precision, shapes that are empty or do not fit, entries
            that are not finite, or an output that does not exist.
    """
    x, y = jnp.asarray(inputs), jnp.asarray(targets)
    if x.ndim != 2 or y.shape != x.shape[:1]:
        raise ValueError(
            f"inputs of shape {x.shape} and targets of shape {y.shape} do not fit: "
            "pass one row of inputs and one target for each example"
        )
    if x.size == 0 or n_outputs < 1:
        raise ValueError(
            f"inputs of shape {x.shape}, n_outputs={n_outputs}: there must be at least "
            "one example, one feature and one output"
        )
    if x.dtype != jnp.float64 or y.dtype != jnp.float64:
        raise ValueError(
            f"inputs are {x.dtype} and targets {y.dtype}, but solvers need float64: "
            'call jax.config.update("jax_enable_x64", True) and pass double precision'
        )
    if not (_is_finite(x) and _is_finite(y)):
        raise ValueError("inputs and targets must be finite: some entry is not")
    if output is None:
        which = jnp.zeros(len(y), jnp.int32)
    else:
        which = _checked_output(jnp.asarray(output), len(y), n_outputs)
    return Regression(x, y, jax.nn.one_hot(which, n_outputs, dtype=x.dtype))


def check_features(penalty: Separable, n_features: int) -> None:
    """Refuse a penalty of another number of features, or in single precision.

    Args:
        penalty: to check.
        n_features: d.

    Raises:
        ValueError: an array of the penalty has another length or type.
    """
    for leaf in jax.tree.leaves(penalty):
        if jnp.ndim(leaf) < 1 or jnp.shape(leaf)[0] != n_features:
            raise ValueError(
                f"the penalty has an array of shape {jnp.shape(leaf)} but inputs have "
                f"{n_features} features: give it one entry for each feature"
            )
        if jnp.result_type(leaf) != jnp.float64:
            raise ValueError(
                f"the penalty is {jnp.result_type(leaf)}, but solvers need float64: "
                "build it from double precision"
            )


def _is_finite(array: Array) -> bool:
    """Whether all entries are finite; True of a traced array, whose values wait."""
    return isinstance(array, Tracer) or bool(np.isfinite(array).all())


def _checked_output(output: Array, n: int, n_outputs: int) -> Array:
    """Numbers of outputs, refused where one of them does not exist."""
    if output.shape != (n,) or not jnp.issubdtype(output.dtype, jnp.integer):
        raise ValueError(
            f"output has shape {output.shape} and type {output.dtype}: pass one "
            f"integer for each of the {n} examples"
        )
    known = not isinstance(output, Tracer)
    if known and not 0 <= int(output.min()) <= int(output.max()) < n_outputs:
        raise ValueError(
            f"output has entries from {output.min()} to {output.max()}, but "
            f"n_outputs={n_outputs}: number the outputs from 0 and pass n_outputs"
        )
    return output
