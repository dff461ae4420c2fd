"""Gradient descent as one compiled loop: full batch or in epochs, until a rule stops it."""

from inductive.train.gd.loops import Path, Run, Schedule, follow, iterate, step_decay
from inductive.train.gd.steps import (
    Moving,
    Step,
    at_rest,
    epoch_step,
    gradient_step,
    normalized_step,
    repeated,
)

__all__ = [
    "Moving",
    "Path",
    "Run",
    "Schedule",
    "Step",
    "at_rest",
    "epoch_step",
    "follow",
    "gradient_step",
    "iterate",
    "normalized_step",
    "repeated",
    "step_decay",
]
