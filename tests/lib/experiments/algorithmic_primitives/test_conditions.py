"""Conditions as text: read, written, and what they add to the stream."""

import numpy as np
import pytest

from inductive.experiments.algorithmic_primitives import conditions
from inductive.experiments.algorithmic_primitives.bank import Bank
from inductive.experiments.algorithmic_primitives.conditions import Condition

TEXTS = {
    "none": Condition((), False),
    "0.4*VER[S]@3": Condition(((0.4, "VER[S]", 3),), False),
    "-0.8*F - B outside@1; gated": Condition(((-0.8, "F - B outside", 1),), True),
    "0.3*VER[GS]@3 + -0.25*raw shuffled 0 ALT[G]@3": Condition(
        ((0.3, "VER[GS]", 3), (-0.25, "raw shuffled 0 ALT[G]", 3)), False
    ),
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_condition_is_read(text: str) -> None:
    assert conditions.read(text) == TEXTS[text]


@pytest.mark.parametrize("text", TEXTS)
def test_a_condition_is_written_as_it_is_read(text: str) -> None:
    terms, gated = conditions.read(text)
    block = terms[0][2] if terms else 3
    pairs = [(coefficient, name) for coefficient, name, _ in terms]
    assert conditions.write(*pairs, block=block, gated=gated) == text


@pytest.mark.parametrize("coefficient", [1e-5, -2.5e-7, 1e6, 3.0, 0.25])
def test_any_coefficient_is_read_back(coefficient: float) -> None:
    terms, _ = conditions.read(conditions.write((coefficient, "VER[S]")))
    assert terms == ((coefficient, "VER[S]", 3),)


@pytest.mark.parametrize("number", [".5", "0.5", "-1.", "1e3", "2.5e-7"])
def test_a_coefficient_is_any_decimal_number(number: str) -> None:
    assert conditions.read(f"{number}*X@3").terms == ((float(number), "X", 3),)


def test_terms_without_coefficient_are_left_out() -> None:
    assert conditions.write((0.0, "a"), (0.5, "b")) == "0.5*b@3"
    assert conditions.write((0.0, "a"), gated=True) == conditions.NONE
    assert conditions.write() == conditions.NONE


@pytest.mark.parametrize(
    "text",
    ["", "VER[S]", "0.4*VER[S]", "0.4 VER[S]@3", "0.4*@3", "1.2.3*X@3", "none; gated"],
)
def test_a_text_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="write terms such as") as error:
        conditions.read(text)
    assert repr(text) in str(error.value)


@pytest.mark.parametrize("block", [0, 5, 33])
def test_a_block_that_does_not_exist_is_named(block: int) -> None:
    with pytest.raises(ValueError, match=f"names block {block}: choose 1 to 4"):
        conditions.read(f"0.4*VER[S]@3 + 0.4*VER[S]@{block}")


@pytest.fixture
def bank() -> Bank:
    drawn = np.random.default_rng(0).normal(size=(2, 4, 128))
    one, other = drawn / np.linalg.norm(drawn, axis=-1, keepdims=True)
    lengths = {"one": np.ones(4), "other": np.ones(4)}
    return Bank(
        {"one": one, "other": other}, lengths, np.array([8.0, 10.0, 12.0, 14.0])
    )


def test_a_vector_is_added_in_units_of_the_stream(bank: Bank) -> None:
    for block in range(1, 5):
        text = conditions.write((-0.4, "one"), block=block)
        added = conditions.directions(conditions.read(text), bank)
        sizes = np.zeros(4)
        sizes[block - 1] = 0.4 * bank.residuals[block - 1]
        np.testing.assert_allclose(np.linalg.norm(added, axis=1), sizes, rtol=1e-6)
        cosine = added[block - 1] @ bank.units["one"][block - 1] / sizes[block - 1]
        assert cosine == pytest.approx(-1, abs=1e-6)
        assert added.dtype == np.float32


def test_terms_add_up_block_by_block(bank: Bank) -> None:
    found = conditions.directions(
        conditions.read("0.2*one@2 + 0.1*other@2 + -0.3*one@4"), bank
    )
    one, other = bank.units["one"], bank.units["other"]
    expected = np.zeros((4, 128))
    expected[1] = 10 * (0.2 * one[1] + 0.1 * other[1])
    expected[3] = -14 * 0.3 * one[3]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_no_term_adds_nothing(bank: Bank) -> None:
    assert not conditions.directions(conditions.read("none"), bank).any()


def test_an_unknown_vector_is_named(bank: Bank) -> None:
    with pytest.raises(
        ValueError, match="no vector is called 'third': choose one of one, other"
    ):
        conditions.directions(conditions.read("0.1*one@1 + 0.4*third@3"), bank)
