"""Colours stay apart, pictures are small and repeatable, the style is light."""

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from nbclient import NotebookClient
from PIL import Image

from inductive.report import style

# Machado, Oliveira, Fernandes (2009), severity 1, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "deuteranopia": np.array(
        [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]
    ),
    "protanopia": np.array(
        [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]
    ),
}


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    with mpl.rc_context():
        yield
    plt.close("all")


def lab(color: str, vision: np.ndarray) -> np.ndarray:
    """CIE L*a*b* (D65) of a colour as seen with a colour vision."""
    rgb = np.array(to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(vision @ linear, 0, 1)
    to_xyz = [
        [0.4124, 0.3576, 0.1805],
        [0.2126, 0.7152, 0.0722],
        [0.0193, 0.1192, 0.9505],
    ]
    xyz = np.array(to_xyz) @ seen / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISION)
def test_the_classes_of_a_panel_stay_apart_under_colour_blindness(vision: str) -> None:
    drawn = [style.CLASS_COLORS[name] for name in ("train", "exc", "within", "cross")]
    for one, other in itertools.combinations(drawn, 2):
        gap = np.linalg.norm(lab(one, VISION[vision]) - lab(other, VISION[vision]))
        assert gap > 25, (one, other)


def test_every_class_has_a_colour_of_its_own_and_a_label() -> None:
    assert len(set(style.CLASS_COLORS.values())) == len(style.CLASS_COLORS)
    assert style.CLASS_LABELS.keys() == style.CLASS_COLORS.keys()


def gradient() -> Figure:
    """A colour bar's worth of colours with a few thin lines on it."""
    fig, ax = plt.subplots(figsize=(style.PAGE_WIDTH, 2))
    ax.imshow(np.arange(512)[None], cmap=style.DIVERGING, aspect="auto")
    ax.axvline(100, color=style.CLASS_COLORS["exc"])
    return fig


def test_pictures_have_the_page_width_and_true_colours() -> None:
    style.use_style()
    picture = Image.open(BytesIO(style.png_bytes(gradient())))
    assert picture.width == 960
    full = BytesIO()
    gradient().savefig(full, dpi=150)
    expected = np.asarray(Image.open(full).convert("RGB")).astype(int)
    assert np.abs(np.asarray(picture.convert("RGB")) - expected).max() <= 16
    assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_equal_figures_give_equal_bytes_without_a_version() -> None:
    style.use_style()
    first = style.png_bytes(gradient())
    assert style.png_bytes(gradient()) == first
    assert b"atplotlib" not in first
    assert Image.open(BytesIO(first)).info.keys() <= {"transparency"}


def test_panel_letters_stand_on_the_left() -> None:
    _, axes = plt.subplots(1, 2)
    style.panel_letters(axes, "DH")
    assert [ax.get_title(loc="left") for ax in axes] == ["D", "H"]


def test_a_notebook_shows_one_small_png_whatever_the_backend(tmp_path: Path) -> None:
    source = (
        "import matplotlib.pyplot as plt\n"
        "from inductive.report import style\n"
        "style.use_style()\n"
        "fig, ax = plt.subplots(); ax.plot([0, 1]);"
    )
    cells = [nbformat.v4.new_code_cell(source)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    env = {**os.environ, "MPLBACKEND": "agg"}
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute(
        cwd=tmp_path, env=env
    )
    pictures = [
        output.data["image/png"]
        for output in notebook.cells[0].outputs
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == 1
    assert len(pictures[0]) < 80_000


def test_style_and_panels_load_neither_jax_nor_ipython() -> None:
    code = (
        "import sys; from inductive.report import panels, published, style;"
        "style.use_style();"
        "print(sorted({'jax', 'IPython'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
