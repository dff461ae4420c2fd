"""Learning curves beside published ones."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer

from inductive.report.panels import learning_curve

PUBLISHED = pd.DataFrame(
    {"n_train": [64, 16, 32], "ratio_mean": [0.1, 1.0, 0.5], "ratio_sd": 0.1, "n": 4}
)


def bars(ax: Axes) -> list[ErrorbarContainer]:
    """Curves with bars, in the order of drawing."""
    return [c for c in ax.containers if isinstance(c, ErrorbarContainer)]


def test_means_are_drawn_with_two_standard_errors() -> None:
    _, ax = plt.subplots()
    values = np.array([[0.5, 1.5], [0.2, 0.4]])
    assert learning_curve(ax, np.array([16, 32]), values) is None
    (curve,) = bars(ax)
    line, (segments,) = curve.lines[0], curve.lines[2]
    np.testing.assert_allclose(np.asarray(line.get_ydata()), [1.0, 0.3])
    # Two standard errors are 1.0 and 0.2; the first bar may not reach zero.
    ends = [segment[:, 1] for segment in segments.get_segments()]
    np.testing.assert_allclose(ends, [[0.1, 2.0], [0.1, 0.5]])


def test_one_seed_has_no_bars() -> None:
    _, ax = plt.subplots()
    learning_curve(ax, np.array([16]), np.array([[1.0]]))
    assert not bars(ax)[0].has_yerr


def test_published_means_are_hollow_and_returned_beside_ours() -> None:
    _, ax = plt.subplots()
    values = np.array([[0.3], [0.6], [0.1]])
    both = learning_curve(ax, np.array([16, 32, 128]), values, PUBLISHED)
    assert both is not None
    expected = pd.DataFrame({"ours": [0.3, 0.6], "published": [1.0, 0.5]}, [16, 32])
    pd.testing.assert_frame_equal(
        both, expected, check_names=False, check_index_type=False
    )
    ours, theirs = (curve.lines[0] for curve in bars(ax))
    assert theirs.get_markerfacecolor() == "white"
    assert ours.get_markerfacecolor() != "white"
    assert np.asarray(theirs.get_ydata()) == pytest.approx([1.0, 0.5, 0.1])
