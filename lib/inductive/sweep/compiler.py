"""XLA programs: compiled once a process, and not to be interrupted on the way."""

import signal
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

_KEPT = 16  # programs

_programs: "OrderedDict[tuple[Any, ...], Any]" = OrderedDict()
_lock = threading.Lock()


def once(lowered: Any, devices: list[Any]) -> Any:
    """The compiled program, from memory if this process has compiled the same text before.

    Tracing is repeated on every run, so a changed global or captured array is another text.

    Args:
        lowered: what ``jax.jit(f).lower(...)`` returned.
        devices: those that the program is for.
    """
    text = lowered.as_text()
    if "callback" in text:  # which Python function it calls back is not in the text
        return _compile(lowered)
    key = (sha256(text.encode()).hexdigest(), *devices)
    with _lock:
        if key not in _programs:
            _programs[key] = _compile(lowered)
            while len(_programs) > _KEPT:
                _programs.popitem(last=False)
        _programs.move_to_end(key)
        return _programs[key]


def _compile(lowered: Any) -> Any:
    with _interrupts_later():
        return lowered.compile()


@contextmanager
def _interrupts_later() -> Iterator[None]:
    """Hold Ctrl-C back: after one while it compiles, jaxlib 0.10 crashes as the process ends."""
    usual = signal.getsignal(signal.SIGINT)
    here = threading.current_thread() is threading.main_thread()
    if (
        not here or usual is None
    ):  # only the main thread has handlers, if they are Python's
        yield
        return
    caught: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: caught.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
    if caught:
        signal.raise_signal(signal.SIGINT)
