"""Harmonics of the limiting kernel on the circle."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from inductive.models.scales import Scalar
from inductive.theory import wide_networks


def harmonics(
    depth: int, bias_scale: Scalar, count: int, n_points: int = 4096
) -> Float[Array, " count"]:
    r"""Eigenvalues of the limiting tangent kernel on the unit circle, by frequency.

    The kernel depends on the angle between its inputs alone, so that :math:`\cos k\gamma`
    and :math:`\sin k\gamma` are its eigenfunctions; their eigenvalue is its k-th Fourier
    coefficient, here by a sum over evenly spaced angles.

    Args:
        depth: layers of weights.
        bias_scale: of the biases.
        count: frequencies, from 0 on.
        n_points: angles of the sum.
    """
    angles = 2 * np.pi * np.arange(n_points) / n_points
    xs = jnp.asarray(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    row = wide_networks.relu_kernels(xs[:1], xs, depth=depth, bias_scale=bias_scale)
    return jnp.fft.rfft(row.ntk[0]).real[:count] / n_points
