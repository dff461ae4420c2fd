"""A bar on a terminal, a line a minute in a log, nothing in a rendered notebook."""

import io
import re
import sys
from types import ModuleType, SimpleNamespace

import pytest

from inductive import sweep
from inductive.sweep import progress
from inductive.sweep.progress import Progress
from support import swept

NUMBERS = r"\[\d\d:\d\d<\d\d:\d\d, +[\d.]+ points/s, failed=2\]"
"""Time so far, time left, rate and failures."""


class Screen(io.StringIO):
    """What is written, to a terminal or not."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        """Whether somebody looks."""
        return self._terminal


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that stands until it is moved, outside of notebooks."""
    standing = SimpleNamespace(now=0.0)
    moved = SimpleNamespace(monotonic=lambda: standing.now)
    monkeypatch.setattr(progress, "time", moved)
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    return standing


def watch(
    clock: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    *,
    terminal: bool,
    show: bool | None = None,
) -> str:
    """What ten batches of 15 seconds write, two points of which fail."""
    screen = Screen(terminal)
    monkeypatch.setattr(sys, "stderr", screen)
    with Progress("student", 50, 10, show) as bar:
        for k in range(10):
            clock.now += 15.0
            bar.add(4, 2 if k == 0 else 0)
    return screen.getvalue()


def test_a_terminal_gets_a_bar(
    clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = watch(clock, monkeypatch, terminal=True)
    assert "student: " in text
    assert "10/50" in text
    assert re.search(rf"50/50 {NUMBERS}", text)
    assert text.count("\n") == 1


def test_a_log_gets_a_line_a_minute(
    clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = watch(clock, monkeypatch, terminal=False)
    first, second = text.splitlines()
    assert re.search(rf"student: .* 26/50 {NUMBERS}$", first)
    assert re.search(rf"student: .* 42/50 {NUMBERS}$", second)
    assert "\r" not in text


def test_a_log_of_a_short_sweep_is_empty(
    clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LOG_SECONDS", 151.0)
    assert watch(clock, monkeypatch, terminal=False) == ""


@pytest.mark.parametrize("show", [None, False])
def test_a_notebook_stays_silent(
    clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, show: bool | None
) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    assert watch(clock, monkeypatch, terminal=False, show=show) == ""


def test_a_bar_may_be_asked_for_or_declined(
    clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "50/50" in watch(clock, monkeypatch, terminal=False, show=True)
    assert watch(clock, monkeypatch, terminal=True, show=False) == ""


def test_a_sweep_shows_its_name_its_points_and_its_failures(
    clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    del clock
    screen = Screen(terminal=True)
    monkeypatch.setattr(sys, "stderr", screen)
    axes = {"value": [1.0], "mode": ["bad", "any"]}
    with pytest.raises(sweep.SweepError):
        sweep.run(swept.picky, axes, 2)
    last = screen.getvalue().rsplit("\r", 1)[-1]
    assert last.startswith("picky: ")
    assert "4/4" in last
    assert "failed=2" in last


def test_a_sweep_writes_nothing_to_a_log_within_a_minute(
    clock: SimpleNamespace, capfd: pytest.CaptureFixture[str]
) -> None:
    del clock
    sweep.run(swept.draw, {"a": [1.0]}, 2)
    assert tuple(capfd.readouterr()) == ("", "")
