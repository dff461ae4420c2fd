"""What the chapter "Abrupt learning of an induction head" sweeps.

``plans`` lists the sweeps; ``training`` trains and tests networks, ``minimal`` fits the
model of three parameters to their losses.
"""

from inductive.experiments.abrupt_icl_induction_head.minimal import Fit, fit
from inductive.experiments.abrupt_icl_induction_head.plans import plans
from inductive.experiments.abrupt_icl_induction_head.training import (
    ACCURACIES,
    PROGRESS,
    networks,
)

__all__ = ["ACCURACIES", "PROGRESS", "Fit", "fit", "networks", "plans"]
