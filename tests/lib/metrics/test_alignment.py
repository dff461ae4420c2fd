"""Centred alignment of a kernel with targets: its limits, scikit-learn's centring."""

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.preprocessing import KernelCenterer

from inductive.metrics.alignment import centred_alignment


def test_limits() -> None:
    y = jnp.asarray([1.0, -2.0, 0.5, 4.0])
    assert float(centred_alignment(jnp.outer(y, y), y)) == pytest.approx(1.0)
    centred = y - y.mean()
    other = jnp.asarray([1.0, 1.0, -1.0, 0.3])
    other = other - other.mean() - centred * (other @ centred) / (centred @ centred)
    assert float(centred_alignment(jnp.outer(other, other), y)) == pytest.approx(0.0)


def test_constants_and_scales_change_nothing_and_the_centring_is_the_usual() -> None:
    generator = np.random.default_rng(0)
    features, y = generator.normal(size=(9, 4)), generator.normal(size=9)
    gram = features @ features.T
    centred = KernelCenterer().fit_transform(gram)
    target = y - y.mean()
    expected = target @ centred @ target / np.linalg.norm(centred) / (target @ target)
    for factor, shift in ((1.0, 0.0), (7.0, 3.0)):
        found = centred_alignment(
            jnp.asarray(factor * gram + shift), jnp.asarray(factor * y + shift)
        )
        assert float(found) == pytest.approx(expected, rel=1e-10)


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(2, 2\), but there are 3"):
        centred_alignment(jnp.eye(2), jnp.ones(3))
