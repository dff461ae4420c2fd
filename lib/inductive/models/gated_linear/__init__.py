"""Gated linear networks: units that pick a weight vector by a fixed context of the input.

Lippl, Abbott & Chung (2022, arXiv 2202.02649). ``gates`` computes contexts, ``networks`` holds
the architectures (one unit, two layers, chains, a gated readout) and what they compute,
``initial`` draws their weights. Contexts of examples are kept as small integers, one a unit.
"""

from inductive.models.gated_linear.gates import (
    contexts,
    median_thresholds,
    occupancy,
    relu_gates,
)
from inductive.models.gated_linear.initial import (
    check_memory,
    init,
    init_chain,
    init_matrix,
    init_shallow,
)
from inductive.models.gated_linear.networks import (
    Chain,
    Gated,
    Matrix,
    Shallow,
    chain_outputs,
    from_relu,
    function_matrix,
    function_outputs,
    function_vectors,
    matrix_outputs,
    normalized_margin,
    outputs,
    quasi_norm,
    shallow_outputs,
)

__all__ = [
    "Chain",
    "Gated",
    "Matrix",
    "Shallow",
    "chain_outputs",
    "check_memory",
    "contexts",
    "from_relu",
    "function_matrix",
    "function_outputs",
    "function_vectors",
    "init",
    "init_chain",
    "init_matrix",
    "init_shallow",
    "matrix_outputs",
    "median_thresholds",
    "normalized_margin",
    "occupancy",
    "outputs",
    "quasi_norm",
    "relu_gates",
    "shallow_outputs",
]
