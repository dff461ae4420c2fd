"""Peak memory of contestants on gated networks, each alone in its process, on one core.

python benchmarks/gated_memory.py                          all
python benchmarks/gated_memory.py program ours 2000 100    one of them
"""

import argparse
import json
import resource
from collections.abc import Callable
from typing import Any

from gated_problems import double_precision, program
from measure import Row, child, cores, timed
from memory import peak_mb

LIMIT_GB = 19
"""Address space that a process may take, on a machine that has 23 GB."""

PROGRAMS = (
    *((who, 500, 10) for who in ("ours", "clarabel", "ecos", "scs", "clarabel_dual")),
    *((who, 1000, 20) for who in ("ours", "scs", "clarabel_dual")),
    *((who, 2000, 100) for who in ("ours", "scs")),
)
"""Solver, images and hidden units."""

TRAININGS = tuple((who, 2000, 100) for who in ("map", "vmap", "torch", "torch_vmap"))
"""Form, images and hidden units of three networks."""


def solver(who: str, n: int, n_units: int) -> Callable[[], Any]:
    """A call that solves one group-norm program.

    Args:
        who: "ours" or a peer.
        n: images.
        n_units: hidden units.
    """
    import gated_conic

    double_precision()
    given = program(n, n_units)
    if who == "ours":
        return gated_conic.ours(given)[0]
    return gated_conic.Peer(who, given, gated_conic.LIMIT)


def trainer(who: str, n: int, n_units: int) -> Callable[[], Any]:
    """A call that trains three networks for a hundredth of the authors' epochs.

    Args:
        who: a form of training.
        n: images.
        n_units: hidden units.
    """
    import gated_training

    given = gated_training.task(n, n_units, gated_training.training.epochs(n) // 100)
    if who in ("map", "vmap"):
        return gated_training.ours(given, who)[0]
    import gated_torch

    forms = {"torch": gated_torch.loop, "torch_vmap": gated_torch.at_once}
    return gated_training.theirs(given, forms[who])


KINDS = {"program": solver, "training": trainer}


def measure(kind: str, who: str, n: int, n_units: int) -> Row:
    """Row of one contestant, whose process is this one.

    Args:
        kind: of :data:`KINDS`.
        who: the contestant.
        n: images.
        n_units: hidden units.
    """
    row: Row = {"kind": kind, "contestant": who, "n": n, "units": n_units}
    row |= {"cores": cores(), "limit_gb": LIMIT_GB}
    size = LIMIT_GB * 2**30
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    try:
        call = KINDS[kind](who, n, n_units)
        seconds = timed(call).wall
    except MemoryError:
        return row
    return row | {"first_s": float(f"{seconds:.4g}"), "peak_mb": peak_mb()}


def main() -> None:
    """Measure one contestant in this process, or each in one of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("one", nargs="*", metavar="kind contestant images units")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    if options.one:
        kind, who, *sizes = options.one
        print(json.dumps([measure(kind, who, *map(int, sizes))]))
        return
    several = [("program", *row) for row in PROGRAMS]
    several += [("training", *row) for row in TRAININGS]
    if options.quick:
        several = several[:1]
    rows: list[Row] = []
    for one in several:
        rows += child("gated_memory.py", *map(str, one), n_cores=1)
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
