"""What the chapter "The pitfalls of simplicity bias" sweeps.

``plans`` lists the sweeps; ``slabs`` trains on slab features and ``images`` on digits
stacked on clothes, and ``measures`` says what a classifier uses.
"""

from inductive.experiments.pitfalls_of_simplicity_bias.plans import HALF, plans
from inductive.experiments.pitfalls_of_simplicity_bias.slabs import one_network

__all__ = ["HALF", "one_network", "plans"]
