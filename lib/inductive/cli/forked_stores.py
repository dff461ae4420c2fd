"""Stored sweeps of a chapter, carried over to its fork, whose code is the same but for its name."""

import shutil
from functools import cache
from pathlib import Path

import h5py

from inductive import paths
from inductive.cli import audits
from inductive.sweep import fingerprint


def copy(origin: str, slug: str, old: str, new: str) -> list[Path]:
    """Copy the stores of ``origin`` to ``slug`` under the fork's functions; the paths written.

    A fork would else compute for hours what its origin has stored. A store that fits the
    origin's code of today gets the fingerprint of the fork's code; any other stays stale.

    Args:
        origin: chapter that was forked.
        slug: the fork.
        old: name of the origin's experiments module.
        new: name of the fork's, whose files are already written.
    """
    today = cache(fingerprint.of_module)  # many stores come from one module
    copies = []
    for source in audits.stores(origin):
        path = paths.results(slug) / source.name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, path)
        module, known = audits.code(source)
        before, after = f"experiments.{old}", f"experiments.{new}"
        with h5py.File(path, "r+") as file:
            for key in ("function", "identity"):
                file.attrs[key] = str(file.attrs[key]).replace(before, after)
            if today(module) in known:
                file.attrs["fingerprint"] = today(module.replace(before, after))
        copies.append(path)
    return copies
