"""Small SVG plots that a script may redraw: axes, ticks, curves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import copysign, sqrt
from typing import Any

WIDTH, HEIGHT = 300, 216
"""Size of every panel, in its own units; pages stretch it to the width they have."""


@dataclass(frozen=True)
class Axis:
    """One direction of a panel.

    Attributes:
        label: what is shown along it.
        ticks: text of each tick, by its value.
        low: value at its beginning.
        high: value at its end.
        start: place of ``low``, in units of the panel.
        end: place of ``high``.
        root: whether distances are those of square roots, which keep their sign.
    """

    label: str
    ticks: Mapping[float, str]
    low: float
    high: float
    start: float
    end: float
    root: bool = False

    def place(self, value: float) -> float:
        """Where ``value`` lies, in units of the panel."""
        low, high, value = map(self._scaled, (self.low, self.high, value))
        return self.start + (value - low) / (high - low) * (self.end - self.start)

    def _scaled(self, value: float) -> float:
        return copysign(sqrt(abs(value)), value) if self.root else value

    def as_json(self) -> dict[str, Any]:
        """What a script needs for the same."""
        names = ("low", "high", "start", "end", "root")
        return {name: getattr(self, name) for name in names}


def across(
    label: str,
    ticks: Mapping[float, str],
    low: float,
    high: float,
    left: float = 42,
    root: bool = False,
) -> Axis:
    """A horizontal axis, on a root scale or not."""
    return Axis(label, ticks, low, high, left, WIDTH - 8, root)


def upwards(
    label: str, ticks: Mapping[float, str], low: float, high: float, root: bool = False
) -> Axis:
    """A vertical axis, on a root scale or not."""
    return Axis(label, ticks, low, high, HEIGHT - 40, 10, root)


@dataclass(frozen=True)
class Panel:
    """A plot.

    Attributes:
        x: horizontal axis.
        y: vertical axis.
        title: what it shows, for those who do not see it.
    """

    x: Axis
    y: Axis
    title: str

    def svg(self, name: str, content: Iterable[str]) -> str:
        """The whole plot.

        Args:
            name: its id in the page.
            content: SVG elements between the axes.
        """
        return (
            f'<svg id="{name}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-labelledby="{name}-title">'
            f'<title id="{name}-title">{escape(self.title)}</title>'
            f'{self._frame()}<g class="ticks">{self._ticks()}</g>'
            f"{''.join(content)}</svg>"
        )

    def path(self, points: Iterable[tuple[float, float]]) -> str:
        """The ``d`` of a path through some points."""
        places = (f"{self.x.place(x):.1f} {self.y.place(y):.1f}" for x, y in points)
        return "M" + "L".join(places)

    def text(self, x: float, y: float, words: str, options: str = "") -> str:
        """Words at a point.

        Args:
            x: value on the horizontal axis.
            y: value on the vertical axis.
            words: SVG, in which < and & are special.
            options: attributes.
        """
        place = f'x="{self.x.place(x):.1f}" y="{self.y.place(y):.1f}"'
        return f"<text {place} {options}>{words}</text>"

    def _frame(self) -> str:
        x, y = self.x, self.y
        middle = (x.start + x.end) / 2
        below = f'x="{middle}" y="{HEIGHT - 5}"'
        middle = (y.start + y.end) / 2
        turned = f'transform="translate(11 {middle}) rotate(-90)"'
        return (
            f'<path class="axes" d="M{x.start} {y.end}V{y.start}H{x.end}"/>'
            f"{_text(below, 'middle', x.label)}{_text(turned, 'middle', y.label)}"
        )

    def _ticks(self) -> str:
        x, y = self.x, self.y
        lines, words = "", []
        for value, shown in x.ticks.items():
            place = f"{x.place(value):.1f}"
            lines += f"M{place} {y.start}v4"
            words.append(_text(f'x="{place}" y="{y.start + 17}"', "middle", shown))
        for value, shown in y.ticks.items():
            place = y.place(value)
            lines += f"M{x.start} {place:.1f}h-4"
            at = f'x="{x.start - 7}" y="{place + 4:.1f}"'
            words.append(_text(at, "end", shown))
        return f'<path class="axes" d="{lines}"/>{"".join(words)}'


def curve(kind: str, d: str) -> str:
    """A path of some class, which says how it looks and finds it again."""
    return f'<path class="curve {kind}" d="{d}"/>'


def circle(x: float, y: float, kind: str) -> str:
    """A circle at a place in units of the panel."""
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'


def key(sign: str, words: str) -> str:
    """Item of a legend: SVG in a field of 28 by 12, and HTML."""
    return f'<li><svg viewBox="0 0 28 12" aria-hidden="true">{sign}</svg> {words}</li>'


def dots(panel: Panel, points: Sequence[tuple[float, float]]) -> str:
    """The ``d`` of a path that is a dot at each point, where line ends are round."""
    places = {f"{panel.x.place(x):.1f} {panel.y.place(y):.1f}": None for x, y in points}
    return "".join(f"M{place}h0" for place in places)


def _text(where: str, anchor: str, words: str) -> str:
    return f'<text {where} text-anchor="{anchor}">{words}</text>'
