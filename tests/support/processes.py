"""Processes that tests start: what they find, and on which device they compute."""

import os
import sys

SETTINGS = {
    "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    "JAX_PLATFORMS": "cpu",
}
"""Environment in which a process imports what this one can import."""
