"""Penalties that networks minimise implicitly, or that their weight norms amount to.

Closed forms for what one feature costs a network that learns two tasks together or one
after the other (``diagonal``, ``relu``), most of them made from one scalar function
(``entropy``); how such a penalty scales (``scaling``); and penalties in the form that
solvers need (``separable``).
"""

from inductive.theory.penalties.diagonal import (
    branch_kappa,
    finetuning,
    finetuning_orders,
    group_norm,
    multi_task,
    multi_task_orders,
    symmetric_kappa,
)
from inductive.theory.penalties.entropy import entropy_order, entropy_penalty, q
from inductive.theory.penalties.modulus import SmoothModulus
from inductive.theory.penalties.relu import (
    finetuned_norm,
    relu_finetuning,
    relu_finetuning_orders,
)
from inductive.theory.penalties.scaling import Band, Orders, nested_band, orders
from inductive.theory.penalties.separable import (
    HyperbolicEntropy,
    Separable,
    WeightedSquares,
)

__all__ = [
    "Band",
    "HyperbolicEntropy",
    "Orders",
    "Separable",
    "SmoothModulus",
    "WeightedSquares",
    "branch_kappa",
    "entropy_order",
    "entropy_penalty",
    "finetuned_norm",
    "finetuning",
    "finetuning_orders",
    "group_norm",
    "multi_task",
    "multi_task_orders",
    "nested_band",
    "orders",
    "q",
    "relu_finetuning",
    "relu_finetuning_orders",
    "symmetric_kappa",
]
