"""Why a training run stopped."""

from enum import IntEnum


class Stop(IntEnum):
    """Reasons, as stored in the results of a sweep.

    ``CONVERGED``: the loss fell below its threshold; ``LIMIT``: the largest number of
    steps was reached; ``DIVERGED``: the loss exceeded its ceiling or was not a number
    at every learning rate that was tried.
    """

    CONVERGED = 0
    LIMIT = 1
    DIVERGED = 2
