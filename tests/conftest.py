"""Settings for every test: one clock for the chapters, few programs, no display."""

import os
import time
from collections.abc import Iterator

import pytest

from support import programs


def pytest_configure() -> None:
    # Set by the controller and inherited by the xdist workers, so that all share one clock.
    os.environ.setdefault("CHAPTERS_BEGAN", str(time.time()))


@pytest.fixture(scope="module", autouse=True)
def few_programs() -> Iterator[None]:
    """Compiled programs are dropped after a module once there are many."""
    yield
    programs.drop()
