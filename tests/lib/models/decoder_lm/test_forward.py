"""The forward pass against loops in NumPy; parts, edits, padding and derivatives."""

import math
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive.models import decoder_lm
from inductive.models.decoder_lm import Config, Decoder

from .conftest import FAST, OWN, ROTARY, lively, run

Made = tuple[Config, Decoder]


def _logits(params: Decoder, config: Config, tokens: Any, **options: Any) -> np.ndarray:
    return np.asarray(run(params, config, jnp.asarray(tokens), **options)[1])


def _norm(x: np.ndarray, eps: float) -> np.ndarray:
    return x / np.sqrt(np.mean(x * x) + eps)


def _by_loops(params: Any, config: Config, tokens: np.ndarray) -> np.ndarray:
    """Logits of one row of our own decoder, a token and a head at a time."""
    p: Any = jax.tree.map(np.asarray, params)
    eps = config.norm_eps
    x = p.tokens[tokens] + p.positions[: len(tokens)]
    for layer in range(config.n_layers):
        b: Any = jax.tree.map(lambda a, layer=layer: a[layer], p.blocks)
        normed = np.array([_norm(row, eps) for row in x])
        read = np.zeros((len(x), config.n_heads, config.head_size))
        for head in range(config.n_heads):
            k, g = divmod(head, config.group)
            query, key = normed @ b.qkv[:, k, g], normed @ b.qkv[:, k, -2]
            value = normed @ b.qkv[:, k, -1]
            for t in range(len(x)):
                score = key[: t + 1] @ query[t] / math.sqrt(config.head_size)
                weight = np.exp(score) / np.exp(score).sum()
                read[t, head] = weight @ value[: t + 1]
        x = x + read.reshape(len(x), -1) @ b.attention_out.reshape(-1, config.width)
        normed = np.array([_norm(row, eps) for row in x])
        up = normed @ b.mlp_in[:, 0]
        if config.activation == "relu":
            act = np.maximum(up, 0)
        elif config.activation == "gelu_erf":
            act = up * (1 + np.vectorize(math.erf)(up / math.sqrt(2))) / 2
        else:
            inner = math.sqrt(2 / math.pi) * (up + 0.044715 * up**3)
            act = up * (1 + np.tanh(inner)) / 2
        x = x + act @ b.mlp_out
    return np.array([_norm(row, eps) for row in x]) @ p.head


@pytest.mark.parametrize("activation", ["gelu_tanh", "gelu_erf", "relu"])
def test_our_own_decoder_equals_loops(
    own: Made, tokens: np.ndarray, activation: str
) -> None:
    config = replace(own[0], activation=activation)
    wanted = [_by_loops(own[1], config, row) for row in tokens]
    np.testing.assert_allclose(_logits(own[1], config, tokens), wanted, atol=1e-10)


def test_batches_are_rows(rotary: Made, tokens: np.ndarray) -> None:
    config, params = rotary
    rows = [_logits(params, config, row) for row in tokens]
    np.testing.assert_allclose(_logits(params, config, tokens), rows, atol=1e-12)
    mapped = jax.vmap(lambda row: decoder_lm.run(params, config, row).last)
    np.testing.assert_allclose(
        mapped(jnp.asarray(tokens)),
        decoder_lm.run(params, config, jnp.asarray(tokens)).last,
        atol=1e-12,
    )


@pytest.mark.parametrize("config", [OWN, ROTARY])
def test_single_blocks_equal_stacked_ones(config: Config, tokens: np.ndarray) -> None:
    params = lively(config)
    single = decoder_lm.unstacked(params)
    assert isinstance(single.blocks, tuple)
    assert decoder_lm.unstacked(single) is single
    for collect in (False, True):
        one, other = (
            run(p, config, jnp.asarray(tokens), collect=collect)[0]
            for p in (params, single)
        )
        jax.tree.map(
            lambda a, b: np.testing.assert_allclose(a, b, atol=1e-12), one, other
        )


@pytest.mark.parametrize("config", [OWN, ROTARY])
def test_padding_on_the_left_changes_nothing(
    config: Config, tokens: np.ndarray
) -> None:
    params = lively(config)
    padded = np.pad(tokens, ((0, 0), (4, 0)))
    mask = jnp.asarray(np.arange(11) >= 4)[None].repeat(3, axis=0)
    found = _logits(params, config, padded, mask=mask)[:, 4:]
    np.testing.assert_allclose(found, _logits(params, config, tokens), atol=1e-12)
    assert np.isfinite(_logits(params, config, padded, mask=jnp.zeros_like(mask))).all()


def test_documents_of_one_row_do_not_read_each_other(
    rotary: Made, tokens: np.ndarray
) -> None:
    config, params = rotary
    row = np.concatenate([tokens[0], tokens[1], [0, 0]])
    number = jnp.asarray([1] * 7 + [2] * 7 + [0] * 2)
    found = _logits(params, config, row, mask=number)
    apart = [_logits(params, config, tokens[i]) for i in (0, 1)]
    np.testing.assert_allclose(found[:14], np.concatenate(apart), atol=1e-10)


def test_smeared_embeddings_hold_earlier_tokens_of_the_document(
    tokens: np.ndarray,
) -> None:
    config = replace(ROTARY, smear=2)
    params = lively(config)
    scales = jnp.asarray([[0.5] * 12, [-2.0] * 12])
    params = params._replace(smear=scales)
    row = np.concatenate([tokens[0], tokens[1, :4], [0]])
    number = jnp.asarray([1] * 7 + [2] * 4 + [0])
    found = decoder_lm.embed(params, config, jnp.asarray(row), mask=number)
    table = np.asarray(params.tokens)
    for at, token in enumerate(row[:-1]):
        wanted = table[token].copy()
        for back, scale in ((1, 0.5), (2, -2.0)):
            start = 0 if at < 7 else 7
            if at - back >= start:
                wanted += scale * table[row[at - back]]
        np.testing.assert_allclose(found[at], wanted, atol=1e-12)
    apart = [_logits(params, config, tokens[0]), _logits(params, config, tokens[1, :4])]
    both = _logits(params, config, row, mask=number)[:11]
    np.testing.assert_allclose(both, np.concatenate(apart), atol=1e-10)
    with pytest.raises(ValueError, match="smear=-1 must be 0 or more"):
        replace(ROTARY, smear=-1)


def test_a_window_hides_old_tokens(rotary: Made, tokens: np.ndarray) -> None:
    config, params = replace(rotary[0], sliding_window=3, n_layers=1), rotary[1]
    params = params._replace(blocks=decoder_lm.slice_blocks(params.blocks, 0, 1))
    other = tokens.copy()
    other[:, 0] = (tokens[:, 0] + 1) % 13
    one, two = (_logits(params, config, t) for t in (tokens, other))
    assert (np.abs(one - two).max(axis=(0, 2)) > 1e-6).tolist() == [True] * 3 + [
        False
    ] * 4
    late = replace(config, window_from=1)
    assert np.abs(_logits(params, late, tokens) - one).max() > 1e-6


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("cut", [0, 1, 3])
def test_parts_equal_the_whole(own: Made, tokens: Any, cut: int, single: bool) -> None:
    config, params = own
    params = decoder_lm.unstacked(params) if single else params
    tokens = jnp.asarray(tokens)
    mask = jnp.ones(tokens.shape, bool).at[1, :2].set(False)

    def edit(index: Any, stream: Any) -> Any:
        return stream + 0.1 * index.astype(stream.dtype)

    whole = decoder_lm.run(params, config, tokens, mask=mask, edit=edit, collect=True)
    stream, parts = decoder_lm.embed(params, config, tokens, mask=mask), []
    for first, last in ((0, cut), (cut, 3)):
        blocks = decoder_lm.slice_blocks(params.blocks, first, last)
        assert decoder_lm.n_blocks(blocks) == last - first
        states = decoder_lm.run_blocks(
            blocks, config, stream, first=first, mask=mask, edit=edit, collect=True
        )
        stream = states.last
        parts.append(states.blocks)
    np.testing.assert_allclose(stream, whole.last, atol=1e-12)
    assert whole.blocks is not None
    np.testing.assert_allclose(np.concatenate(parts), whole.blocks, atol=1e-12)
    np.testing.assert_array_equal(whole.blocks[-1], whole.last)


def test_edits_change_later_blocks_only(rotary: Made, tokens: np.ndarray) -> None:
    config, params = rotary

    def streams(size: float) -> np.ndarray:
        def edit(index: Any, stream: Any) -> Any:
            return stream + jnp.where(index == 1, size, 0.0)

        given = jnp.asarray(tokens)
        states = decoder_lm.run(params, config, given, edit=edit, collect=True)
        return np.asarray(states.blocks)

    plain = decoder_lm.run(params, config, jnp.asarray(tokens), collect=True).blocks
    np.testing.assert_array_equal(streams(0.0), plain)
    apart = streams(0.5) - np.asarray(plain)
    assert not apart[0].any()
    np.testing.assert_allclose(apart[1], 0.5, atol=1e-12)
    assert np.abs(apart[2] - 0.5).max() > 1e-3


def test_the_head_is_needed_at_some_positions_only(
    own: Made, tokens: np.ndarray
) -> None:
    config, params = own
    last = decoder_lm.run(params, config, jnp.asarray(tokens)).last
    every = decoder_lm.logits(params, config, last)
    assert every.shape == (3, 7, 11)
    some = decoder_lm.logits(params, config, last[:, -1])
    np.testing.assert_allclose(some, every[:, -1], atol=1e-12)


@pytest.mark.parametrize(
    "config",
    [OWN, replace(ROTARY, gated=True, activation="silu", tied=True)],
    ids=["own", "tied"],
)
def test_gradients_are_those_of_finite_differences(
    config: Config, tokens: np.ndarray
) -> None:
    config = replace(config, qkv_bias=True, qk_norm=True)
    params = lively(config)

    def value(params: Decoder) -> jax.Array:
        last = decoder_lm.run(params, config, jnp.asarray(tokens)).last
        found = decoder_lm.logits(params, config, last)
        return -jax.nn.log_softmax(found)[..., 3].mean()

    loss = jax.jit(value, compiler_options=FAST)
    slope = jax.jit(jax.grad(value), compiler_options=FAST)(params)
    leaves, tree = jax.tree.flatten(params)
    keys = jax.random.split(jax.random.key(0), len(leaves))
    for i, key in enumerate(keys):
        way = jax.random.normal(key, leaves[i].shape, "float64")
        step = [jnp.zeros_like(leaf) for leaf in leaves]
        step[i] = 1e-5 * way
        ends = [
            loss(
                jax.tree.map(lambda a, b, s=s: a + s * b, params, tree.unflatten(step))
            )
            for s in (1.0, -1.0)
        ]
        wanted = float((ends[0] - ends[1]) / 2e-5)
        found = float((jax.tree.leaves(slope)[i] * way).sum())
        # Truncation is of order 1e-10, rounding 1e-16 / 1e-5.
        assert found == pytest.approx(wanted, rel=1e-6, abs=1e-9)
        assert abs(found) > 1e-8


def test_single_precision_is_close(tokens: np.ndarray) -> None:
    fine = _logits(lively(ROTARY), ROTARY, tokens)
    params = jax.tree.map(lambda a: a.astype("float32"), lively(ROTARY))
    single = _logits(params, ROTARY, tokens)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, fine, atol=1e-4)
    half = jax.tree.map(lambda a: a.astype("bfloat16"), params)
    apart = _logits(half, ROTARY, tokens).astype("float64") - fine
    assert 1e-4 < np.sqrt(np.mean(apart**2)) < 0.05 * fine.std()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"tokens": [[0, 13]]},
            "tokens from 0 to 13 are outside the vocabulary, 0 .. 12",
        ),
        ({"tokens": [[-1, 2]]}, "tokens from -1 to 2"),
        ({"tokens": [[0] * 17]}, r"shape \(1, 17\): they need 1 to 16 tokens"),
        ({"tokens": np.zeros((2, 0), int)}, r"shape \(2, 0\): they need"),
        ({"mask": jnp.ones((1, 3), bool)}, r"mask of shape \(1, 3\) for tokens of"),
    ],
)
def test_bad_sequences_are_refused(own: Made, change: Any, said: str) -> None:
    given = {"tokens": [[0, 1]], **change}
    tokens = jnp.asarray(given.pop("tokens"))
    with pytest.raises(ValueError, match=said):
        decoder_lm.run(own[1], own[0], tokens, **given)


def test_bad_parts_are_refused(own: Made) -> None:
    config, params = own
    stream = jnp.zeros((2, 12))
    with pytest.raises(ValueError, match="first=1 with 3 blocks: a decoder of 3"):
        decoder_lm.run_blocks(params.blocks, config, stream, first=1)
    for first, last in ((-1, 2), (2, 1), (0, 4)):
        with pytest.raises(ValueError, match=f"first={first}, last={last} must"):
            decoder_lm.slice_blocks(params.blocks, first, last)
