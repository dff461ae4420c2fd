"""One look for the whole book: sizes, colours, markers, and notebook pictures."""

import string
import sys
from collections.abc import Iterable
from io import BytesIO
from typing import Any, Final

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from PIL import Image

from inductive.report import figures

PAGE_WIDTH: Final = 6.4
"""Width of a figure across the page, in inches."""

HALF_WIDTH: Final = 3.1
"""Width of a figure that takes half of the page, in inches."""

OKABE_ITO: Final = {
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "black": "#000000",
    "grey": "#767676",
}
"""Colours that stay apart under colour blindness; the default cycle of curves."""

CLASS_COLORS: Final = {
    "train": "#000000",
    "exc": "#E69F00",
    "within": "#009E73",
    "cross": "#7B3294",
    "half": "#7A9CC6",
    "cycle_nogt": "#8C510A",
}
"""Colour of each class of pairs, in every chapter that has such classes."""

CLASS_LABELS: Final = {
    "train": "trained",
    "exc": "trained, exception cycle",
    "within": "within-section",
    "cross": "cross-section",
    "half": "one item in the cycle",
    "cycle_nogt": "both items in the cycle",
}
"""What each class of pairs is called in legends."""

DIVERGING: Final = LinearSegmentedColormap.from_list(
    "red_grey_blue", ["#B2182B", "#D9D9D9", "#2166AC"]
).with_extremes(bad="white")
"""Red below the centre, grey at it, blue above; missing values are white."""

THEORY: Final[dict[str, Any]] = {"color": "black", "lw": 0.9, "zorder": 5}
"""Keywords of a theory curve: thin, black, above the simulation."""

PUBLISHED: Final[dict[str, Any]] = {
    "marker": "o",
    "markersize": 4.5,
    "markerfacecolor": "white",
    "markeredgewidth": 1.0,
}
"""Keywords of ``plot`` and ``errorbar`` for published values: hollow markers."""

OURS: Final[dict[str, Any]] = {"marker": "o", "markersize": 4.5, "markeredgewidth": 0}
"""Keywords of ``plot`` and ``errorbar`` for our values: filled markers."""

_RC: Final[Any] = {
    "figure.constrained_layout.use": True,
    "figure.dpi": 150,
    "figure.facecolor": "white",
    "figure.figsize": (PAGE_WIDTH, 2.8),
    "savefig.dpi": 150,
    "savefig.facecolor": "white",
    "savefig.format": "png",
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.labelsize": 8.5,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "lines.linewidth": 1.4,
    "lines.markersize": 4.5,
    "axes.prop_cycle": cycler(color=list(OKABE_ITO.values())),
    "image.cmap": "cividis",
}


def use_style() -> None:
    """Set the look of every figure drawn from now on.

    In a notebook, also shows each figure as :func:`png_bytes`, whatever ``MPLBACKEND``
    says. Elsewhere, and in IPython on a terminal, only Matplotlib's settings change.
    """
    _show_png()
    mpl.rcParams.update(_RC)


def png_bytes(figure: Figure) -> bytes:
    """The figure as a small PNG: exactly its size in inches at 150 dpi, 256 colours.

    Equal figures give equal bytes: neither a version nor a time is written. A figure
    of the page width takes 20 to 70 KB, a third of Matplotlib's own file.
    """
    full, small = BytesIO(), BytesIO()
    figure.savefig(full, format="png", dpi=150, bbox_inches=None)
    # Median cut would merge rare colours; maximum coverage keeps colour scales intact.
    palette = Image.Quantize.MAXCOVERAGE
    image = Image.open(full).convert("RGB")
    reduced = image.quantize(256, palette, kmeans=1, dither=Image.Dither.NONE)
    reduced.save(small, "PNG", optimize=True)
    return small.getvalue()


def panel_letters(
    axes: Iterable[Axes], letters: Iterable[str] = string.ascii_uppercase
) -> None:
    """Put bold letters above the top left corners, in the order of ``axes``.

    Args:
        axes: the first axes of each lettered panel.
        letters: one letter per panel, as the paper has them; spare ones are ignored.
    """
    for ax, letter in zip(axes, letters, strict=False):
        ax.set_title(letter, loc="left", fontweight="bold")


def _show_png() -> None:
    # IPython is asked only where it runs already, so that scripts never load it.
    shell: Any = (
        sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    )
    if getattr(shell, "kernel", None) is None:
        return
    shell.enable_matplotlib("inline")
    formatters = shell.display_formatter.formatters
    formatters["image/png"].for_type(Figure, _shown)


def _shown(figure: Figure) -> bytes:
    png = png_bytes(figure)
    figures.record(figure, png)
    return png
