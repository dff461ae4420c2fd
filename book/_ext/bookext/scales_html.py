"""HTML of the figure of pretraining: sliders, plots and a summary of one frame."""

from typing import Any

import numpy as np

from . import controls, plots
from .controls import Preset, Slider, fixed
from .grids import Place
from .scales import KNOBS, READ_AT, Scales, cost

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
    "scale": ("<i>c</i>", "scale before pretraining"),
    "balance": ("<i>λ</i>", "balance of the layers (−1: first is 0)"),
    "readout": ("<i>γ</i>", "readout before fine-tuning"),
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


def markup(frames: Scales, name: str) -> str:
    """The figure without its caption, at the regime :data:`START`.

    Args:
        frames: what to show.
        name: id of the figure, a prefix of all others.
    """
    place = frames.presets[START]
    sliders = (
        Slider(f"{name}-{knob}", *_LABELS[knob], frames.knobs[knob], at)
        for knob, at in zip(KNOBS, place, strict=True)
    )
    presets = (Preset(regime, NAMES[regime]) for regime in frames.presets)
    panels = (
        panel(frames, place, name)
        for panel in (_cost_panel, _plane_panel, _error_panel)
    )
    return controls.figure(
        "scales",
        controls.controls(sliders, "Go to a regime", presets, START),
        summary(frames, place),
        panels,
        f"the plots show one setting, that of regime {START}.",
        _data(frames),
    )


def summary(frames: Scales, place: Place) -> str:
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
        order=fixed(order, 2),
        dependence=fixed(dependence, 2),
        ratio=fixed(new / pretrained, 1),
        **dict(zip(_TASKS, map(_told, errors), strict=True)),
    )


def _told(error: float) -> str:
    return "below 0.001" if error < 0.0005 else fixed(error, 3)


def _cost_panel(frames: Scales, place: Place, name: str) -> str:
    unit = cost(1.0, frames.at("new", place))
    curves = []
    for kind in _COSTS:
        width = frames.at(kind, place)
        costs = (cost(abs(beta), width) / unit for beta in COEFFICIENTS)
        curves.append(
            plots.curve(kind, COST.path(zip(COEFFICIENTS, costs, strict=True)))
        )
    note = COST.text(0, 0.8, "no weight moves", 'class="dead" text-anchor="middle"')
    return controls.panel(
        "Cost of a feature",
        COST,
        (name, "cost"),
        [*curves, note],
        controls.curve_keys(_COSTS),
    )


def _plane_panel(frames: Scales, place: Place, name: str) -> str:
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
        plots.key(plots.circle(14, 6, "here"), "this setting"),
        plots.key(plots.circle(14, 6, "ring"), "the paper's Figure 4"),
        plots.key('<path class="reached" d="M14 6h0"/>', "other settings"),
    ]
    return controls.panel("Regime", PLANE, (name, "plane"), content, keys)


def _ring(at: tuple[float, float], kind: str = "ring") -> str:
    return plots.circle(PLANE.x.place(at[0]), PLANE.y.place(at[1]), kind)


def _error_panel(frames: Scales, place: Place, name: str) -> str:
    null = ERROR.path([(ERROR.x.low, 1), (ERROR.x.high, 1)])
    curves = [
        plots.curve(kind, ERROR.path(zip(frames.alphas, errors, strict=True)))
        for kind, errors in zip(_TASKS, frames.errors(place), strict=True)
    ]
    words = ERROR.text(0.51, 1.08, "zero function", _END)
    content = [f'<path class="null" d="{null}"/>{words}', *curves]
    title = "Error after fine-tuning"
    return controls.panel(
        title, ERROR, (name, "error"), content, controls.curve_keys(_TASKS)
    )


def _data(frames: Scales) -> dict[str, Any]:
    """The frames and the axes, for the script that redraws the plots."""
    panels = {"cost": COST, "plane": PLANE, "error": ERROR}
    return {
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
