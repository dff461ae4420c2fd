"""What the chapter "The implicit bias of gradient descent on gated linear networks" sweeps.

``plans`` lists the sweeps; ``deep``, ``relu`` and ``shallow`` train networks on the authors'
images and solve the programs of their limits (``programs``), with their protocol (``training``)
and context functions (``contexts``, from the generator in ``draws``). ``synthetic`` and ``toy``
are small problems, ``limit`` is long training.
"""

from inductive.experiments.gated_linear_networks.plans import plans
from inductive.experiments.gated_linear_networks.synthetic import (
    cosine,
    normalized_descent,
    problem,
)
from inductive.experiments.gated_linear_networks.toy import toy_maps, toy_problem
from inductive.experiments.gated_linear_networks.training import (
    epochs,
    record_times,
)

__all__ = [
    "cosine",
    "epochs",
    "normalized_descent",
    "plans",
    "problem",
    "record_times",
    "toy_maps",
    "toy_problem",
]
