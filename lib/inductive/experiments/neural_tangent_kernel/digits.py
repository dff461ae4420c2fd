r"""Kernel principal components of MNIST, and training along one of them.

The depth and the range of pixels are those that give the published eigenvalues.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from inductive import rng
from inductive.data import mnist
from inductive.experiments.neural_tangent_kernel.circle import Outputs, descend
from inductive.metrics import kernel_components
from inductive.metrics.kernel_components import Components
from inductive.models import ntk_mlp
from inductive.models.scales import Scalar
from inductive.theory import wide_networks

DEPTH, BIAS_SCALE, N_IMAGES = 5, 0.1, 512

COMPONENT, DISTANCE = 1, 0.5
"""The targets lie this far from the initial outputs, along the second component."""


def images(n_images: int = N_IMAGES) -> Float[np.ndarray, "n 784"]:
    """Pixels from 0 to 1 of the first training images that the package ships.

    Args:
        n_images: how many, at most 2000.
    """
    data = mnist.split(n_images, 1)
    return data.train_images.reshape(n_images, -1).astype(np.float32) / np.float32(255)


def limit_components(
    n_images: int = N_IMAGES,
    count: int = 10,
    depth: int = DEPTH,
    bias_scale: Scalar = BIAS_SCALE,
) -> Components:
    """Components of the limiting tangent kernel.

    Args:
        n_images: images.
        count: components.
        depth: layers of weights.
        bias_scale: of the biases.
    """
    xs = _inputs(n_images)
    kernels = wide_networks.relu_kernels(xs, xs, depth=depth, bias_scale=bias_scale)
    return kernel_components.leading(kernels.ntk, count)


def digit_components(
    key: Key[Array, ""],
    *,
    width: int,
    n_images: int = N_IMAGES,
    count: int = 10,
    depth: int = DEPTH,
    bias_scale: Scalar = BIAS_SCALE,
) -> Outputs:
    """Components of the tangent kernel of one network before training.

    Args:
        key: of the weights.
        width: units in each hidden layer.
        n_images: images.
        count: components.
        depth: layers of weights.
        bias_scale: of the biases.

    Returns:
        Eigenvalues, and the functions of the first three components by image.
    """
    xs = _inputs(n_images)
    params = _start(key, width, xs.shape[1], depth)
    gram = jnp.asarray(ntk_mlp.ntk(params, xs, xs, bias_scale), float)
    found = kernel_components.leading(gram, count)
    return {"eigenvalue": found.values, "function": found.functions[:, :3]}


def straight_lines(
    key: Key[Array, ""],
    *,
    width: int,
    times: tuple[int, ...],
    learning_rate: float,
    n_images: int = N_IMAGES,
    depth: int = DEPTH,
    bias_scale: Scalar = BIAS_SCALE,
) -> Outputs:
    r"""Train towards the initial outputs plus half of the second component.

    Args:
        key: of the weights.
        width: units in each hidden layer.
        times: numbers of steps at which to record, increasing from 0.
        learning_rate: of descent.
        n_images: images.
        depth: layers of weights.
        bias_scale: of the biases.

    Returns:
        By time: what is missing ``along`` the component and the root mean square of
        the outputs ``across`` it, :math:`g_t` and :math:`\|h_t\|` of the paper, and the
        ``rate`` :math:`v^\top \Theta_t v/n^2` at which the kernel learns the component.
    """
    xs = _inputs(n_images)
    components = limit_components(n_images, COMPONENT + 1, depth, bias_scale)
    v = components.functions[:, COMPONENT].astype("float32")
    start = _start(key, width, xs.shape[1], depth)
    first = ntk_mlp.outputs(start, xs, bias_scale)
    ys = first + jnp.float32(DISTANCE) * v

    def evaluate(params: ntk_mlp.Params) -> Outputs:
        missing = ys - ntk_mlp.outputs(params, xs, bias_scale)
        along = (missing * v).mean()
        gram = ntk_mlp.ntk(params, xs, xs, bias_scale)
        return {
            "along": along,
            "across": jnp.sqrt(((missing - along * v) ** 2).mean()),
            "rate": (v @ gram @ v) / jnp.float32(n_images) ** 2,
        }

    return descend(start, xs, ys, bias_scale, learning_rate, times, evaluate)


def _inputs(n_images: int) -> Float[Array, "n 784"]:
    # Without the barrier, compiling multiplies images with images for most of a minute.
    return jax.lax.optimization_barrier(jnp.asarray(images(n_images)))


def _start(
    key: Key[Array, ""], width: int, n_inputs: int, depth: int
) -> ntk_mlp.Params:
    sizes = ntk_mlp.sizes(width, n_inputs, depth)
    return ntk_mlp.init(rng.stream(key, "weights"), sizes)
