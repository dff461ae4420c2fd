"""What is trained of a decoder: it starts as the model, and nothing else changes."""

from collections.abc import Callable
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Config, Decoder, Rope
from inductive.train import finetune
from inductive.train.finetune import Trainable

pytestmark = pytest.mark.usefixtures("fast_compiler")

GATED = Config(
    vocab_size=11,
    n_layers=3,
    width=8,
    n_heads=4,
    n_kv_heads=2,
    head_size=6,
    hidden=10,
    context=5,
    rope=Rope(6),
    tied=True,
)
"""Grouped queries and a gate, sizes all different."""
PLAIN = Config(
    vocab_size=11,
    n_layers=2,
    width=8,
    n_heads=2,
    n_kv_heads=2,
    head_size=3,
    hidden=10,
    context=5,
    learned_positions=True,
    gated=False,
    activation="relu",
)


@lru_cache
def _decoder(config: Config) -> Decoder:
    draw = partial(decoder_lm.init, config=config, tokens=0.5, dtype="float64")
    return jax.jit(draw)(rng.root(0))


PARTS: dict[str, Callable[[Decoder], Trainable]] = {
    "full": finetune.full,
    "last_blocks 1": lambda params: finetune.last_blocks(params, 1),
    "last_blocks all": lambda params: finetune.last_blocks(
        params, decoder_lm.n_blocks(params.blocks)
    ),
    "lora": lambda params: finetune.lora(rng.root(1), params, 2),
    "probe": finetune.probe,
}


@partial(jax.jit, static_argnames="config")
def _logits(params: Decoder, config: Config) -> jax.Array:
    tokens = jnp.asarray([[1, 2, 3, 4, 10], [5, 0, 5, 9, 8]])
    return decoder_lm.logits(
        params, config, decoder_lm.run(params, config, tokens).last
    )


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("config", [GATED, PLAIN], ids=["gated", "plain"])
def test_the_start_is_the_model(config: Config, name: str) -> None:
    params = _decoder(config)
    merged = finetune.merged(PARTS[name](params))
    found, expected = _logits(merged, config), _logits(params, config)
    np.testing.assert_allclose(found, expected, atol=1e-14)
    assert np.abs(expected).max() > 0.1


def _changed(before: Decoder, after: Decoder) -> set[str]:
    """Names of the arrays that differ; of those of the blocks with their block."""
    names = set()
    for name in ("tokens", "positions", "norm", "head"):
        pair = getattr(before, name), getattr(after, name)
        if pair[0] is not None and np.abs(pair[0] - pair[1]).max() > 0:
            names.add(name)
    for name, old, new in zip(
        before.blocks._fields, before.blocks, after.blocks, strict=True
    ):
        if old is not None:
            names |= {
                f"{name} {k}"
                for k in range(len(old))
                if np.abs(old[k] - new[k]).max() > 0
            }
    return names


ALL = ("attention_norm", "qkv", "attention_out", "mlp_norm", "mlp_in", "mlp_out")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("full", {"tokens", "norm", *(f"{a} {k}" for a in ALL for k in range(3))}),
        ("last_blocks 1", {"norm", *(f"{a} 2" for a in ALL)}),
        ("last_blocks all", {"norm", *(f"{a} {k}" for a in ALL for k in range(3))}),
        (
            "lora",
            {
                f"{a} {k}"
                for a in ("qkv", "attention_out", "mlp_in", "mlp_out")
                for k in range(3)
            },
        ),
        ("probe", {"head"}),
    ],
)
def test_only_what_is_trained_changes(name: str, expected: set[str]) -> None:
    params = _decoder(GATED)
    part = PARTS[name](params)
    moved = jax.tree.map(lambda x: x + 0.1, part.trained)
    after = finetune.merged(part, moved)
    before = params._replace(head=params.tokens.T) if name == "probe" else params
    assert _changed(before, after) == expected
    assert (after.head is None) == (name != "probe")


def test_the_gate_stays_unless_it_is_named() -> None:
    params = _decoder(GATED)
    for maps, gate, up in (("gate",), True, False), (("up",), False, True):
        part = finetune.lora(rng.root(1), params, 2, maps=maps)
        after = finetune.merged(part, jax.tree.map(lambda x: x + 1, part.trained))
        change = np.abs(after.blocks.mlp_in - params.blocks.mlp_in).max((0, 1, 3))
        assert ((change > 0) == [gate, up]).all()


# Where the map of each name lies in a block of the decoder with grouped queries: as a
# matrix from inputs to outputs, in the order of the hub, query head by query head.
WHERE = {
    "q": lambda b: b.qkv[:, :, :2].reshape(8, 4 * 6),
    "k": lambda b: b.qkv[:, :, 2].reshape(8, 2 * 6),
    "v": lambda b: b.qkv[:, :, 3].reshape(8, 2 * 6),
    "o": lambda b: b.attention_out.reshape(4 * 6, 8),
    "gate": lambda b: b.mlp_in[:, 0],
    "up": lambda b: b.mlp_in[:, 1],
    "down": lambda b: b.mlp_out,
}


@pytest.mark.parametrize("name", finetune.LORA_MAPS)
def test_factors_add_their_product(name: str) -> None:
    params = _decoder(GATED)
    part = finetune.lora(rng.root(1), params, 2, scale=3.0, maps=(name,))
    (pair,) = part.trained.values()
    up = jax.random.normal(rng.root(2), pair.up.shape, "float64")
    after = finetune.merged(part, {name: pair._replace(up=up)})
    for k in range(3):
        old, new = (
            WHERE[name](jax.tree.map(lambda x, k=k: x[k], p.blocks))
            for p in (params, after)
        )
        expected = old + 3.0 * np.asarray(pair.down[k]) @ np.asarray(up[k])
        np.testing.assert_allclose(new, expected, atol=1e-13)
    # The other maps stay.
    for other in set(finetune.LORA_MAPS) - {name}:
        np.testing.assert_array_equal(
            *(
                WHERE[other](jax.tree.map(lambda x: x[1], p.blocks))
                for p in (params, after)
            )
        )


def test_a_map_without_gate_has_the_same_factors() -> None:
    params = _decoder(PLAIN)
    part = finetune.lora(rng.root(1), params, 2, maps=("up",))
    pair = part.trained["up"]
    up = jnp.ones_like(pair.up)
    after = finetune.merged(part, {"up": pair._replace(up=up)})
    expected = params.blocks.mlp_in[:, :, 0] + 2.0 * pair.down @ up
    np.testing.assert_allclose(after.blocks.mlp_in[:, :, 0], expected, atol=1e-14)


def test_first_factors_have_the_variance_of_their_inputs() -> None:
    single = jax.tree.map(lambda x: x.astype("float32"), _decoder(GATED))
    trained = jax.jit(lambda key: finetune.lora(key, single, 200).trained)(rng.root(1))
    assert set(trained) == {"q", "k", "v", "o", "up", "down"}
    for pair in trained.values():
        assert pair.down.dtype == jnp.float32
        assert float(jnp.std(pair.down)) * pair.down.shape[1] ** 0.5 == pytest.approx(
            1, abs=0.05
        )
        assert not pair.up.any()
    first, second = trained["q"].down, trained["k"].down
    assert np.abs(first - second).max() > 0.1


def test_errors_of_parts() -> None:
    params = _decoder(GATED)
    for k in (0, 4):
        with pytest.raises(ValueError, match=f"k={k} must be from 1 to 3"):
            finetune.last_blocks(params, k)
    key = rng.root(0)
    with pytest.raises(ValueError, match="rank=0 must be 1 or more"):
        finetune.lora(key, params, 0)
    with pytest.raises(
        ValueError, match="maps has 'head': this decoder has q, k, v, o, g"
    ):
        finetune.lora(key, params, 1, maps=("q", "head"))
    with pytest.raises(ValueError, match=r"maps has 'gate': .* q, k, v, o, up, down$"):
        finetune.lora(key, _decoder(PLAIN), 1, maps=("gate",))
    with pytest.raises(ValueError, match="maps names none"):
        finetune.lora(key, params, 1, maps=())
    single = decoder_lm.unstacked(params)
    with pytest.raises(ValueError, match="give stacked ones"):
        finetune.lora(key, single, 1)
    with pytest.raises(ValueError, match="give stacked ones"):
        finetune.last_blocks(single, 1)
