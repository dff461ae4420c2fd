"""What the chapter "The neural tangent kernel" sweeps.

``plans`` lists the sweeps; ``circle`` holds those on inputs of two numbers, ``digits`` those
on MNIST.
"""

from inductive.experiments.neural_tangent_kernel.circle import (
    ANGLES,
    POINT_ANGLES,
    on_circle,
    one_kernel,
    point_law,
    points,
)
from inductive.experiments.neural_tangent_kernel.digits import images, limit_components
from inductive.experiments.neural_tangent_kernel.plans import plans
from inductive.experiments.neural_tangent_kernel.spectrum import harmonics

__all__ = [
    "ANGLES",
    "POINT_ANGLES",
    "harmonics",
    "images",
    "limit_components",
    "on_circle",
    "one_kernel",
    "plans",
    "point_law",
    "points",
]
