"""HTML of the figure of one exception: sliders, plots and a summary of one frame."""

from collections.abc import Iterator
from dataclasses import replace
from math import sqrt
from typing import Any

from . import controls, plots
from .controls import Preset, Slider, fixed
from .exceptions import KNOBS, Exceptions, Task
from .grids import Place

START = "Base case"
"""The preset that the page shows before anything is moved."""

_LABELS = {
    "outer": ("<i>b</i>", "items on each side of the cycle"),
    "length": ("<i>ℓ</i>", "adjacent edges in the cycle"),
    "alpha": ("<i>α</i><sub>eff</sub>", "effective conjunctivity"),
}

PRESET_WORDS = {
    "Base case": "n = 9",
    "More items outside": "n = 11",
    "Longer cycle": "n = 11",
    "Base case, too conjunctive": "α = 0.386",
}
"""What the buttons say after the names of the presets."""

WORDS = {
    "critical": "Critical conjunctivity of this task: α*\u00a0=\u00a0{critical}.",
    "never": "This task has no critical conjunctivity: no cross-section pair ever fails.",
    "pairs": (
        "Nearest cross-section pair, items {i} and {j}: margin {margin}.\n"
        "Wrong: {cross} of {crosses} cross-section pairs, {half} of {halves} pairs with "
        "one item in the cycle."
    ),
    "within": "Within-section pairs: {right} of {withins} right.",
    "none": "Within-section pairs: all are trained.",
    "mark": "α*\u00a0=\u00a0{critical}",
    "unmarked": "no α*",
}
"""Text of a frame: its summary has three sentences, the plot a short one."""

RANKS = plots.Panel(
    plots.across("item", {}, 0.5, 1.5, left=62),
    plots.upwards("rank", {}, -1.08, 1.08),
    "Rank of every item with the exception and, as a dashed line, without it; the items "
    "of the cycle are shaded",
)
PAIRS = plots.Panel(
    plots.across("worse item", {}, 0.5, 1.5),
    plots.upwards("better item", {}, 1.5, 0.5),
    "Margins of all pairs of items: discs for pairs judged right, crosses for wrong ones, "
    "squares for trained ones",
)
_ALPHAS = {x: f"{x:g}" for x in (0.01, 0.1, 0.3, 0.6, 0.9)}
_MARGINS = {-0.2: "−0.2", 0: "0", 0.1: "0.1", 0.5: "0.5", 1: "1", 2: "2"}
NEAREST = plots.Panel(
    plots.across("effective conjunctivity", _ALPHAS, 0.005, 0.95, left=54, root=True),
    plots.upwards("margin", _MARGINS, -0.3, 2.1, root=True),
    "Margin of the nearest cross-section pair against effective conjunctivity; below zero "
    "the pair is inverted",
)

MARKS = {
    "right": "right; size: margin",
    "wrong": "wrong",
    "trained": "trained",
    "exception": "the exception",
    "open": "both in the cycle, no true order",
}
"""Class of the marks of pairs, and what they stand for."""


def markup(frames: Exceptions, name: str) -> str:
    """The figure without its caption, at the preset :data:`START`.

    Args:
        frames: what to show.
        name: id of the figure, a prefix of all others.
    """
    place = frames.presets[START]
    sliders = (
        Slider(f"{name}-{knob}", *_LABELS[knob], frames.knobs[knob], at)
        for knob, at in zip(KNOBS, place, strict=True)
    )
    presets = (Preset(preset, PRESET_WORDS[preset]) for preset in frames.presets)
    panels = (draw(frames, place, name) for draw in PANELS.values())
    return controls.figure(
        "exceptions",
        controls.controls(sliders, "Go to a task", presets, START),
        summary(frames, place),
        panels,
        "the plots show one setting, that of the base case.",
        _data(frames),
    )


def summary(frames: Exceptions, place: Place) -> str:
    """One frame in words."""
    i, j = frames.task(place).nearest
    ranks, critical = frames.ranks(place), frames.critical(place)
    wrong, all_of = frames.wrong(place)
    pairs = WORDS["pairs"].format(
        i=i + 1,
        j=j + 1,
        margin=fixed(ranks[i] - ranks[j], 4),
        cross=wrong["cross"],
        crosses=all_of["cross"],
        half=wrong["half"],
        halves=all_of["half"],
    )
    withins = all_of["within"]
    within = WORDS["within" if withins else "none"].format(
        right=withins - wrong["within"], withins=withins
    )
    threshold = WORDS["critical" if critical < 1 else "never"]
    return f"{threshold.format(critical=fixed(critical, 3))}\n{pairs}\n{within}"


def _with_items(panel: plots.Panel, task: Task) -> plots.Panel:
    """A panel whose horizontal axis has the items of a task, and ticks where it turns."""
    first, last = task.cycle
    ticks = {k: str(k) for k in (1, first + 1, last + 1, task.n_items)}
    return replace(panel, x=replace(panel.x, high=task.n_items + 0.5, ticks=ticks))


def _ranks_panel(frames: Exceptions, place: Place, name: str) -> str:
    task = frames.task(place)
    curves = {kind: frames.ranks(place, kind) for kind in ("plain", "ranks")}
    top = max(ranks[0] for ranks in curves.values())
    ticks = {-1: fixed(-top, 2), 0: "0", 1: fixed(top, 2)}
    panel = _with_items(RANKS, task)
    panel = replace(panel, y=replace(panel.y, ticks=ticks))
    first, last = task.cycle
    low, high = panel.y.low, panel.y.high
    shade = panel.path(
        [(first + 0.5, low), (first + 0.5, high), (last + 1.5, high), (last + 1.5, low)]
    )
    points = {
        kind: [(k + 1, rank / top) for k, rank in enumerate(ranks)]
        for kind, ranks in curves.items()
    }
    null = panel.path([(panel.x.low, 0), (panel.x.high, 0)])
    content = [
        f'<path class="shade" d="{shade}Z"/><path class="null" d="{null}"/>',
        *(plots.curve(kind, panel.path(at)) for kind, at in points.items()),
        f'<path class="dots" d="{plots.dots(panel, points["ranks"])}"/>',
    ]
    keys = controls.curve_keys({"ranks": "with the exception", "plain": "without it"})
    keys.append(plots.key('<path class="shade" d="M1 0H27V12H1Z"/>', "the cycle"))
    return controls.panel("Ranks", panel, (name, "ranks"), content, keys)


def _pairs_panel(frames: Exceptions, place: Place, name: str) -> str:
    task = frames.task(place)
    panel = _with_items(PAIRS, task)
    panel = replace(
        panel, y=replace(panel.y, low=task.n_items + 0.5, ticks=panel.x.ticks)
    )
    first, last = (k + 0.5 for k in (task.cycle[0], task.cycle[1] + 1))
    low, high = panel.x.low, panel.x.high
    turns = [first, last, last, high, high, first], [low, low, first, first, last, last]
    band = panel.path(zip(*turns, strict=True))
    section = panel.path([(last, low), (high, low), (high, first), (last, first)])
    marks = dict.fromkeys(MARKS, "")
    for kind, mark in _marks(frames, place, panel):
        marks[kind] += mark
    content = [
        f'<path class="shade" d="{band}Z"/><path class="section" d="{section}Z"/>',
        *(f'<path class="{kind}" d="{d}"/>' for kind, d in marks.items()),
    ]
    keys = [
        plots.key(f'<path class="{kind}" d="{_mark(kind, 14, 6, 4.5)}"/>', words)
        for kind, words in MARKS.items()
    ]
    keys.append(
        plots.key('<path class="section" d="M2 1H26V11H2Z"/>', "cross-section pairs")
    )
    return controls.panel("Pairs", panel, (name, "pairs"), content, keys)


def _marks(
    frames: Exceptions, place: Place, panel: plots.Panel
) -> Iterator[tuple[str, str]]:
    """The mark of every pair, with its class."""
    task, ranks = frames.task(place), frames.ranks(place)
    pairs = task.pairs()
    tested = {"half", "cross", "within"}
    most = max(abs(ranks[i] - ranks[j]) for (i, j), kind in pairs if kind in tested)
    cell = abs(panel.y.end - panel.y.start) / task.n_items
    for (i, j), kind in pairs:
        size = 0.26
        if kind in tested:
            margin = ranks[i] - ranks[j]
            kind = "right" if margin > 0 else "wrong"
            size = 0.14 + 0.3 * sqrt(abs(margin) / most)
        size = max(size, 0.3) if kind == "wrong" else size
        at = panel.x.place(j + 1), panel.y.place(i + 1)
        yield kind, _mark(kind, *at, cell * size)


def _mark(kind: str, x: float, y: float, r: float) -> str:
    """The ``d`` of a mark: a disc, a cross, a square or a dash."""
    if kind == "right":
        arc = f"a{r:.2f} {r:.2f} 0 1 0"
        return f"M{x - r:.2f} {y:.2f}{arc} {2 * r:.2f} 0{arc} {-2 * r:.2f} 0"
    left, right, top, bottom = x - r, x + r, y - r, y + r
    if kind == "wrong":
        return (
            f"M{left:.1f} {top:.1f}L{right:.1f} {bottom:.1f}"
            f"M{left:.1f} {bottom:.1f}L{right:.1f} {top:.1f}"
        )
    if kind == "open":
        return f"M{left:.1f} {y:.1f}H{right:.1f}"
    return f"M{left:.1f} {top:.1f}H{right:.1f}V{bottom:.1f}H{left:.1f}Z"


def _nearest_panel(frames: Exceptions, place: Place, name: str) -> str:
    points, critical = frames.nearest(place), frames.critical(place)
    low, high = NEAREST.y.low, NEAREST.y.high
    null = NEAREST.path([(NEAREST.x.low, 0), (NEAREST.x.high, 0)])
    line, words, at = "", WORDS["unmarked"], 0.4
    if critical < 1:
        line, at = NEAREST.path([(critical, low), (critical, high)]), critical + 0.01
        words = WORDS["mark"].format(critical=fixed(critical, 3))
    here = frames.alpha(place), dict(points)[frames.alpha(place)]
    content = [
        f'<path class="null" d="{null}"/><path class="critical" d="{line}"/>',
        NEAREST.text(at, 1.75, words, 'class="mark"'),
        plots.curve("nearest", NEAREST.path(points)),
        plots.circle(NEAREST.x.place(here[0]), NEAREST.y.place(here[1]), "here"),
    ]
    keys = [
        *controls.curve_keys({"nearest": "items just before and after the cycle"}),
        plots.key(plots.circle(14, 6, "here"), "this setting"),
        plots.key('<path class="critical" d="M14 0V12"/>', "critical conjunctivity α*"),
    ]
    title = "Nearest cross-section pair"
    return controls.panel(title, NEAREST, (name, "nearest"), content, keys)


def _data(frames: Exceptions) -> dict[str, Any]:
    """The frames and the axes, for the script that redraws the plots."""
    panels = {"ranks": RANKS, "pairs": PAIRS, "nearest": NEAREST}
    return {
        **frames.as_json(),
        "words": WORDS,
        "panels": {
            name: {"x": panel.x.as_json(), "y": panel.y.as_json()}
            for name, panel in panels.items()
        },
    }


PANELS = {"ranks": _ranks_panel, "pairs": _pairs_panel, "nearest": _nearest_panel}
"""What draws each panel of one frame: ``(frames, place, name)`` to HTML."""
