"""Settings for the numerical tests: double precision, strict promotion, checked types."""

import hypothesis
import jax
from jaxtyping import install_import_hook

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")
install_import_hook(
    [
        f"inductive.{room}"
        for room in ("rng", "tasks", "theory", "models", "experiments")
    ],
    "beartype.beartype",
)
hypothesis.settings.register_profile(
    "numerics", deadline=None, derandomize=True, max_examples=25, database=None
)
hypothesis.settings.load_profile("numerics")
