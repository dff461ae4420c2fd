"""A small sweep of a library function, for tests of frozen stores."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

NAME = "inductive.experiments.toy"
SOURCE = '''"""A function that is quick to compile."""

import jax
import jax.numpy as jnp

SCALE = 2.0


def lines(key, *, width, slope, offset=0.0):
    """Values of a line at random places."""
    places = jax.random.uniform(key, (4,), dtype=float)
    return {"line": offset + SCALE * slope * places, "count": jnp.int64(width)}
'''
AXES: dict[str, Any] = {"width": (20, 40), "slope": (1.0, 3.0, 9.0)}
OPTIONS: dict[str, Any] = {
    "static": ("width",),
    "constants": {"offset": 0.5},
    "stream": "lines",
    "dims": {"line": ("place",)},
}
SEEDS = 2
OUTPUTS = {"line", "count"}


def load(folder: Path) -> ModuleType:
    """Make the module :data:`NAME` from a file in ``folder`` and import it by that name."""
    path = folder / "toy.py"
    path.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location(NAME, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module
    spec.loader.exec_module(module)
    return module
