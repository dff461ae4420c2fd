"""What the chapter "Grokking as the transition from lazy to rich training" sweeps.

``plans`` lists the sweeps; ``training`` descends on quadratic units and says what is
recorded, ``sweeps`` holds the functions that are swept, ``digits`` the networks on MNIST,
and ``delay`` reads off when losses fall.
"""

from inductive.experiments.grokking_lazy_to_rich.delay import (
    at_fall,
    delays,
    first_below,
    train_one,
)
from inductive.experiments.grokking_lazy_to_rich.plans import plans
from inductive.experiments.grokking_lazy_to_rich.training import record_times

__all__ = [
    "at_fall",
    "delays",
    "first_below",
    "plans",
    "record_times",
    "train_one",
]
