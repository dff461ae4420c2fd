"""Settings for the numerical tests: double precision, strict promotion, checked types."""

from collections.abc import Iterator

import hypothesis
import jax
import pytest
from jaxtyping import install_import_hook

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")
# Neither metrics nor train.flow: these refuse shapes that do not fit in words of their own.
CHECKED = "rng tasks theory solvers models data experiments train.gd train.epochs"
install_import_hook(
    [f"inductive.{name}" for name in CHECKED.split()], "beartype.beartype"
)
hypothesis.settings.register_profile(
    "numerics", deadline=None, derandomize=True, max_examples=25, database=None
)
hypothesis.settings.load_profile("numerics")


@pytest.fixture(scope="module")
def fast_compiler() -> Iterator[None]:
    """Programs of this module compile in half the time, and run slower."""
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", before)
