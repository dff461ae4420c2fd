"""What the chapter "Multi-task learning and finetuning" sweeps.

``plans`` lists the sweeps; ``multitask`` and ``finetuning`` are those of diagonal
networks, ``relu``, ``relu_multitask``, ``relu_ridge`` and ``relu_clusters`` those of ReLU
networks, ``rescaling`` is the question beyond the paper, ``checks`` compares penalties
with training, and ``image_sweeps`` is the image experiment.
"""

from inductive.experiments.multitask_finetuning.checks import (
    STARTS,
    descent_against_dual,
    plain_descent_distance,
    weight_decay_against_group_lasso,
)
from inductive.experiments.multitask_finetuning.finetuning import (
    RESCALINGS,
    finetuning_start,
    pretrain,
)
from inductive.experiments.multitask_finetuning.multitask import (
    ACTIVE,
    AUX_FEATURES,
    OVERLAPS,
    draw_task,
)
from inductive.experiments.multitask_finetuning.plans import plans
from inductive.experiments.multitask_finetuning.relu_clusters import cluster_profile
from inductive.experiments.multitask_finetuning.rescaling import (
    TASKS,
    main_tasks,
    measured_examples,
    predicted_examples,
)

__all__ = [
    "ACTIVE",
    "AUX_FEATURES",
    "OVERLAPS",
    "RESCALINGS",
    "STARTS",
    "TASKS",
    "cluster_profile",
    "descent_against_dual",
    "draw_task",
    "finetuning_start",
    "main_tasks",
    "measured_examples",
    "plain_descent_distance",
    "plans",
    "predicted_examples",
    "pretrain",
    "weight_decay_against_group_lasso",
]
