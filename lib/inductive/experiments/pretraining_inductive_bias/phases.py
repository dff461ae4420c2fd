r"""Which balance of the layers is best for a task: from the theory, and in simulation.

Between :math:`\lambda = 1`, where pretrained features are used densely, and
:math:`\lambda = -1`, where pretraining is forgotten, the balance multiplies the learned
features by :math:`1 + \lambda`.
"""

from collections.abc import Sequence

from inductive.experiments.pretraining_inductive_bias.settings import Setting, crossed

SCALE, READOUT, ALPHA = 1e-3, 1e-4, 0.1
"""c, the readout, and examples per feature, of all networks compared."""

FACTORS = (0.0, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.03, 0.1, 0.3, 1.0, 2.0)
"""One plus the balance: 0 forgets pretraining, 2 starts with hidden weights alone."""

SIMULATED = (
    (0.02, 0.0),
    (0.02, 0.5),
    (0.02, 1.0),
    (0.04, 0.8),
    (0.04, 1.0),
    (0.1, 0.0),
    (0.1, 0.5),
    (0.1, 1.0),
)
"""Tasks of fine-tuning that are also simulated, (density, overlap)."""


def by_factor(tasks: Sequence[tuple[float, float]]) -> tuple[Setting, ...]:
    """All factors of all tasks, the task outermost.

    Args:
        tasks: (density, overlap) each.
    """
    scales = [(SCALE, factor - 1.0, READOUT) for factor in FACTORS]
    return tuple(s for task in tasks for s in crossed(scales, [task]))
