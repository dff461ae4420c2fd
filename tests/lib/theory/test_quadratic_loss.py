"""Mean squares of quadratic functions against samples and against single terms."""

import jax.numpy as jnp
import numpy as np
import pytest

from inductive.theory import quadratic_loss


@pytest.mark.parametrize("seed", range(3))
def test_parts_add_up_to_the_mean_square_of_samples(seed: int) -> None:
    generator = np.random.default_rng(seed)
    b, c = generator.normal(size=4), generator.normal(size=(4, 4))
    c = c + c.T
    xs = generator.normal(size=(400_000, 4))
    values = (0.3 + xs @ b + np.einsum("ni,ij,nj->n", xs, c, xs)) ** 2
    found = quadratic_loss.gaussian_loss(
        jnp.asarray(0.3), jnp.asarray(b), jnp.asarray(c)
    )
    error = values.std() / len(values) ** 0.5
    assert abs(sum(map(float, found)) - values.mean()) < 5 * error


def test_each_degree_has_its_part() -> None:
    zero, nothing, flat = jnp.asarray(0.0), jnp.zeros(3), jnp.zeros((3, 3))
    shape = jnp.asarray([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    parts = [
        quadratic_loss.gaussian_loss(jnp.asarray(2.0), nothing, flat),
        quadratic_loss.gaussian_loss(zero, jnp.asarray([3.0, 4.0, 0.0]), flat),
        quadratic_loss.gaussian_loss(zero, nothing, shape),  # 2 x1 x2
    ]
    np.testing.assert_allclose(np.array(parts), np.diag([4.0, 25.0, 4.0]))
