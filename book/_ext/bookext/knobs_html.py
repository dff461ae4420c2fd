"""HTML of the figure with the three knobs: sliders, plots and a summary of one frame."""

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from math import floor
from typing import Any

import numpy as np

from . import plots
from .frames import KNOBS, READ_AT, Frames, Place, cost

START = "IV"
"""The regime that the page shows before anything is moved."""

NAMES = {
    "I": "rich, independent",
    "II": "lazy, dependent",
    "III": "lazy, independent",
    "IV": "rich, dependent",
}
"""What a penalty prefers, and whether it depends on pretraining."""

_LABELS = {
    "scale": ("c", "scale before pretraining"),
    "balance": ("λ", "balance of the layers (−1: first is 0)"),
    "readout": ("γ", "readout before fine-tuning"),
}

DEAD = (
    "Dead network: with λ = −1 the first layers of the two pathways cancel after "
    "pretraining, and with γ = 0 the readout is zero, too. No weight has a gradient, so "
    "nothing is learned, and the error stays that of the zero function, 1."
)

# One line each.
SUMMARY = (
    "Nearest regime: {regime}.\n"
    "ℓ = {order}, PD = {dependence}.\n"
    "A new feature of coefficient 1 costs {ratio} times as much as a pretrained one.\n"
    f"Error at α = {READ_AT}: "
    "{new} where the task uses new features, {pretrained} where it uses all pretrained "
    "ones, {few} where it uses a tenth of them."
)

COEFFICIENTS = np.linspace(-1.25, 1.25, 61)

COST = plots.Panel(
    plots.across("coefficient β", {-1: "−1", 0: "0", 1: "1"}, -1.25, 1.25),
    plots.upwards("relative cost", {0: "0", 0.5: "0.5", 1: "1", 1.5: "1.5"}, 0, 1.6),
    "Cost of a new and of a pretrained feature against its coefficient in fine-tuning, "
    "relative to a new feature of coefficient 1",
)
PLANE = plots.Panel(
    plots.across("ℓ-order", {1: "1", 1.5: "1.5", 2: "2"}, 0.97, 2.05, left=54),
    plots.upwards("dependence PD", {-1: "−1", -0.5: "−0.5", 0: "0"}, -1.06, 0.24),
    "Place of the penalty among the four regimes: order against dependence on "
    "pretraining, which lie in a triangle",
)
ERROR = plots.Panel(
    plots.across("examples per feature α", {0: "0", 0.25: "0.25", 0.5: "0.5"}, 0, 0.52),
    plots.upwards(
        "mean square error",
        {0: "0", 0.1: "0.1", 0.5: "0.5", 1: "1", 2: "2", 3: "3"},
        0,
        3.1,
        root=True,
    ),
    "Error of fine-tuning against the number of examples per feature, for three tasks",
)

_END = 'text-anchor="end"'

# Class of each curve, and what it stands for.
_COSTS = {
    "new": "new feature",
    "pretrained": "pretrained feature, of coefficient 1",
}
_TASKS = {
    "new": "new features (ω\u2009=\u20090,\u00a0ρ\u2009=\u20090.1)",
    "pretrained": "all pretrained features (ω\u2009=\u20091,\u00a0ρ\u2009=\u20090.1)",
    "few": "a tenth of them (ω\u2009=\u20091,\u00a0ρ\u2009=\u20090.01)",
}


def markup(frames: Frames, name: str) -> str:
    """The figure without its caption, at the regime :data:`START`.

    Args:
        frames: what to show.
        name: id of the figure, a prefix of all others.
    """
    place = frames.presets[START]
    return (
        '<div class="knobs">'
        f"{_controls(frames, place, name)}"
        '<div class="knobs-panels">'
        f'<p class="knobs-summary" aria-live="polite">{summary(frames, place)}</p>'
        f"{_cost_panel(frames, place, name)}"
        f"{_plane_panel(frames, place, name)}"
        f"{_error_panel(frames, place, name)}</div>"
        "<noscript><p>The sliders need JavaScript; the plots show one setting, that of "
        f"regime {START}.</p></noscript>"
        f"{_script(frames)}</div>"
    )


def summary(frames: Frames, place: Place) -> str:
    """One frame in words."""
    if not frames.values["alive"][place]:
        return DEAD
    order, dependence = frames.orders(place)
    regime = min(
        frames.presets,
        key=lambda name: np.hypot(
            *np.subtract(frames.orders(frames.presets[name]), (order, dependence))
        ),
    )
    new, pretrained = (cost(1.0, frames.at(kind, place)) for kind in _COSTS)
    errors = frames.errors(place)[:, list(frames.alphas).index(READ_AT)]
    return SUMMARY.format(
        regime=f"{regime}, {NAMES[regime]}",
        order=_fixed(order, 2),
        dependence=_fixed(dependence, 2),
        ratio=_fixed(new / pretrained, 1),
        **dict(zip(_TASKS, map(_told, errors), strict=True)),
    )


def _fixed(number: float, digits: int) -> str:
    """Rounded half up, as the page's script does."""
    unit = 10**digits
    shown = f"{floor(number * unit + 0.5) / unit:.{digits}f}"
    return shown.replace("-", "" if float(shown) == 0 else "−")


def _told(error: float) -> str:
    return "below 0.001" if error < 0.0005 else _fixed(error, 3)


def _controls(frames: Frames, place: Place, name: str) -> str:
    sliders = "".join(
        _slider(f"{name}-{knob}", knob, frames.knobs[knob], at)
        for knob, at in zip(KNOBS, place, strict=True)
    )
    buttons = "".join(
        f'<button type="button" disabled{_current(regime == START)}>'
        f"<b>{regime}</b> {NAMES[regime]}</button>"
        for regime in frames.presets
    )
    return (
        f'<div class="knobs-sliders">{sliders}</div>'
        '<div class="knobs-presets" role="group" aria-label="Go to a regime">'
        f"{buttons}</div>"
    )


def _slider(name: str, knob: str, values: Sequence[float], at: int) -> str:
    sign, what = _LABELS[knob]
    shown = json.dumps([_shown(value) for value in values], ensure_ascii=False)
    spoken = json.dumps([_spoken(value) for value in values])
    return (
        f'<label for="{name}"><i>{sign}</i> <span>{what}</span></label>'
        f'<input type="range" id="{name}" min="0" max="{len(values) - 1}" value="{at}" '
        f'autocomplete="off" disabled aria-valuetext="{_spoken(values[at])}" '
        f'data-shown="{escape(shown)}" data-spoken="{escape(spoken)}">'
        f'<output for="{name}" aria-live="off">{_shown(values[at])}</output>'
    )


def _shown(value: float) -> str:
    """A power of ten as such where it is small, else a decimal number."""
    if 0 < abs(value) < 0.01:
        digits, power = np.format_float_scientific(value, trim="-").split("e")
        raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"10{raised}" if digits == "1" else f"{digits}·10{raised}"
    return _spoken(value).replace("-", "−")


def _spoken(value: float) -> str:
    return np.format_float_positional(value, trim="-")


def _current(yes: bool) -> str:
    return ' aria-current="true"' if yes else ""


def _cost_panel(frames: Frames, place: Place, name: str) -> str:
    unit = cost(1.0, frames.at("new", place))
    curves = []
    for kind in _COSTS:
        width = frames.at(kind, place)
        costs = (cost(abs(beta), width) / unit for beta in COEFFICIENTS)
        curves.append(
            plots.curve(kind, COST.path(zip(COEFFICIENTS, costs, strict=True)))
        )
    note = COST.text(0, 0.8, "no weight moves", 'class="dead" text-anchor="middle"')
    return _panel(
        "Cost of a feature", COST, (name, "cost"), [*curves, note], _keys(_COSTS)
    )


def _plane_panel(frames: Frames, place: Place, name: str) -> str:
    alive = frames.values["alive"].astype(bool)
    orders, dependences = (
        frames.values[kind][alive].tolist() for kind in ("order", "dependence")
    )
    reached = plots.dots(PLANE, list(zip(orders, dependences, strict=True)))
    corners = PLANE.path([(1, 0), (2, 0), (2, -1)])
    rings = [_ring(frames.orders(at)) for at in frames.presets.values()]
    content = [
        f'<path class="allowed" d="{corners}Z"/><path class="reached" d="{reached}"/>',
        *rings,
        PLANE.text(0.99, 0.16, f"<tspan>I</tspan> {NAMES['I']}"),
        PLANE.text(2.04, 0.06, f"<tspan>III</tspan> {NAMES['III']}", _END),
        PLANE.text(1.84, -0.93, f"<tspan>II</tspan> {NAMES['II']}", _END),
        PLANE.text(0.99, -0.36, "<tspan>IV</tspan> rich,"),
        PLANE.text(0.99, -0.47, "dependent"),
        _ring(frames.orders(place), "here"),
    ]
    keys = [
        plots.key(_circle(14, 6, "here"), "this setting"),
        plots.key(_circle(14, 6, "ring"), "the paper's Figure 4"),
        plots.key('<path class="reached" d="M14 6h0"/>', "other settings"),
    ]
    return _panel("Regime", PLANE, (name, "plane"), content, keys)


def _ring(at: tuple[float, float], kind: str = "ring") -> str:
    return _circle(PLANE.x.place(at[0]), PLANE.y.place(at[1]), kind)


def _circle(x: float, y: float, kind: str) -> str:
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'


def _keys(kinds: Mapping[str, str]) -> list[str]:
    """Items of a legend, by the class of the curve."""
    line = "M1 6H27"
    return [plots.key(plots.curve(kind, line), words) for kind, words in kinds.items()]


def _error_panel(frames: Frames, place: Place, name: str) -> str:
    null = ERROR.path([(ERROR.x.low, 1), (ERROR.x.high, 1)])
    curves = [
        plots.curve(kind, ERROR.path(zip(frames.alphas, errors, strict=True)))
        for kind, errors in zip(_TASKS, frames.errors(place), strict=True)
    ]
    words = ERROR.text(0.51, 1.08, "zero function", _END)
    content = [f'<path class="null" d="{null}"/>{words}', *curves]
    title = "Error after fine-tuning"
    return _panel(title, ERROR, (name, "error"), content, _keys(_TASKS))


def _panel(
    title: str,
    panel: plots.Panel,
    name: tuple[str, str],
    content: Iterable[str],
    keys: Iterable[str],
) -> str:
    return (
        f'<div class="knobs-{name[1]}"><p class="knobs-title">{title}</p>'
        f"{panel.svg('-'.join(name), content)}<ul>{''.join(keys)}</ul></div>"
    )


def _script(frames: Frames) -> str:
    """The frames and the axes, for the script that redraws the plots."""
    panels = {"cost": COST, "plane": PLANE, "error": ERROR}
    data: dict[str, Any] = {
        **frames.as_json(),
        "coefficients": [round(float(beta), 6) for beta in COEFFICIENTS],
        "regimeNames": [f"{name}, {NAMES[name]}" for name in frames.presets],
        "deadText": DEAD,
        "summary": SUMMARY,
        "panels": {
            name: {"x": panel.x.as_json(), "y": panel.y.as_json()}
            for name, panel in panels.items()
        },
    }
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    text = text.replace("<", "\\u003c")  # nothing in it may end the script
    return f'<script type="application/json">{text}</script>'
