"""Generation with a cache equals whole forward passes; sampling, ends, edits, bad input."""

from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Config, Decoder, generation, sampling

from .conftest import FAST, OWN, ROTARY, lively, run

KEY = rng.root(5)
NEW = 6


def _prompts() -> tuple[jax.Array, jax.Array]:
    """Three prompts of 5, 3 and 1 tokens."""
    lengths = np.array([5, 3, 1])
    mask = np.arange(5)[None] >= 5 - lengths[:, None]
    tokens = np.random.default_rng(1).integers(0, 13, mask.shape)
    return jnp.asarray(np.where(mask, tokens, 0)), jnp.asarray(mask)


def _greedy(params: Decoder, config: Config, edit: Any = None) -> np.ndarray:
    """The likeliest tokens, each from a forward pass over the whole row without padding.

    Rows have their final length from the start, as no token reads what follows it.
    """

    @partial(jax.jit, compiler_options=FAST)
    def best(row: jax.Array) -> jax.Array:
        last = decoder_lm.run(params, config, row, edit=edit).last
        return jnp.argmax(decoder_lm.logits(params, config, last), axis=-1)

    rows = []
    for prompt, there in zip(*map(np.asarray, _prompts()), strict=True):
        n = int(there.sum())
        row = np.zeros(5 + NEW, int)
        row[:n] = prompt[there]
        for k in range(n, n + NEW):
            row[k] = best(jnp.asarray(row))[k - 1]
        rows.append(row[n : n + NEW])
    return np.array(rows)


VARIANTS = {
    "learned": OWN,
    "rotary": ROTARY,
    "window": replace(ROTARY, sliding_window=3, window_from=1),
    "smear": replace(ROTARY, smear=2),
    "gated": replace(ROTARY, gated=True, activation="silu", qk_norm=True, tied=True),
}


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("name", VARIANTS)
def test_greedy_tokens_are_those_of_whole_passes(name: str, single: bool) -> None:
    config, (tokens, mask) = VARIANTS[name], _prompts()
    params = lively(config)
    wanted = _greedy(params, config)
    assert len(np.unique(wanted)) >= 3
    params = decoder_lm.unstacked(params) if single else params
    found = decoder_lm.generate(params, config, tokens, mask, NEW)
    np.testing.assert_array_equal(found.tokens, wanted)
    assert found.mask.all()


@pytest.mark.parametrize("name", VARIANTS)
def test_logits_with_a_cache_are_those_of_a_whole_pass(name: str) -> None:
    config = VARIANTS[name]
    params, (tokens, mask) = lively(config), _prompts()
    there = jnp.pad(mask, ((0, 0), (0, 2)), constant_values=True)
    further = jnp.asarray([[1, 2], [3, 4], [5, 6]], "int32")
    hooks = (None, None)
    scores, cache = generation.prefill(params, config, tokens, mask, 2, hooks)
    recent = generation.latest(tokens, mask, config.smear)
    found = [scores]
    for step in range(2):
        scores, cache = generation.decode(
            params,
            config,
            further[:, step],
            recent,
            jnp.maximum(there.cumsum(1, dtype="int32") - 1, 0),
            there,
            jnp.int32(5 + step),
            cache,
            hooks,
        )
        recent = jnp.concatenate([further[:, [step]], recent], 1)[:, : config.smear]
        found.append(scores)
    every = jnp.concatenate([tokens, further.astype(tokens.dtype)], axis=1)
    last = decoder_lm.run(params, config, every, mask=there).last[:, 4:]
    wanted = decoder_lm.logits(params, config, last)
    np.testing.assert_allclose(jnp.stack(found, axis=1), wanted, atol=1e-10)


def test_edits_act_on_prompts_and_on_new_tokens() -> None:
    params, (tokens, mask) = lively(ROTARY), _prompts()
    way = 2 * jax.random.normal(KEY, (12,), "float64")

    def add(way: Any, index: Any, stream: Any) -> Any:
        shift = jnp.where(index == 1, way, 0.0)
        return stream + shift.reshape((1,) * (stream.ndim - 1) + (-1,))

    plain = decoder_lm.generate(params, ROTARY, tokens, mask, NEW).tokens
    plain = np.asarray(plain)
    wanted = _greedy(params, ROTARY, edit=partial(add, way))
    assert (wanted != plain).any()
    generate = partial(decoder_lm.generate, params, ROTARY, tokens, mask, NEW)
    edited = generate(edit=jax.tree_util.Partial(add, way)).tokens
    np.testing.assert_array_equal(edited, wanted)
    np.testing.assert_array_equal(generate(edit=partial(add, way)).tokens, wanted)
    # Another vector in a Partial needs no new program.
    program: Any = generation._generate
    programs = program._cache_size()
    still = generate(edit=jax.tree_util.Partial(add, 0 * way)).tokens
    np.testing.assert_array_equal(still, plain)
    assert program._cache_size() == programs


def test_steering_sees_the_tokens_and_comes_after_edits() -> None:
    params, (tokens, mask) = lively(ROTARY), _prompts()
    generate = partial(decoder_lm.generate, params, ROTARY, tokens, mask, NEW)
    plain = generate().tokens

    def steer(index: Any, stream: Any, seen: Any) -> Any:
        return stream * jnp.where((index == 2) & (seen == 5), -3.0, 1.0)[..., None]

    def edit(index: Any, stream: Any) -> Any:
        return stream + jnp.where(index == 2, 0.7, 0.0)

    def whole(row: jax.Array) -> Any:
        def both(index: Any, stream: Any) -> Any:
            return steer(index, edit(index, stream), row)

        return both

    found = np.asarray(generate(edit=edit, steer=steer).tokens)
    assert (found != np.asarray(plain)).any()
    for prompt, there, made in zip(tokens, np.asarray(mask), found, strict=True):
        row = jnp.asarray([*np.asarray(prompt)[there], *made], "int32")
        last = decoder_lm.run(params, ROTARY, row, edit=whole(row)).last
        best = jnp.argmax(decoder_lm.logits(params, ROTARY, last), axis=-1)
        np.testing.assert_array_equal(best[there.sum() - 1 : -1], made)
        same = decoder_lm.run(params, ROTARY, row, edit=edit, steer=steer).last
        np.testing.assert_allclose(same, last, atol=1e-12)


def test_rows_end_with_the_end_token() -> None:
    params, (tokens, mask) = lively(OWN), _prompts()
    plain = np.asarray(decoder_lm.generate(params, OWN, tokens, mask, NEW).tokens)
    eos = int(plain[0, 2])
    found = decoder_lm.generate(params, OWN, tokens, mask, NEW, eos=eos)
    for row, made, there in zip(plain, found.tokens, found.mask, strict=True):
        ends = np.flatnonzero(row == eos)
        length = NEW if not len(ends) else int(ends[0]) + 1
        assert there.tolist() == [k < length for k in range(NEW)]
        assert made.tolist() == [*row[:length], *[eos] * (NEW - length)]
    assert not found.mask[0].all()


def test_all_rows_may_end_at_once() -> None:
    params = lively(OWN)
    tokens = jnp.asarray([[1, 2, 3]] * 2)
    first = int(decoder_lm.generate(params, OWN, tokens, None, 1).tokens[0, 0])
    found = decoder_lm.generate(params, OWN, tokens, None, 4, eos=first)
    assert found.tokens.tolist() == [[first] * 4] * 2
    assert found.mask.tolist() == [[True, False, False, False]] * 2


@pytest.mark.parametrize(("temperature", "top_k"), [(1.0, None), (2.5, None), (1.0, 3)])
def test_draws_follow_the_logits(temperature: float, top_k: int | None) -> None:
    params, n = lively(OWN), 4000
    row = jnp.asarray([1, 5, 2])
    last = decoder_lm.run(params, OWN, row).last[-1]
    scores = np.asarray(decoder_lm.logits(params, OWN, last)) / temperature
    if top_k is not None:
        scores[scores < np.sort(scores)[-top_k]] = -np.inf
    chance = np.exp(scores - scores.max())
    chance /= chance.sum()
    found = decoder_lm.generate(
        params, OWN, row[None].repeat(n, axis=0), None, 1,
        key=KEY, temperature=temperature, top_k=top_k,
    )  # fmt: skip
    share = np.bincount(np.asarray(found.tokens)[:, 0], minlength=11) / n
    # Five standard deviations of a binomial share.
    assert (np.abs(share - chance) <= 5 * np.sqrt(chance * (1 - chance) / n)).all()
    assert (share > 0).sum() > 1


def test_the_nucleus_is_the_fewest_likeliest_tokens() -> None:
    chances = jnp.asarray([[0.2, 0.5, 0.1, 0.2], [0.97, 0.01, 0.01, 0.01]])
    scores = jnp.log(chances)
    for share, kept in (
        (0.4, [[1], [0]]),
        (0.6, [[0, 1, 3], [0]]),  # two tokens are as likely
        (0.95, [[0, 1, 2, 3], [0]]),
        (1e-9, [[1], [0]]),
        (1.0, [[0, 1, 2, 3]] * 2),
    ):
        found = np.asarray(sampling.within_nucleus(scores, jnp.asarray(share)))
        assert [np.flatnonzero(np.isfinite(row)).tolist() for row in found] == kept
        inside = np.isfinite(found)
        np.testing.assert_array_equal(found[inside], np.asarray(scores)[inside])


def test_draws_stay_within_the_nucleus() -> None:
    params, (tokens, mask) = lively(OWN), _prompts()
    draw = partial(
        decoder_lm.generate, params, OWN, tokens, mask, NEW, key=KEY, temperature=1.5
    )
    plain = decoder_lm.generate(params, OWN, tokens, mask, NEW).tokens
    np.testing.assert_array_equal(draw(top_p=1e-9).tokens, plain)
    np.testing.assert_array_equal(draw(top_p=1.0).tokens, draw().tokens)
    assert (draw(top_p=0.5).tokens != draw().tokens).any()


def test_draws_of_a_row_do_not_depend_on_others() -> None:
    params, (tokens, mask) = lively(OWN), _prompts()
    draw = partial(
        decoder_lm.generate, params, OWN, n_new=NEW, key=KEY, temperature=1.5
    )
    every, one = draw(tokens, mask), draw(tokens[:1], mask[:1])
    np.testing.assert_array_equal(every.tokens[:1], one.tokens)
    again = partial(draw, key=rng.root(6))(tokens, mask)
    assert (again.tokens != every.tokens).any()
    best = draw(tokens, mask, top_k=1).tokens
    plain = decoder_lm.generate(params, OWN, tokens, mask, NEW).tokens
    np.testing.assert_array_equal(best, plain)


def test_half_precision_generates() -> None:
    params, (tokens, mask) = lively(ROTARY), _prompts()
    params = jax.tree.map(lambda a: a.astype("bfloat16"), params)
    found = decoder_lm.generate(params, ROTARY, tokens, mask, 1).tokens
    scores = np.asarray(run(lively(ROTARY), ROTARY, tokens, mask)[1][:, -1])
    short = scores.max(axis=1) - np.take_along_axis(scores, np.array(found), 1)[:, 0]
    # Of the likeliest token, by what rounding to 8 bits may change.
    assert (short < 0.1 * scores.std()).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"n_new": 0}, "a prompt of 5 and n_new=0 new tokens"),
        ({"n_new": 12}, "n_new=12 new tokens: .* at most the context, 16"),
        ({"temperature": 1.0}, "temperature=1.0 draws tokens: give a key"),
        ({"temperature": -1.0}, "temperature=-1.0 must be 0 or a positive"),
        ({"temperature": float("nan")}, "temperature=nan must be"),
        ({"top_k": 0}, "top_k=0 must be from 1 to 11"),
        ({"top_k": 12}, "top_k=12 must be from 1 to 11"),
        ({"top_p": 0.0}, "top_p=0.0 must be above 0 and at most 1"),
        ({"top_p": 1.5}, "top_p=1.5 must be above 0 and at most 1"),
        ({"tokens": jnp.full((3, 5), 13)}, "tokens from 13 to 13 are outside"),
        ({"mask": jnp.ones((3, 4), bool)}, r"mask of shape \(3, 4\)"),
        ({"mask": jnp.ones((3, 5), bool).at[1, 4].set(False)}, "row 1 of the mask is"),
        ({"mask": jnp.ones((3, 5), bool).at[2, 2].set(False)}, "row 2 of the mask is"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], said: str) -> None:
    tokens, mask = _prompts()
    given = {"tokens": tokens, "mask": mask, "n_new": 2, **options}
    with pytest.raises(ValueError, match=said):
        decoder_lm.generate(lively(OWN), OWN, **given)


def test_a_head_beyond_the_vocabulary_generates_nothing() -> None:
    config = replace(OWN, n_outputs=14)
    with pytest.raises(ValueError, match="n_outputs=14 exceeds vocab_size=13"):
        decoder_lm.generate(lively(config), config, *_prompts())
