"""One-layer Transformers against loops in NumPy, and what they must not depend on."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.models import transformer
from inductive.models.transformer import Transformer

SIZES = {"n_tokens": 7, "length": 4, "n_outputs": 5, "width": 12, "hidden": 10}
SEQUENCES = jnp.asarray(np.random.default_rng(0).integers(0, 7, (6, 4)), jnp.int32)
# Less optimised programs, which take half the time to compile.
FAST = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
ERROR = 1e-5
"""Of logits of order one: some ten products of sums of twelve terms, each to 6e-8."""


def _network(scale: float = 1.5, kappa: float = 1.0, **sizes: int) -> Transformer:
    """Weights large enough for attention to be far from uniform."""
    init = partial(transformer.init, scale=scale, kappa=kappa, **SIZES | sizes)
    return jax.jit(init, compiler_options=FAST)(rng.root(0))


@partial(jax.jit, compiler_options=FAST, static_argnames=("n_heads", "causal"))
def _apply(
    params: Transformer, tokens: jax.Array, n_heads: int = 1, causal: bool = True
) -> jax.Array:
    return transformer.apply(params, tokens, n_heads=n_heads, causal=causal)


def _by_loops(
    params: Transformer, tokens: np.ndarray, n_heads: int, causal: bool
) -> np.ndarray:
    """Logits, one head and position after the other, in double precision."""
    p = jax.tree.map(lambda a: np.asarray(a, "float64"), params)
    x = p.tokens[tokens] + p.positions
    size = x.shape[1] // n_heads
    out = []
    for t, own in enumerate(x):
        past = x[: t + 1] if causal else x
        read = []
        for h in range(n_heads):
            part = slice(h * size, (h + 1) * size)
            score = past @ p.key[:, part] @ (own @ p.query[:, part]) / np.sqrt(size)
            weight = np.exp(score) / np.exp(score).sum()
            read.append(weight @ (past @ p.value[:, part]))
        y = own + np.concatenate(read) @ p.mix
        y = y + np.maximum(y @ p.up, 0) @ p.down
        out.append(y @ p.readout)
    return np.array(out)


@pytest.mark.parametrize("n_heads", [1, 3])
@pytest.mark.parametrize("causal", [True, False])
def test_logits_equal_those_of_loops(n_heads: int, causal: bool) -> None:
    params = _network()
    for tokens in SEQUENCES:
        ours = _apply(params, tokens, n_heads=n_heads, causal=causal)
        loops = _by_loops(params, np.asarray(tokens), n_heads, causal)
        np.testing.assert_allclose(ours, loops, rtol=ERROR, atol=ERROR)


def _last_logits(params: Transformer, how: str) -> jax.Array:
    """Logits of all sequences at the last position, in one of two ways."""
    if how == "stream":
        return transformer.stream(params, SEQUENCES, n_heads=3) @ params.readout
    one = partial(transformer.apply, params, n_heads=3)
    return jax.vmap(one)(SEQUENCES)[:, -1]


_last = jax.jit(_last_logits, compiler_options=FAST, static_argnames="how")


@partial(jax.jit, compiler_options=FAST, static_argnames="how")
def _gradient(params: Transformer, how: str) -> Any:
    def loss(params: Transformer) -> jax.Array:
        return jax.nn.log_softmax(_last_logits(params, how))[:, 0].sum()

    return jax.grad(loss)(params)


def test_tables_give_the_last_logits_and_their_gradients() -> None:
    params = _network()
    ours, direct = (_last(params, how) for how in ("stream", "apply"))
    np.testing.assert_allclose(ours, direct, rtol=ERROR, atol=ERROR)
    gradients = [_gradient(params, how) for how in ("stream", "apply")]
    for name, a, b in zip(Transformer._fields, *gradients, strict=True):
        assert float(jnp.abs(b).max()) > 0, name
        np.testing.assert_allclose(a, b, rtol=10 * ERROR, atol=10 * ERROR, err_msg=name)


def test_a_token_changes_only_what_comes_after_it() -> None:
    params = _network()
    tokens = SEQUENCES[0]
    other = tokens.at[2].set((tokens[2] + 1) % 7)
    causal = [_apply(params, t, n_heads=3) for t in (tokens, other)]
    np.testing.assert_array_equal(causal[0][:2], causal[1][:2])
    assert np.abs(causal[0][2:] - causal[1][2:]).max(1).min() > 0.01
    full = [_apply(params, t, causal=False) for t in (tokens, other)]
    assert np.abs(full[0] - full[1]).max(1).min() > 0.01


def test_without_positions_full_attention_permutes_with_the_tokens() -> None:
    params = _network()
    params = params._replace(positions=jnp.zeros_like(params.positions))
    tokens, turn = jnp.arange(4, dtype=jnp.int32), jnp.array([2, 0, 3, 1])
    straight = _apply(params, tokens, n_heads=2, causal=False)
    turned = _apply(params, tokens[turn], n_heads=2, causal=False)
    np.testing.assert_allclose(turned, straight[turn], rtol=ERROR, atol=ERROR)


def test_kappa_leaves_the_first_function_where_attention_is_uniform() -> None:
    logits = []
    for kappa in (0.2, 1.0, 5.0):
        params = _network(kappa=kappa)
        params = params._replace(query=jnp.zeros_like(params.query))
        logits.append(_apply(params, SEQUENCES[0], n_heads=3))
    for other in logits[::2]:
        np.testing.assert_allclose(other, logits[1], rtol=ERROR, atol=ERROR)
    attentive = [_apply(_network(kappa=k), SEQUENCES[0]) for k in (1.0, 5.0)]
    assert np.abs(attentive[0] - attentive[1]).max() > 0.1


def test_weights_have_the_stated_variances() -> None:
    s, kappa = 0.5, 3.0
    sizes = {"n_tokens": 300, "length": 200, "n_outputs": 250, "width": 128}
    params = _network(s, kappa, hidden=160, **sizes)
    inner = dict.fromkeys(("query", "key", "value", "mix", "up"), s / 128**0.5)
    ends = {"tokens": s * kappa / 128**0.5, "readout": s / kappa / 128**0.5}
    ends |= {"positions": ends["tokens"], "down": s * (2 / 160) ** 0.5}
    for name, expected in {**inner, **ends}.items():
        weights = np.asarray(getattr(params, name), "float64")
        # The mean square of k normal numbers has a relative error of sqrt(2/k).
        error = 5 * np.sqrt(2 / weights.size)
        assert abs((weights**2).mean() / expected**2 - 1) < error, name
        assert getattr(params, name).dtype == "float32"
    fresh = transformer.reset_readout(rng.root(1), params, 0.1)
    assert abs(float((fresh.readout**2).mean()) / (0.01 / 128) - 1) < 0.04
    assert abs(float((fresh.readout * params.readout).mean())) < 1e-4
    assert all(a is b for a, b in zip(fresh[:-1], params[:-1], strict=True))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"width": 0}, "width=0"),
        ({"kappa": 0.0}, "kappa=0.0"),
        ({"scale": -1.0}, "scale=-1.0"),
    ],
)
def test_sizes_and_scales_out_of_range_are_refused(
    wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        transformer.init(rng.root(0), **SIZES | wrong)


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ValueError, match="n_heads=5"):
        transformer.apply(_network(), SEQUENCES[0], n_heads=5)
    with pytest.raises(ValueError, match="n_heads=5"):
        transformer.stream(_network(), SEQUENCES, n_heads=5)
    with pytest.raises(ValueError, match="scale=0"):
        transformer.reset_readout(rng.root(0), _network(), 0.0)
