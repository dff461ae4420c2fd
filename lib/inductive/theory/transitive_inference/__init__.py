"""Theory of transitive inference with exceptions: ranks on a screened graph.

Kernel regression on comparisons is, for every exchangeable kernel, a resistor network:
items are nodes, trained comparisons are edges, and conjunctivity and ridge together
are one leak. From the paper of Cheng & Lippl (2026, arXiv 2605.22972) with the closed
forms without exception of Lippl et al. (PNAS 2024); everything else is derived here.
"""

from inductive.theory.transitive_inference.closed_forms import (
    green,
    ranks_with_exceptions,
    ranks_without_exception,
)
from inductive.theory.transitive_inference.critical import (
    critical_asymptote,
    critical_conjunctivity,
    critical_conjunctivity_pairs,
    critical_inverse_ridge,
    critical_inverse_ridge_cycle,
)
from inductive.theory.transitive_inference.dynamics import (
    gradient_flow_margins,
    gradient_flow_ranks,
)
from inductive.theory.transitive_inference.fit import LeakFit, fit_leak
from inductive.theory.transitive_inference.ranks import (
    conjunctivity_to_leak,
    effective_conjunctivity,
    leak,
    leak_to_conjunctivity,
    margins,
    rank_margins,
    ranks,
    screening_rate,
    trained_margins,
)

__all__ = [
    "LeakFit",
    "conjunctivity_to_leak",
    "critical_asymptote",
    "critical_conjunctivity",
    "critical_conjunctivity_pairs",
    "critical_inverse_ridge",
    "critical_inverse_ridge_cycle",
    "effective_conjunctivity",
    "fit_leak",
    "gradient_flow_margins",
    "gradient_flow_ranks",
    "green",
    "leak",
    "leak_to_conjunctivity",
    "margins",
    "rank_margins",
    "ranks",
    "ranks_with_exceptions",
    "ranks_without_exception",
    "screening_rate",
    "trained_margins",
]
