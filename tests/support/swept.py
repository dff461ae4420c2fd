"""Functions that the tests sweep; worker processes import them by name."""

import os
import signal
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from inductive import rng

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "relu": jax.nn.relu,
    "tanh": jnp.tanh,
}
ODD = 3.0
"""Where :func:`picky` fails while it runs."""

AXES = {"rate": [0.05, 0.1, 0.3], "scale": [0.5, 1.0]}
SEEDS = 3
"""With the axes, the grid over which :func:`student` is swept everywhere."""

N, D, H, STEPS = 16, 4, 6, 8

Real = Float[Array, ""] | float
Weights = Float[Array, "d h"]


def student(
    key: Key[Array, ""],
    rate: Real,
    scale: Real = 1.0,
    activation: str = "tanh",
) -> dict[str, Array]:
    """A network with one hidden layer learns a teacher by gradient descent in float32."""
    inputs = _normal(key, "data", N * D).reshape(N, D)
    targets = jnp.tanh(inputs @ _normal(key, "teacher", D))
    drawn = _normal(key, "network", (D + 1) * H)
    initial = jnp.float32(scale) * drawn.reshape(D + 1, H) / H**0.5

    def loss(weights: Weights) -> Float[Array, ""]:
        hidden = ACTIVATIONS[activation](inputs @ weights[:D])
        return jnp.mean((hidden @ weights[D] - targets) ** 2)

    def step(weights: Weights, _: None) -> tuple[Weights, Float[Array, ""]]:
        value, slope = jax.value_and_grad(loss)(weights)
        return weights - jnp.float32(rate) * slope, value

    weights, curve = jax.lax.scan(step, initial, None, STEPS)
    shared = {"inputs": inputs, "targets": targets, "drawn": drawn}
    return shared | {"curve": curve, "loss": curve[-1], "readout": weights[D]}


def draw(key: Key[Array, ""], a: Real = 0.0, b: Real = 0.0) -> dict[str, Array]:
    """A random number of jax's default precision, and the sum of the coordinates."""
    first = jnp.asarray(a)
    return {"y": jax.random.uniform(key), "total": first + jnp.asarray(b, first.dtype)}


def picky(key: Key[Array, ""], value: Real, mode: str = "any") -> dict[str, Array]:
    """Refuses some modes when it is traced, and the value 3 when it runs."""
    if mode.startswith("bad"):
        raise ValueError(f"there is no mode {mode!r}")
    checked = jax.pure_callback(_refuse_odd, value, value, vmap_method="sequential")
    return {"y": checked + jax.random.uniform(key), "one": jnp.int32(1)}


def slow(key: Key[Array, ""], value: Real) -> dict[str, Array]:
    """Takes 0.05 seconds a point, longer than a batch needs to travel."""
    waited = jax.pure_callback(_wait, value, value, vmap_method="sequential")
    return {"y": waited + jax.random.uniform(key)}


def deadly(key: Key[Array, ""], value: Real) -> dict[str, Array]:
    """Kills its process at the value 3."""
    lived = jax.pure_callback(_kill_odd, value, value, vmap_method="sequential")
    return {"y": lived + jax.random.uniform(key)}


def _normal(key: Key[Array, ""], name: str, size: int) -> Float[Array, " n"]:
    return jax.random.normal(rng.stream(key, name), (size,), jnp.float32)


def _refuse_odd(value: np.ndarray) -> np.ndarray:
    if value == ODD:
        raise ArithmeticError("three is odd")
    return value


def _kill_odd(value: np.ndarray) -> np.ndarray:
    if value == ODD:
        os.kill(os.getpid(), signal.SIGKILL)
    return value


def _wait(value: np.ndarray) -> np.ndarray:
    time.sleep(0.05)
    return value
