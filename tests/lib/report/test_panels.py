"""Panels draw the marks, positions and intervals that they are given."""

from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from inductive.report import panels
from inductive.report.style import CLASS_COLORS, use_style


@pytest.fixture
def ax() -> Iterator[Axes]:
    with mpl.rc_context():
        use_style()
        yield plt.figure().add_subplot()
    plt.close("all")


def triangle(n: int) -> np.ndarray:
    return np.where(np.triu(np.ones((n, n)), 1) > 0, 75.0, np.nan)


def segments(ax: Axes, color: str) -> set[tuple[tuple[float, float], ...]]:
    """Unit edges of the outlines in one colour, each with its ends in order."""
    edges = [
        segment
        for lines in ax.collections
        if isinstance(lines, LineCollection)
        and np.allclose(lines.get_color(), to_rgba(color))
        for segment in lines.get_segments()
    ]
    return {tuple(sorted(map(tuple, np.asarray(edge).tolist()))) for edge in edges}


def test_outlines_run_around_a_region_and_not_through_it(ax: Axes) -> None:
    pairs = [(0, 3), (0, 4), (1, 3)]
    panels.heatmap_with_regions(ax, triangle(5), cross=pairs)
    edges = segments(ax, CLASS_COLORS["cross"])
    assert len(edges) == 8  # three cells, two shared edges: 3 * 4 - 2 * 2
    assert ((3.5, -0.5), (3.5, 0.5)) not in edges  # between (0, 3) and (0, 4)
    assert ((2.5, -0.5), (2.5, 0.5)) in edges
    assert ((2.5, 1.5), (3.5, 1.5)) in edges


def test_boxes_sit_on_their_cells_in_the_colour_of_their_class(ax: Axes) -> None:
    panels.heatmap_with_regions(ax, triangle(4), trained=[(0, 1)], cycle=[(1, 3)])
    boxes = {
        tuple(np.round(box.get_center()).astype(int).tolist()): box.get_edgecolor()
        for box in ax.patches
        if isinstance(box, Rectangle)
    }
    # Axes coordinates are (item 2, item 1).
    assert boxes == {
        (1, 0): to_rgba(CLASS_COLORS["train"]),
        (3, 1): to_rgba(CLASS_COLORS["exc"]),
    }


def test_grey_is_at_the_centre_and_the_ends_are_red_and_blue(ax: Axes) -> None:
    image = panels.heatmap_with_regions(ax, triangle(3), vmin=0, vmax=200, center=50)
    red, grey, blue = image.to_rgba(np.array([0.0, 50.0, 200.0]))
    assert np.ptp(grey[:3]) < 0.01
    assert red[0] > red[2] + 0.3
    assert blue[2] > blue[0] + 0.3


def test_numbers_and_labels_of_an_upper_triangle(ax: Axes) -> None:
    panels.heatmap_with_regions(ax, triangle(4), fmt=".0f", label_every=2)
    assert [text.get_text() for text in ax.texts] == ["75"] * 6
    assert [t.get_text() for t in ax.get_yticklabels()] == ["$I_{1}$", "$I_{3}$"]
    assert ax.get_xlim() == (0.5, 3.5)
    assert ax.get_ylim() == (2.5, -0.5)


def test_a_full_square_is_shown_whole(ax: Axes) -> None:
    panels.heatmap_with_regions(ax, np.ones((3, 3)), center=None)
    assert ax.get_xlim() == (-0.5, 2.5)
    assert ax.get_ylim() == (2.5, -0.5)


def test_heat_maps_refuse_what_is_not_square(ax: Axes) -> None:
    with pytest.raises(ValueError, match="square"):
        panels.heatmap_with_regions(ax, np.ones((2, 3)))


def test_a_colour_bar_and_a_legend_name_what_they_show(ax: Axes) -> None:
    image = panels.heatmap_with_regions(ax, triangle(3))
    bar = panels.colorbar(image, ax, "votes (%)")
    assert bar.ax.get_ylabel() == "votes (%)"
    assert isinstance(ax.figure, Figure)
    for target in (ax, ax.figure):
        legend = panels.class_legend(target, ["train", "cross"], outline=True)
        assert [t.get_text() for t in legend.get_texts()] == [
            "trained",
            "cross-section",
        ]


POINTS = pd.DataFrame(
    {
        "group": ["a"] * 4 + ["b"] * 2,
        "pair_class": ["train", "train", "cross", "cross", "train", "train"],
        "accuracy": [90.0, 100.0, 40.0, 60.0, 100.0, 100.0],
    }
)
POOLED = pd.DataFrame(
    {
        "group": ["b", "a", "a"],
        "pair_class": ["train", "train", "cross"],
        "accuracy": [100.0, 95.0, 50.0],
        "low": [98.0, 93.0, 47.0],
        "high": [100.0, 96.0, 54.0],
    }
)


def test_violins_carry_the_given_intervals_in_the_given_order(ax: Axes) -> None:
    artists = panels.violins_with_intervals(ax, POINTS, POOLED, group="group")
    assert [t.get_text() for t in ax.get_xticklabels()] == ["b", "a"]
    assert set(artists) == {("b", "train"), ("a", "train"), ("a", "cross")}
    (bars,) = artists["a", "cross"].interval.lines[2]
    assert bars.get_segments()[0][:, 1].tolist() == [47.0, 54.0]
    dots = artists["a", "train"].dots.get_offsets()
    assert sorted(np.asarray(dots)[:, 1]) == [90.0, 100.0]
    assert (np.asarray(dots)[:, 0] < 1).all()  # left of its group's centre
    assert artists["b", "train"].body is None  # equal values have no density
    assert artists["a", "train"].body is not None


def test_published_dots_are_rings(ax: Axes) -> None:
    artists = panels.violins_with_intervals(
        ax, POINTS, POOLED, group="group", hollow=True
    )
    dots = artists["a", "cross"].dots
    assert len(np.asarray(dots.get_facecolor())) == 0
    ring = np.asarray(dots.get_edgecolor())[0, :3]
    np.testing.assert_allclose(ring, to_rgba(CLASS_COLORS["cross"])[:3])


def test_a_class_without_a_colour_is_an_error(ax: Axes) -> None:
    with pytest.raises(KeyError, match="cross"):
        panels.violins_with_intervals(
            ax, POINTS, POOLED, group="group", colors={"train": "black"}
        )


def test_a_band_reaches_half_its_width_to_both_sides(ax: Axes) -> None:
    line, shade = panels.band(ax, np.arange(3), np.ones(3), np.full(3, 0.5), color="C1")
    heights = np.asarray(shade.get_paths()[0].vertices)[:, 1]
    assert (heights.min(), heights.max()) == (0.5, 1.5)
    np.testing.assert_allclose(
        np.asarray(shade.get_facecolor())[0, :3], to_rgba("C1")[:3]
    )
    assert line.get_color() == "C1"


def test_a_scatter_lies_on_equal_axes_with_the_identity(ax: Axes) -> None:
    points, line = panels.scatter_identity(
        ax, np.arange(3), np.arange(3), y_err=np.ones(3)
    )
    assert ax.get_aspect() == 1
    assert line.get_slope() == 1
    assert len(points.lines[2]) == 1


def test_a_reference_line_stays_behind(ax: Axes) -> None:
    line = panels.zero_line(ax, 50, ls="--")
    assert set(np.asarray(line.get_ydata())) == {50}
    assert line.get_zorder() == 0
