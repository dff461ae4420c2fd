"""The chapter's exact statements on diagonal networks, measured on small random tasks.

Everything is in double precision. A function measures one setting; its numbers, other
than sizes, may be traced, so that settings can be batched.
"""

from inductive.experiments.multitask_finetuning.checks.finetuning import (
    STARTS,
    descent_against_dual,
)
from inductive.experiments.multitask_finetuning.checks.multitask import (
    least_group_norm,
    plain_descent_distance,
    weight_decay_against_group_lasso,
)

__all__ = [
    "STARTS",
    "descent_against_dual",
    "least_group_norm",
    "plain_descent_distance",
    "weight_decay_against_group_lasso",
]
