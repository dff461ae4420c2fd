"""Fine-tuning: which parameters are trained, and a loop of optax with accumulated gradients.

All parameters, the last blocks, low-rank factors (LoRA) or the readout alone (probe). The loss
of a probe is convex: :mod:`inductive.solvers.logistic` solves it without a loop.
"""

from inductive.train.finetune.loop import Finetuned, Memory, Steps, finetune, memory
from inductive.train.finetune.parts import (
    LORA_MAPS,
    Trainable,
    full,
    last_blocks,
    lora,
    merged,
    probe,
)
from inductive.train.finetune.updates import (
    adamw,
    cross_entropy,
    updated,
    warmup_cosine,
)

__all__ = [
    "LORA_MAPS",
    "Finetuned",
    "Memory",
    "Steps",
    "Trainable",
    "adamw",
    "cross_entropy",
    "finetune",
    "full",
    "last_blocks",
    "lora",
    "memory",
    "merged",
    "probe",
    "updated",
    "warmup_cosine",
]
