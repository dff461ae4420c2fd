"""The numbers of figures, as drawn; their files are the same in every run."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from inductive.report import artists, figures, panels, style


@pytest.fixture(autouse=True)
def _style() -> Iterator[None]:
    with plt.rc_context():
        style.use_style()
        yield
    plt.close("all")


def plotted(figure: Figure) -> Any:
    """The table as a reader of the CSV has it."""
    return pd.read_csv(BytesIO(figures.csv_bytes(figure)))


def only(table: Any, kind: str) -> Any:
    assert set(table["artist"]) == {kind}
    return table


def test_lines_and_points_carry_label_colour_look_and_panel() -> None:
    figure, axes = plt.subplots(1, 2)
    style.panel_letters(axes, "AB")
    axes[0].set_title("left one")
    axes[0].plot([1, 2], [0.1, 1 / 3], "--", color="#112233", label="ours")
    axes[1].plot([1.0], [5.0], color="#445566", ls="none", **style.PUBLISHED)
    table = plotted(figure)
    assert list(table.columns) == list(figures.COLUMNS)
    first, last = table.iloc[1], table.iloc[2]
    assert (first["panel"], first["title"]) == ("A", "left one")
    assert (first["artist"], first["label"], first["index"]) == ("line", "ours", 1)
    assert (first["color"], first["look"]) == ("#112233", "--")
    assert (first["x"], first["y"]) == (2, 0.333333)
    assert (last["panel"], last["artist"], last["look"]) == ("B", "points", "o hollow")
    assert last["color"] == "#445566"


def test_bars_of_both_directions_are_ends_of_their_points() -> None:
    figure, ax = plt.subplots()
    ax.errorbar([1, 2], [3, 4], yerr=[[0.5, 0.5], [1, 1]], xerr=0.25, label="both")
    ax.errorbar([7], [8], xerr=[2], fmt="o")
    table = only(plotted(figure), "points with bars")
    assert list(table["label"].fillna("")) == ["both", "both", ""]
    assert table[["x_low", "x_high"]].to_numpy().tolist() == [
        [0.75, 1.25],
        [1.75, 2.25],
        [5, 9],
    ]
    assert table["y_low"].tolist()[:2] == [2.5, 3.5]
    assert table["y_high"].tolist()[:2] == [4, 5]
    assert np.isnan(table["y_low"][2])


def test_bars_whose_ends_are_not_finite_keep_the_others() -> None:
    figure, ax = plt.subplots()
    ax.errorbar([1, 2, 3], [4.0, 5.0, np.nan], [[1, 1, np.nan], [1, np.inf, 1]])
    ax.errorbar([], [], yerr=[], fmt="none")
    table = only(plotted(figure), "points with bars")
    assert table["y_low"].tolist()[:2] == [3, 4]
    assert table["y_high"].tolist()[:2] == [5, np.inf]
    assert np.isnan(table["y_low"][2])


def test_bars_without_points_keep_their_middle_and_ends() -> None:
    figure, ax = plt.subplots()
    ax.bar([0, 1], [2, -3], bottom=[1, 0], label="heights")
    ax.errorbar([0], [5], yerr=[1], fmt="none")
    table = plotted(figure)
    bars = table[table["artist"] == "bar"]
    assert bars["value"].tolist() == [2, -3]
    assert bars["y"].tolist() == [3, -3]
    assert bars["x"].tolist() == [0, 1]
    assert set(bars["label"]) == {"heights"}
    interval = table[table["artist"] == "points with bars"]
    assert np.array(interval[["y", "y_low", "y_high"]]).tolist() == [[5, 4, 6]]


def test_bands_are_their_two_edges() -> None:
    figure, ax = plt.subplots()
    x = np.arange(4.0)
    panels.band(ax, x, x**2, np.full(4, 0.5))
    ax.fill_betweenx([10.0, 20.0], [1.0, 1.0], [0.0, 3.0])
    table = plotted(figure)
    bands = table[table["artist"] == "band"]
    assert bands["x"].tolist()[:4] == x.tolist()
    assert bands["y_low"].tolist()[:4] == (x**2 - 0.5).tolist()
    assert bands["y_high"].tolist()[:4] == (x**2 + 0.5).tolist()
    assert np.array(bands[["y", "x_low", "x_high"]])[4:].tolist() == [
        [10, 0, 1],
        [20, 1, 3],
    ]


@pytest.mark.parametrize("origin", ["upper", "lower"])
def test_maps_give_every_cell_that_has_a_value(origin) -> None:
    figure, ax = plt.subplots()
    ax.imshow([[1.0, np.nan], [3.0, 4.0]], origin=origin, extent=(0, 2, 10, 30))
    table = only(plotted(figure), "map")
    cells = {(x, y): v for x, y, v in table[["x", "y", "value"]].to_numpy()}
    rows = (15, 25) if origin == "lower" else (25, 15)
    assert cells == {(0.5, rows[0]): 1, (0.5, rows[1]): 3, (1.5, rows[1]): 4}
    assert table["index"].tolist() == [0, 2, 3]


def test_image_rows_lie_where_the_picture_has_them() -> None:
    figure, ax = plt.subplots()
    panels.heatmap_with_regions(ax, np.array([[50.0, 90.0], [10.0, 50.0]]))
    table = only(plotted(figure), "map")
    cells = {(x, y): v for x, y, v in table[["x", "y", "value"]].to_numpy()}
    assert cells == {(0, 0): 50, (1, 0): 90, (0, 1): 10, (1, 1): 50}


def test_meshes_and_contours_give_values_and_levels() -> None:
    figure, axes = plt.subplots(1, 3)
    grid = np.add.outer(np.arange(3.0), np.arange(4.0))
    mesh = axes[0].pcolormesh([0, 1, 2, 4, 8], [0, 1, 2, 3], grid)
    figure.colorbar(mesh)
    axes[1].contour(grid, levels=[1.5])
    axes[2].contourf(grid, levels=[0, 2, 4])
    table = plotted(figure)
    cells = table[table["artist"] == "map"]
    assert cells["value"].tolist() == grid.ravel().tolist()
    assert cells["x"].tolist()[:4] == [0.5, 1.5, 3, 6]
    assert set(table["panel"]) == {1, 2, 3}, "the colour bar is no panel"
    line = table[table["artist"] == "contour"]
    assert set(line["value"]) == {1.5}
    assert np.allclose(line["x"] + line["y"], 1.5)
    assert set(table[table["artist"] == "colour band"]["value"]) == {0, 2}


def test_dots_segments_boxes_and_outlines_are_there() -> None:
    figure, ax = plt.subplots()
    ax.scatter([1, 2], [3, 4], c=[5, 6])
    ax.hlines([7.0], 0, 1)
    ax.add_patch(Rectangle((1, 2), 3, 4))
    ax.add_patch(Polygon([(0, 0), (1, 0), (0, 1)]))
    ax.fill([0, 1, 1], [0, 0, 1])
    table = plotted(figure).set_index("artist")
    assert table.loc["points", "value"].tolist() == [5, 6]
    assert table.loc["segments", ["x", "y"]].to_numpy().tolist() == [[0, 7], [1, 7]]
    ends = table.loc["box", ["x_low", "x_high", "y_low", "y_high"]]
    assert ends.tolist() == [1, 4, 2, 6]
    assert table.loc["area", "x"].tolist() == [0, 1, 0, 0, 0, 1, 1, 0]


def test_insets_count_and_decoration_does_not() -> None:
    figure, ax = plt.subplots()
    inset = ax.inset_axes((0.5, 0.5, 0.4, 0.4))
    inset.plot([1], [2], "o")
    panels.zero_line(ax)
    ax.axvline(3)
    ax.axline((0, 0), slope=1)
    ax.axvspan(0, 1)
    ax.text(0, 0, "a word")
    ax.annotate("", (0, 0), (1, 1), arrowprops={"arrowstyle": "->"})
    ax.plot([8], [9], "o")[0].set_visible(False)
    table = plotted(figure)
    assert table[["panel", "x", "y"]].to_numpy().tolist() == [[2, 1, 2]]


def test_an_empty_figure_has_an_empty_table() -> None:
    assert plotted(plt.subplots()[0]).empty


def test_long_curves_and_large_maps_are_thinned_but_points_are_not() -> None:
    figure, axes = plt.subplots(1, 3)
    x = np.linspace(0, 1, 400)
    axes[0].plot(x, x)
    axes[1].plot(x, x, ".")
    axes[2].imshow(np.outer(x[::4], x[::4]))
    table = plotted(figure)
    counts = table["artist"].value_counts()
    assert counts["line"] == artists.CURVE_POINTS
    assert counts["points"] == 400
    assert artists.MAP_CELLS * 0.9 < counts["map"] <= artists.MAP_CELLS
    curve = table[table["artist"] == "line"]
    assert (curve["x"].min(), curve["x"].max()) == (0, 1)


def test_large_tables_are_thinned_until_they_are_small() -> None:
    figure, axes = plt.subplots(2, 3)
    for ax in axes.flat:
        ax.imshow(np.random.default_rng(0).normal(size=(50, 50)))
    content = figures.csv_bytes(figure)
    assert figures.CSV_BYTES / 4 < len(content) <= figures.CSV_BYTES
    table = plotted(figure)
    assert set(table["panel"]) == set(range(1, 7))
    assert (table["x"].min(), table["x"].max()) == (0, 49)


def test_files_are_the_same_twice_and_name_no_time_or_version(tmp_path: Path) -> None:
    def draw() -> Figure:
        figure, axes = plt.subplots(1, 2)
        axes[0].errorbar([1, 2], [3, 4], [0.1, 0.2], fmt="o", label="$x_1$")
        axes[0].legend()
        axes[1].imshow([[1.0, 2.0]])
        return figure

    for name in ("one", "two"):
        figures.write(draw(), tmp_path / "made", name)
    for suffix in ("csv", "svg"):
        one, two = ((tmp_path / "made" / f"{n}.{suffix}") for n in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()
    svg = (tmp_path / "made" / "one.svg").read_text()
    assert "<text" in svg, "text stays text"
    assert matplotlib.__version__ not in svg
    assert "dc:date" not in svg


def test_a_heavy_svg_holds_pictures_and_is_small() -> None:
    figure, ax = plt.subplots()
    x, y = np.random.default_rng(0).normal(size=(2, 20_000))
    (dots,) = ax.plot(x, y, ".")
    ax.plot([0, 1], [0, 1], label="light")
    content = figures.svg_bytes(figure)
    assert len(content) <= figures.SVG_BYTES
    assert b"data:image/png" in content
    assert b"<text" in content
    assert not dots.get_rasterized()


def test_coordinates_of_an_svg_are_short_and_its_text_is_as_written() -> None:
    figure, ax = plt.subplots(figsize=(2, 2))
    ax.plot([0, 1 / 3, 1], [0.123456, 2 / 3, 1], label="k = 0.123456")
    ax.legend()
    svg = figures.svg_bytes(figure).decode()
    assert "k = 0.123456" in svg
    paths = re.findall(r' d="([^"]*)"', svg)
    numbers = [float(word) for path in paths for word in re.findall(r"[-\d.]+", path)]
    assert len(numbers) > 20
    assert numbers == [round(number, 2) for number in numbers]
    points = ax.transData.transform([(0, 0.123456), (1 / 3, 2 / 3), (1, 1)])
    expected = points * 72 / figure.dpi * (1, -1) + (0, 144)  # SVG counts from the top
    drawn = [np.array(re.findall(r"[-\d.]+", path), float) for path in paths]
    curves = [numbers.reshape(3, 2) for numbers in drawn if len(numbers) == 6]
    assert any(np.allclose(curve, expected, rtol=0, atol=0.006) for curve in curves)


def test_recording_needs_a_folder(tmp_path: Path, monkeypatch) -> None:
    figure, ax = plt.subplots()
    ax.plot([1, 2])
    monkeypatch.delenv(figures.FOLDER, raising=False)
    figures.record(figure, b"png")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv(figures.FOLDER, str(tmp_path))
    figures.record(figure, b"png")
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".csv", ".svg"]
