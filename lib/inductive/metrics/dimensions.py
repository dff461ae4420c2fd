r"""How many dimensions a representation uses, and how many two representations share.

With the second moments :math:`C = X^\top X` of the features X (one row an example, not
centred). Lippl & Lindsey (NeurIPS 2024) read nested feature selection off them: after
finetuning fewer dimensions than before, all of them shared.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def participation_ratio(features: Float[Array, "k u"]) -> Float[Array, ""]:
    r"""Participation ratio :math:`(\operatorname{tr} C)^2 / \operatorname{tr} C^2`.

    From 1 to the rank of the features, whatever their scale; nan where all of them
    are zero.

    Args:
        features: of k examples in u units.
    """
    x = _normalise(features)
    return 1.0 / _trace_of_product(x, x)


def shared_dimensions(
    features_a: Float[Array, "k u"], features_b: Float[Array, "l u"]
) -> Float[Array, ""]:
    r"""Effective number of shared dimensions of two representations in the same units.

    .. math:: \frac{\operatorname{tr} C_a \operatorname{tr} C_b
        \operatorname{tr} C_a C_b}{\operatorname{tr} C_a^2 \operatorname{tr} C_b^2}

    (Lippl & Lindsey 2024). The :func:`participation_ratio` for a representation with
    itself, 0 for orthogonal ones, at most the geometric mean of the two participation
    ratios; it can slightly exceed the smaller of them. nan where all features of one
    representation are zero.

    Args:
        features_a: of k examples in u units.
        features_b: of as many or other examples in the same units.

    Raises:
        ValueError: the numbers of units differ.
    """
    if features_a.shape[-1] != features_b.shape[-1]:
        raise ValueError(
            f"the features have {features_a.shape[-1]} and {features_b.shape[-1]} "
            "units: pass two representations in the same units"
        )
    a, b = _normalise(features_a), _normalise(features_b)
    own = _trace_of_product(a, a) * _trace_of_product(b, b)
    return _trace_of_product(a, b) / own


def _normalise(features: Float[Array, "k u"]) -> Float[Array, "k u"]:
    """The features at unit trace of C; first at unit peak, as squares could overflow."""
    x = features / jax.lax.stop_gradient(jnp.abs(features).max())
    return x / jnp.linalg.norm(x)


def _trace_of_product(
    a: Float[Array, "k u"], b: Float[Array, "l u"]
) -> Float[Array, ""]:
    r""":math:`\operatorname{tr} C_a C_b = \|A B^\top\|_F^2`, in the smaller space."""
    if max(len(a), len(b)) <= a.shape[-1]:
        return (_product(a, b.T) ** 2).sum()
    # Both moments are positive semi-definite; rounding must not make the trace negative.
    return jnp.maximum((_product(a.T, a) * _product(b.T, b)).sum(), 0.0)


def _product(a: Float[Array, "p q"], b: Float[Array, "q r"]) -> Float[Array, "p r"]:
    """Matrix product; accelerators would otherwise round its factors to few digits."""
    return jnp.matmul(a, b, precision="highest")
