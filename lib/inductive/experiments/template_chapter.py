"""What the template of a new chapter computes; replace it by the functions of your study."""

import numpy as np
from jaxtyping import Float, Int

from inductive.tasks import transitive_inference as ti
from inductive.theory import transitive_inference as theory


def margin_by_distance(
    task: ti.Task, alpha: float
) -> tuple[Int[np.ndarray, " d"], Float[np.ndarray, " d"]]:
    """Distances 2 … n - 1 and the mean margin of all pairs at each, without ridge.

    Args:
        task: the trained order.
        alpha: conjunctivity of the representation, 0 to 1.
    """
    margins = np.asarray(theory.margins(ti.incidence(task), alpha))
    distances = np.arange(2, task.n_items)
    means = [np.diagonal(margins, offset=distance).mean() for distance in distances]
    return distances, np.array(means)
