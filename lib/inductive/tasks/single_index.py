r"""Regression on the square of one projection of Gaussian inputs.

:math:`y = (\beta^\top x/\sqrt d)^2` with :math:`x \sim N(0, I)` and
:math:`\beta \sim N(0, I)`: the polynomial regression of Kumar et al. (ICLR 2024).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from inductive import rng


class SingleIndex(NamedTuple):
    """Examples of one task in single precision.

    Attributes:
        inputs: for training, one row each.
        targets: of the training inputs.
        test_inputs: for testing.
        test_targets: of the test inputs.
        direction: :math:`\\beta`.
    """

    inputs: Float[Array, "n d"]
    targets: Float[Array, " n"]
    test_inputs: Float[Array, "t d"]
    test_targets: Float[Array, " t"]
    direction: Float[Array, " d"]


def draw(
    key: Key[Array, ""], *, n_train: int, n_test: int, n_inputs: int
) -> SingleIndex:
    """Direction and examples; a smaller training set lies within a larger one.

    Args:
        key: a typed key.
        n_train: training examples, 1 or more.
        n_test: test examples, 1 or more.
        n_inputs: d, 1 or more.

    Raises:
        ValueError: a number below 1.
    """
    if min(n_train, n_test, n_inputs) < 1:
        raise ValueError(
            f"n_train={n_train}, n_test={n_test}, n_inputs={n_inputs}: "
            "all must be 1 or more"
        )
    train = _normal(rng.stream(key, "train"), (n_train, n_inputs))
    test = _normal(rng.stream(key, "test"), (n_test, n_inputs))
    direction = _normal(rng.stream(key, "direction"), (n_inputs,))
    return labelled(train, test, direction)


def labelled(
    inputs: Float[Array, "n d"],
    test_inputs: Float[Array, "t d"],
    direction: Float[Array, " d"],
) -> SingleIndex:
    r"""The task with these inputs.

    Args:
        inputs: for training.
        test_inputs: for testing.
        direction: :math:`\beta`.
    """
    root = jnp.sqrt(jnp.asarray(len(direction), direction.dtype))
    ys, ys_test = ((xs @ direction / root) ** 2 for xs in (inputs, test_inputs))
    return SingleIndex(inputs, ys, test_inputs, ys_test, direction)


def _normal(key: Key[Array, ""], shape: tuple[int, ...]) -> Array:
    return jax.random.normal(key, shape, "float32")
