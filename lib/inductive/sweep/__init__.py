"""Sweeps over named axes that survive kills, scale out, and can be audited.

``sweep.run`` maps a pure function over axes and seeds. Names are loaded when they are first
used, so that reading a store or a fingerprint starts no jax.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inductive.sweep.assemble import nonfinite
    from inductive.sweep.frozen import freeze, load, stored
    from inductive.sweep.plans import planned
    from inductive.sweep.runner import SweepError, run
    from inductive.sweep.spec import SweepInputError
    from inductive.sweep.store import StoreError

_HOMES = {
    "SweepError": "runner",
    "SweepInputError": "spec",
    "StoreError": "store",
    "freeze": "frozen",
    "load": "frozen",
    "nonfinite": "assemble",
    "planned": "plans",
    "run": "runner",
    "stored": "frozen",
}

__all__ = [
    "StoreError",
    "SweepError",
    "SweepInputError",
    "freeze",
    "load",
    "nonfinite",
    "planned",
    "run",
    "stored",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
