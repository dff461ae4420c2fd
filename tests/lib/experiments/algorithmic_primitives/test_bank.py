"""All vectors of a pretraining, from few traces, and the shipped ones."""

import numpy as np
import pytest

from inductive.experiments.algorithmic_primitives import (
    bank,
    checkpoint,
    geometry,
    labels,
    states,
    vectors,
)
from inductive.experiments.algorithmic_primitives.bank import Bank, Walks
from inductive.experiments.algorithmic_primitives.states import Walk
from inductive.models.decoder_lm import Decoder
from inductive.tasks import reasoning_traces as traces

pytestmark = pytest.mark.usefixtures("unchecked")


@pytest.fixture(scope="module")
def found(made: tuple[Walks, Bank]) -> Bank:
    return made[1]


@pytest.fixture(scope="module", params=["few traces", "shipped"])
def either(request: pytest.FixtureRequest, found: Bank) -> Bank:
    return found if request.param == "few traces" else checkpoint.bank(0)


def test_traces_of_the_base_model_have_all_instructions(walked: Walks) -> None:
    told = {(task, hint) for net, task, hint in walked if net == "B"}
    expected = {(task, hint) for task in "GTS" for hint in (None, "<v>")}
    expected |= {("G", "<m>"), ("G", "<e>"), ("T", "<m>"), ("T", "<n>")}
    assert told == expected
    of_finetuned = {key[1:] for key in walked if key[0] == "F"}
    assert of_finetuned == {(task, None) for task in "GTS"}
    assert len({len(walk.text.tokens) for walk in walked.values() if walk.text}) == 1


def test_an_instruction_stands_in_each_prompt_that_has_one(walked: Walks) -> None:
    for (_, task, hint), walk in walked.items():
        assert walk.text is not None
        texts = [traces.decode(tokens) for tokens in walk.text.tokens]
        assert all(f"<{task}>" in text for text in texts)
        for mark in ("<v>", "<m>", "<n>", "<e>"):
            assert all((f" {mark} | " in text) == (mark == hint) for text in texts)


def test_names_are_those_of_the_shipped_bank(found: Bank) -> None:
    assert list(found.units) == list(checkpoint.bank(0).units)
    assert set(geometry.NAMES) <= set(found.units)
    assert len(found.units) == 73


def test_vectors_have_length_1_but_for_raw_shuffles(either: Bank) -> None:
    for name, unit in either.units.items():
        assert unit.shape == (4, 128)
        lengths = np.linalg.norm(unit, axis=1)
        if name.startswith("raw"):
            base = name.split(maxsplit=3)[3]
            expected = either.lengths[name.removeprefix("raw ")] / either.lengths[base]
            np.testing.assert_allclose(lengths, expected, rtol=1e-5)
        else:
            np.testing.assert_allclose(lengths, 1, rtol=1e-5)
            assert (either.lengths[name] > 0).all()


def test_parts_of_a_vector_add_up_to_it(either: Bank) -> None:
    for name in ("VER[S]", "VER[GS]", "ALT[G]"):
        parts = (f"{name} outside", f"{name} inside")
        raw = {n: either.units[n] * either.lengths[n][:, None] for n in (name, *parts)}
        np.testing.assert_allclose(
            raw[parts[0]] + raw[parts[1]],
            raw[name],
            atol=1e-4 * np.abs(raw[name]).max(),
        )
        products = np.sum(either.units[parts[0]] * either.units[parts[1]], axis=1)
        np.testing.assert_allclose(products, 0, atol=1e-5)


def test_vectors_outside_raise_no_opcode(either: Bank, base: Decoder) -> None:
    opcodes = vectors.unit(vectors.unembedding(base, bank.OPCODES))
    names = vectors.unit(vectors.unembedding(base, range(18, 26)))
    for name, unit in either.units.items():
        if name.endswith("outside"):
            np.testing.assert_allclose(unit @ opcodes.T, 0, atol=1e-5)
    other = either.units["VER[S] outside names"]
    np.testing.assert_allclose(other @ names.T, 0, atol=1e-5)
    assert np.abs(other @ opcodes.T).max() > 0.1


def test_contrasts_are_those_of_decisions_after_a_candidate(
    found: Bank, walked: Walks
) -> None:
    gen = traces.LABELS.index("GEN")

    def mean(hint: str | None) -> tuple[np.ndarray, int]:
        walk = walked["B", "S", hint]
        here = (walk.following > 0) & (walk.labels == gen)
        return walk.streams[:, here].mean(1), int(here.sum())

    (told, n_told), (plain, n_plain) = mean("<v>"), mean(None)
    assert min(n_told, n_plain) >= 8
    np.testing.assert_allclose(
        found.lengths["VER[S]"][:, None] * found.units["VER[S]"],
        told - plain,
        atol=1e-3,
    )


def test_a_contrast_of_two_tasks_lies_between_those_of_each(found: Bank) -> None:
    one, other, both = (
        found.units[n] * found.lengths[n][:, None]
        for n in ("VER[G]", "VER[S]", "VER[GS]")
    )
    share = np.sum((both - other) * (one - other)) / np.sum((one - other) ** 2)
    assert 0 < share < 1
    np.testing.assert_allclose(both, share * one + (1 - share) * other, atol=1e-3)


def test_the_difference_of_decoders_is_that_at_the_same_texts(
    walked: Walks, base: Decoder, finetuned: Decoder, found: Bank
) -> None:
    assert not bank.difference(walked, base).any()
    each = []
    for task in traces.TASKS:
        plain = walked["B", task, None]
        here = (plain.following > 0) & (plain.labels == traces.LABELS.index("GEN"))
        again = states.reread(finetuned, plain)
        each.append(again[:, here].mean(1) - plain.streams[:, here].mean(1))
    raw = found.units["F - B"] * found.lengths["F - B"][:, None]
    np.testing.assert_allclose(raw, np.mean(each, 0), atol=1e-3)


def test_lengths_of_the_stream_are_those_on_plain_tours(
    found: Bank, walked: Walks
) -> None:
    streams = walked["B", "T", None].streams
    expected = [np.linalg.norm(block, axis=-1).mean() for block in streams]
    np.testing.assert_allclose(found.residuals, expected, rtol=1e-5)


def test_random_directions_differ(either: Bank) -> None:
    units = np.stack([either.units[f"random {k}"] for k in range(bank.N_CONTROLS)])
    cosines = np.einsum("kld,jld->lkj", units, units)
    off = cosines[:, ~np.eye(5, dtype=bool)]
    assert np.abs(off).max() < 0.4


def test_a_bank_is_kept_in_arrays(found: Bank) -> None:
    kept = bank.arrays(found)
    assert {a.dtype.kind for a in kept.values()} == {"U", "f"}
    again = bank.of_arrays(kept)
    assert list(again.units) == list(found.units)
    for name, unit in found.units.items():
        np.testing.assert_allclose(again.units[name], unit, atol=1e-6)
        if name in found.lengths:
            np.testing.assert_allclose(
                again.lengths[name], found.lengths[name], rtol=1e-5
            )
        else:
            assert name.startswith("raw shuffled")
            assert np.isnan(again.lengths[name]).all()
    np.testing.assert_allclose(again.residuals, found.residuals, rtol=1e-6)


def test_clusters_find_directions_whatever_their_lengths() -> None:
    drawn = np.random.default_rng(0)
    which = drawn.integers(3, size=120)
    points = 20 * np.eye(3, 6)[which] + drawn.normal(size=(120, 6))
    points *= drawn.uniform(0.01, 100, size=(120, 1))
    found = labels.cluster(points, 3)
    pairs = set(zip(which.tolist(), found.tolist(), strict=True))
    assert len(pairs) == 3
    np.testing.assert_array_equal(found, labels.cluster(points, 3, 0))


def _walk(points: np.ndarray, labels: np.ndarray) -> Walk:
    streams = np.repeat(points[None], 4, 0)
    zeros = np.zeros(len(points), int)
    heads = np.zeros((4, len(points), 1, 1, 1))
    return Walk(streams, heads, zeros, labels, zeros, zeros, zeros, None)


@pytest.mark.parametrize("sizes", [(80, 70, 60), (80, 70, 10)])
def test_clusters_that_hold_mostly_the_label_make_its_vector(
    sizes: tuple[int, ...],
) -> None:
    """Of two pure ones, the smaller counts only where it has 50 tokens."""
    which = np.repeat(range(3), sizes)
    noise = 0.01 * np.random.default_rng(0).normal(size=(len(which), 4))
    points = np.eye(3, 4)[which] + noise
    has_label = which > 0
    found = labels._of_cluster(_walk(points, which), has_label, 3)
    chosen = has_label if sizes[2] >= 50 else which == 1
    expected = points[chosen].mean(0) - points.mean(0)
    np.testing.assert_allclose(found, [expected] * 4)


def test_without_such_a_cluster_the_purest_makes_it() -> None:
    which = np.repeat(range(3), 60)
    points = np.eye(3, 4)[which]
    points += 0.01 * np.random.default_rng(0).normal(size=points.shape)
    has_label = np.arange(180) % 60 < np.array([10, 25, 20])[which]
    found = labels._of_cluster(_walk(points, which), has_label, 3)
    expected = points[which == 1].mean(0) - points.mean(0)
    np.testing.assert_allclose(found, [expected] * 4)
