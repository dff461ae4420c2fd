"""Rows give the documents back, first fit, with labels and targets."""

import numpy as np
import pytest

from inductive.tasks import reasoning_traces as traces


def _unpacked(rows: traces.Rows) -> list[list[int]]:
    found = []
    for tokens, numbers in zip(rows.tokens, rows.documents, strict=True):
        for number in range(1, numbers.max() + 1):
            found.append(tokens[numbers == number].tolist())
    return found


def _first_fit(lengths: list[int], width: int) -> list[int]:
    """Row of each document, one row after another."""
    filled, rows = [], []
    for length in lengths:
        fitting = [k for k, used in enumerate(filled) if used + length <= width]
        row = fitting[0] if fitting else len(filled)
        filled += [] if fitting else [0]
        filled[row] += length
        rows.append(row)
    return rows


@pytest.mark.parametrize("width", [256, 100])
def test_rows_give_back_all_documents_that_fit(
    base: list[traces.Document], width: int
) -> None:
    documents = base[:1200]
    rows = traces.pack(documents, width)
    kept = [d.tokens for d in documents if len(d.tokens) <= width]
    assert 0 < len(kept) < len(documents)
    places = _first_fit(list(map(len, kept)), width)
    expected = [kept[k] for k in np.argsort(places, kind="stable")]
    assert _unpacked(rows) == expected
    assert rows.tokens.shape == (max(places) + 1, width)


def test_documents_are_contiguous_and_numbered(base: list[traces.Document]) -> None:
    rows = traces.pack(base[:500])
    assert all(array.shape == rows.tokens.shape for array in rows)
    for numbers in rows.documents:
        used = numbers[numbers > 0]
        assert used[0] == 1
        assert set(np.diff(used)) <= {0, 1}
        assert (numbers[len(used) :] == 0).all()
    np.testing.assert_array_equal(rows.documents == 0, rows.tokens == 0)


def test_labels_and_targets_are_those_of_the_documents(
    base: list[traces.Document],
) -> None:
    rows = traces.pack(base[:500])
    for k in range(0, len(rows.tokens), 7):
        for number in range(1, rows.documents[k].max() + 1):
            inside = rows.documents[k] == number
            tokens = rows.tokens[k][inside]
            np.testing.assert_array_equal(
                rows.labels[k][inside], traces.labels_of(tokens)
            )
            bar = traces.decode(tokens).split().index("|")
            target = np.arange(len(tokens)) > bar
            np.testing.assert_array_equal(rows.is_target[k][inside], target)
    assert not rows.labels[rows.documents == 0].any()
    assert not rows.is_target[rows.documents == 0].any()


def test_rows_are_nearly_full(base: list[traces.Document]) -> None:
    rows = traces.pack(base)
    assert (rows.documents == 0).mean() < 0.09


def test_nothing_to_pack(base: list[traces.Document]) -> None:
    for documents in ([], base[:5]):
        rows = traces.pack(documents, 8)
        assert rows.tokens.shape == rows.is_target.shape == (0, 8)
    with pytest.raises(ValueError, match="width=0: choose 1 or more tokens"):
        traces.pack(base[:5], 0)
