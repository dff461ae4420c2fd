"""Settings for every test: one clock for the chapters, no display."""

import os
import time


def pytest_configure() -> None:
    # Set by the controller and inherited by the xdist workers, so that all share one clock.
    os.environ.setdefault("CHAPTERS_BEGAN", str(time.time()))
