"""Maximum-margin classifiers that gated networks end in, each with a certificate.

``quadratic`` solves the dual programs, ``svm`` the hard-margin machine of a kernel, ``groups`` the
group norm of two-layer gated networks, ``nuclear`` the nuclear norm of those with a gated readout;
``kernels`` has the kernels of gated functions and of their L2 norms, ``degenerate`` what becomes of
a norm that leaves directions free (Lippl, Abbott & Chung 2022, arXiv 2202.02649).
"""

from inductive.solvers.max_margin.degenerate import DegenerateForm, degenerate_form_svm
from inductive.solvers.max_margin.groups import GroupNorm, group_norm_svm
from inductive.solvers.max_margin.kernels import (
    context_gates,
    function_norm_form,
    function_norm_kernel,
    gated_outputs,
    interleaved_groups,
    unit_groups,
)
from inductive.solvers.max_margin.nuclear import NuclearNorm, nuclear_norm_svm
from inductive.solvers.max_margin.quadratic import Quadratic, nonnegative_quadratic
from inductive.solvers.max_margin.svm import MaxMargin, hard_margin_svm

__all__ = [
    "DegenerateForm",
    "GroupNorm",
    "MaxMargin",
    "NuclearNorm",
    "Quadratic",
    "context_gates",
    "degenerate_form_svm",
    "function_norm_form",
    "function_norm_kernel",
    "gated_outputs",
    "group_norm_svm",
    "hard_margin_svm",
    "interleaved_groups",
    "nonnegative_quadratic",
    "nuclear_norm_svm",
    "unit_groups",
]
