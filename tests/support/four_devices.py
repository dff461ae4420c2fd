"""Sweeps on four devices, each into a folder: ``python -m support.four_devices FOLDER``.

Prints how many devices got points of each batch, and how many each got.
"""

import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np

from inductive import sweep
from inductive.sweep import program
from support import swept


def main(folder: Path) -> None:
    """Compute with ``lax.map`` and ``vmap`` on all devices, and a little on two of them."""
    put = program.Program._put

    def told(self: program.Program, counts: np.ndarray, given: program.Inputs) -> Any:
        sent = put(self, counts, given)
        print(len(sent[1].seeds.sharding.device_set), counts.tolist())
        return sent

    program.Program._put = told
    for how in ("map", "vmap"):
        options: dict[str, Any] = {"how": how, "batch_size": len(jax.devices()) * 5}
        sweep.run(swept.student, swept.AXES, swept.SEEDS, store=folder / how, **options)
    some = jax.devices()[1:3]
    sweep.run(swept.draw, {"a": [1.0]}, 3, store=folder / "some", devices=some)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
