"""Points as plain calls, for functions that no single program can hold."""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

from inductive.sweep.program import Inputs, Plan, point
from inductive.sweep.shapes import check_outputs
from inductive.sweep.spec import Spec, Value


class Hosted:
    """Points one after the other, as plain calls of the function with concrete values.

    For functions that cannot be traced as a whole, such as those that tokenize texts or hold
    weights too large for a program's constants; they compile their own parts.

    Args:
        spec: the sweep.
        static: the static point.
    """

    plan = Plan("host", 1)

    def __init__(self, spec: Spec, static: Mapping[str, Value]) -> None:
        self._spec, self._compute = spec, point(spec, static)

    def __call__(self, given: Inputs) -> dict[str, np.ndarray]:
        """Outputs of the points, as NumPy arrays with the points along the first axis.

        Raises:
            SweepInputError: outputs are none that a store can hold.
        """
        rows = [
            self._compute(*jax.tree.map(lambda a, k=k: jnp.asarray(a[k]), given))
            for k in range(len(given.seeds))
        ]
        for row in rows:
            check_outputs(self._spec, row)
        return {name: np.stack([row[name] for row in rows]) for name in rows[0]}
