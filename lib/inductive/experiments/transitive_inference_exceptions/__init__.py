"""What the chapter "Transitive inference with exceptions" sweeps.

Theory, direct kernel regression and finite networks give the same table of margins:
entry (i, j) is positive if item i is judged better than item j.
"""

from inductive.experiments.transitive_inference_exceptions.checks import (
    additive_limit_errors,
    cycle_memory,
    random_kernel,
    reduction_errors,
    screening_differences,
    within_margins,
)
from inductive.experiments.transitive_inference_exceptions.networks import (
    empirical_ntk_margins,
    random_feature_margins,
)
from inductive.experiments.transitive_inference_exceptions.regression import (
    gradient_descent_margins,
    kernel_margins,
    regression_margins,
    simulated_ranks,
    untrained_pairs,
)
from inductive.experiments.transitive_inference_exceptions.sweeps import (
    critical_grid,
    critical_nearest,
    first_cross_error,
    margins_over,
    off_centre_grid,
    phase_borders,
    phase_diagram,
    random_task,
    task_margins,
    wrong_cross_fraction,
)
from inductive.experiments.transitive_inference_exceptions.two_exceptions import (
    GEOMETRIES,
    geometry,
    pair_ratios,
    random_two_exceptions,
    two_exceptions,
)

__all__ = [
    "GEOMETRIES",
    "additive_limit_errors",
    "critical_grid",
    "critical_nearest",
    "cycle_memory",
    "empirical_ntk_margins",
    "first_cross_error",
    "geometry",
    "gradient_descent_margins",
    "kernel_margins",
    "margins_over",
    "off_centre_grid",
    "pair_ratios",
    "phase_borders",
    "phase_diagram",
    "random_feature_margins",
    "random_kernel",
    "random_task",
    "random_two_exceptions",
    "reduction_errors",
    "regression_margins",
    "screening_differences",
    "simulated_ranks",
    "task_margins",
    "two_exceptions",
    "untrained_pairs",
    "within_margins",
    "wrong_cross_fraction",
]
