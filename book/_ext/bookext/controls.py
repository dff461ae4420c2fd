"""HTML that all figures with sliders share: the controls, the panels, the script's data."""

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from math import floor
from typing import Any, NamedTuple

import numpy as np

from . import plots


class Slider(NamedTuple):
    """One slider.

    Attributes:
        name: its id in the page.
        sign: symbol of what it moves, HTML.
        what: that in words.
        values: through which it moves.
        at: place among them.
    """

    name: str
    sign: str
    what: str
    values: Sequence[float]
    at: int


class Preset(NamedTuple):
    """A button that moves all sliders.

    Attributes:
        name: what it says first, in bold.
        words: and after that.
    """

    name: str
    words: str


def figure(
    kind: str,
    controls: str,
    summary: str,
    panels: Iterable[str],
    note: str,
    data: Mapping[str, Any],
) -> str:
    """A figure with sliders, without its caption.

    Args:
        kind: a class, by which its script finds it.
        controls: from :func:`controls`.
        summary: the shown frame in words.
        panels: from :func:`panel`.
        note: what to say where scripts do not run.
        data: all frames, for the script.
    """
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    text = text.replace("<", "\\u003c")  # nothing in it may end the script
    return (
        f'<div class="knobs {kind}">'
        f"{controls}"
        '<div class="knobs-panels">'
        f'<p class="knobs-summary" aria-live="polite">{summary}</p>'
        f"{''.join(panels)}</div>"
        f"<noscript><p>The sliders need JavaScript; {note}</p></noscript>"
        f'<script type="application/json">{text}</script></div>'
    )


def controls(
    sliders: Iterable[Slider], label: str, presets: Iterable[Preset], current: str
) -> str:
    """Sliders and below them buttons.

    Args:
        sliders: from above to below.
        label: of the group of buttons, for those who do not see it.
        presets: the buttons.
        current: name of the preset at which the sliders stand.
    """
    buttons = "".join(
        f'<button type="button" disabled{_current(preset.name == current)}>'
        f"<b>{preset.name}</b> {preset.words}</button>"
        for preset in presets
    )
    return (
        f'<div class="knobs-sliders">{"".join(map(_slider, sliders))}</div>'
        f'<div class="knobs-presets" role="group" aria-label="{label}">'
        f"{buttons}</div>"
    )


def _slider(slider: Slider) -> str:
    name, sign, what, values, at = slider
    shown = json.dumps([_shown(value) for value in values], ensure_ascii=False)
    spoken = json.dumps([_spoken(value) for value in values])
    return (
        f'<label for="{name}">{sign} <span>{what}</span></label>'
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


def panel(
    title: str,
    drawn: plots.Panel,
    name: tuple[str, str],
    content: Iterable[str],
    keys: Iterable[str],
) -> str:
    """A plot with its title and legend.

    Args:
        title: above it.
        drawn: the plot.
        name: id of the figure, and short name of the panel.
        content: SVG elements between the axes.
        keys: items of the legend.
    """
    return (
        f'<div class="knobs-{name[1]}"><p class="knobs-title">{title}</p>'
        f"{drawn.svg('-'.join(name), content)}<ul>{''.join(keys)}</ul></div>"
    )


def curve_keys(kinds: Mapping[str, str]) -> list[str]:
    """Items of a legend, by the class of the curve."""
    line = "M1 6H27"
    return [plots.key(plots.curve(kind, line), words) for kind, words in kinds.items()]


def fixed(number: float, digits: int) -> str:
    """Rounded half up, as the page's script does."""
    unit = 10**digits
    shown = f"{floor(number * unit + 0.5) / unit:.{digits}f}"
    return shown.replace("-", "" if float(shown) == 0 else "−")
