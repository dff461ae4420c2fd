"""Scales of weights: what is refused and what passes."""

import jax
import pytest

from inductive.models.scales import positive


@pytest.mark.parametrize("value", [5e-324, 0.3, 1.7e308])
def test_positive_numbers_pass_unchanged(value: float) -> None:
    assert positive("scale", value) == value


@pytest.mark.parametrize("value", [0.0, -0.5, float("nan"), float("inf")])
def test_other_numbers_are_refused_by_name(value: float) -> None:
    with pytest.raises(ValueError, match=rf"factor={value} .* choose e\.g\. 0\.001"):
        positive("factor", value)


def test_traced_numbers_pass_unseen() -> None:
    assert float(jax.jit(lambda value: positive("scale", value))(-2.0)) == -2.0
