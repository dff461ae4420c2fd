"""Compiled programs of a test process, dropped before there are too many."""

import gc
import sys
from pathlib import Path

MAPS = Path("/proc/self/maps")
MOST = 20_000
"""Memory maps of a process before its programs are dropped; Linux allows 65 530."""


def drop() -> None:
    """Drop compiled programs where a process has many.

    Each keeps three memory maps or more, and XLA crashes where the system gives no more.
    """
    if "jax" in sys.modules and MAPS.exists():
        with MAPS.open() as maps:
            many = sum(1 for _ in maps) > MOST
        if many:
            sys.modules["jax"].clear_caches()
            gc.collect()
