"""What the chapter "How pretraining shapes inductive bias in fine-tuning" sweeps.

``settings`` lists the scales and tasks of the paper's figures, ``plans`` the sweeps;
``simulation`` solves for where training ends, ``predictions`` evaluates the theory,
``checks`` trains, ``phases`` and ``frames`` are the grids of the question beyond the
paper and of the interactive figure; ``relu``, ``modular`` and ``images`` are nonlinear
networks with the same scales.
"""

from inductive.experiments.pretraining_inductive_bias import phases, settings
from inductive.experiments.pretraining_inductive_bias.checks import (
    KNOBS,
    authors_descent,
)
from inductive.experiments.pretraining_inductive_bias.plans import (
    ALPHA_PRETRAINING,
    NOISY,
    plans,
)
from inductive.experiments.pretraining_inductive_bias.predictions import (
    predicted,
    predicted_stages,
)

__all__ = [
    "ALPHA_PRETRAINING",
    "KNOBS",
    "NOISY",
    "authors_descent",
    "phases",
    "plans",
    "predicted",
    "predicted_stages",
    "settings",
]
