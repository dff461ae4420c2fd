"""Principal components of a kernel."""

import jax.numpy as jnp
import numpy as np
import pytest

from inductive.metrics import kernel_components


def test_components_rebuild_the_kernel() -> None:
    features = np.random.default_rng(0).normal(size=(6, 9))
    gram = jnp.asarray(features @ features.T)
    found = kernel_components.leading(gram, 6)
    assert (np.diff(found.values) < 0).all()
    np.testing.assert_allclose((found.functions**2).mean(0), 1.0, rtol=1e-12)
    again = found.functions @ jnp.diag(found.values) @ found.functions.T
    np.testing.assert_allclose(again, gram, atol=1e-10)


def test_signs_do_not_depend_on_those_of_the_solver() -> None:
    v = np.array([3.0, -1.0, -1.0, -1.0]) / np.sqrt(3)
    for sign in (1, -1):
        gram = jnp.asarray(np.outer(sign * v, sign * v))
        found = kernel_components.leading(gram, 1)
        np.testing.assert_allclose(found.functions[:, 0], v, rtol=1e-9)
        assert float(found.values[0]) == pytest.approx(1.0)


@pytest.mark.parametrize("count", [0, 5])
def test_a_count_out_of_range_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"count={count}: 4 inputs"):
        kernel_components.leading(jnp.eye(4), count)
