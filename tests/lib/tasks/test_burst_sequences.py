"""Sequences of items and labels: what they hold, how often, and sizes that are refused."""

import jax
import numpy as np
import pytest

from inductive import rng
from inductive.tasks import burst_sequences
from inductive.tasks.burst_sequences import Sizes

SIZES = Sizes(n_classes=64)


def draw(sizes=SIZES, n=3000, **how):
    task = burst_sequences.draw_task(rng.stream(rng.root(0), "task"), sizes)
    return task, burst_sequences.draw(rng.root(1), task, sizes, n, **how)


@pytest.mark.parametrize("burstiness", [1, 2, 4])
def test_bursty_sequences_repeat_distinct_labels_and_hold_the_answer(
    burstiness: int,
) -> None:
    _, batch = draw(SIZES._replace(burstiness=burstiness), n=400)
    for context, answer in zip(np.asarray(batch.context), batch.answers, strict=True):
        counts = np.unique(context, return_counts=True)[1]
        assert counts.tolist() == [burstiness] * (4 // burstiness)
        assert int(answer) in context


@pytest.mark.parametrize("kind", burst_sequences.KINDS)
def test_tokens_are_positions_beside_items_and_label_vectors(kind: str) -> None:
    task, batch = draw(n=5, kind=kind)
    assert batch.tokens.shape == (5, 9, 41)
    np.testing.assert_array_equal(batch.tokens[:, :, :9], np.tile(np.eye(9), (5, 1, 1)))
    shown = np.asarray(task.labels)[np.asarray(batch.context)]
    np.testing.assert_array_equal(batch.tokens[:, 1::2, 9:], shown)


def test_items_of_one_class_differ_by_noise_alone() -> None:
    task, batch = draw(n=200, noise=0.0)
    items = np.asarray(batch.tokens[:, ::2, 9:]).reshape(-1, 32)
    gaps = np.abs(items[:, None] - np.asarray(task.means)[None]).max(-1)
    found = gaps.argmin(1).reshape(200, 5)
    assert gaps.min(1).max() < 1e-6
    np.testing.assert_array_equal(found[:, :4] % 8, batch.context)
    np.testing.assert_array_equal(found[:, 4] % 8, batch.answers)
    _, noisy = draw(n=2000, noise=0.5)
    size = (np.asarray(noisy.tokens[:, ::2, 9:]) ** 2).sum(-1).mean()
    assert size == pytest.approx((np.asarray(task.means) ** 2).sum(-1).mean(), rel=0.05)


def test_swapped_labels_are_the_next_ones_and_novel_items_are_new() -> None:
    task, swapped = draw(n=300, kind="swapped", noise=0.0)
    items = np.asarray(swapped.tokens[:, ::2, 9:])
    means = np.asarray(task.means)
    own = np.abs(items[:, :, None] - means[None, None]).max(-1).argmin(-1) % 8
    np.testing.assert_array_equal((own[:, :4] + 1) % 8, swapped.context)
    np.testing.assert_array_equal((own[:, 4] + 1) % 8, swapped.answers)
    _, novel = draw(n=300, kind="novel", noise=0.0)
    new = np.asarray(novel.tokens[:, ::2, 9:])
    assert np.abs(new[:, :, None] - means[None, None]).max(-1).min() > 0.05
    # Items with the label of the answer are the same new item.
    right = np.asarray(novel.context) == np.asarray(novel.answers)[:, None]
    apart = np.abs(new[:, :4] - new[:, 4:]).max(-1)
    assert apart[right].max() < 1e-6 < apart[~right].min()


def test_sequences_from_memory_are_independent_draws_of_all_classes() -> None:
    sizes = SIZES._replace(n_labels=64)
    _, batch = draw(sizes, kind="memory", exponent=1.0)
    shares = np.bincount(np.asarray(batch.answers), minlength=64) / 3000
    law = 1 / np.arange(1, 65)
    law /= law.sum()
    assert np.abs(shares - law).max() < 5 * np.sqrt(law.max() / 3000)
    _, none = draw(sizes, p_bursty=0.0)
    repeated = [len(np.unique(row)) < 4 for row in np.asarray(none.context)]
    # Chance of a repeated class among four of 64: about 6/64.
    assert np.mean(repeated) == pytest.approx(6 / 64, abs=0.025)


def test_bursty_labels_and_places_are_uniform() -> None:
    _, batch = draw(n=8000)
    for labels in (batch.answers, batch.context[:, 0], batch.context[:, 3]):
        shares = np.bincount(np.asarray(labels), minlength=8) / 8000
        assert np.abs(shares - 1 / 8).max() < 5 * np.sqrt(7 / 64 / 8000)
    first = (batch.context[:, 0] == batch.answers).mean()
    assert float(first) == pytest.approx(0.5, abs=0.03)


def test_spare_positions_shift_the_code() -> None:
    _, batch = draw(SIZES._replace(n_positions=12), n=500)
    places = np.asarray(batch.tokens[:, :, :12]).argmax(-1)
    assert (np.diff(places, axis=1) == 1).all()
    assert sorted(set(places[:, 0].tolist())) == [0, 1, 2, 3]


def test_tasks_of_few_classes_lie_within_those_of_many() -> None:
    few, many = (
        burst_sequences.draw_task(rng.root(3), SIZES._replace(n_classes=k))
        for k in (16, 64)
    )
    np.testing.assert_array_equal(few.means, many.means[:16])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n_classes": 4}, "n_classes=4 must be a multiple of n_labels=8 and at least"),
        ({"n_classes": 100}, "choose e.g. 96"),
        (
            {"burstiness": 3},
            "burstiness=3 must divide n_pairs=4: choose one of 1, 2, 4",
        ),
        ({"burstiness": 8}, "burstiness=8 must divide n_pairs=4"),
        ({"n_labels": 2, "burstiness": 1}, "n_labels=2 must be at least"),
        ({"n_positions": 8}, "n_positions=8 must be at least 2 n_pairs"),
        ({"n_content": 0}, "must all be 1 or more"),
    ],
)
def test_sizes_that_make_no_task_are_refused_in_one_sentence(change, said) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        burst_sequences.check(SIZES._replace(**change))
    assert ". " not in str(refused.value).replace("e.g. ", "")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="use one of train, novel, swapped, memory"):
        draw(kind="old")


@pytest.mark.parametrize(
    "change", [{"p_bursty": 2.0}, {"noise": -1.0}, {"exponent": -1.0}]
)
def test_settings_out_of_range_are_refused(change) -> None:
    (name, value) = next(iter(change.items()))
    with pytest.raises(ValueError, match=f"{name}={value} .*choose 0"):
        draw(**change)


def test_draws_are_traced_once() -> None:
    task = burst_sequences.draw_task(rng.root(0), SIZES)
    traced = jax.jit(
        lambda p, e: (
            burst_sequences.draw(
                rng.root(1), task, SIZES, 4, p_bursty=p, noise=e
            ).context
        )
    )
    np.testing.assert_array_equal(
        traced(1.0, 0.1), burst_sequences.draw(rng.root(1), task, SIZES, 4).context
    )
