"""One contestant in a process of its own: imports, first call, later calls, peak memory."""

import argparse
import json
import time
from pathlib import Path

import numpy_network
from measure import Row, cores, timed
from peers import MAKERS, SIZES

LIBRARIES = {
    "engine": ("jax", "inductive.sweep"),
    "jax_loop": ("jax",),
    "numpy_joblib": ("joblib",),
    "torch_vmap": ("torch",),
    "torch_compiled": ("torch",),
    "torch_eager": ("torch",),
}


def measure(name: str, who: str, starts: Path) -> Row:
    """The row of one contestant at one size."""
    started = time.perf_counter()
    for library in LIBRARIES[who]:
        __import__(library)
    imported = time.perf_counter() - started
    loaded = peak_mb()
    size = SIZES[name]
    started = time.perf_counter()
    contestant = MAKERS[who](size, numpy_network.load(starts))
    contestant.call()
    first = time.perf_counter() - started
    later = min(timed(contestant.call).wall for _ in range(2))
    return {
        "size": name,
        "cores": cores(),
        "contestant": who,
        "points": contestant.points,
        "import_s": round(imported, 2),
        "first_call_s": round(first, 2),
        "later_call_s": round(later, 4),
        "imported_mb": loaded,
        "peak_mb": peak_mb(),
    }


def peak_mb() -> int:
    """Sum of the peak resident memory of this process and of its living children."""
    return round(sum(_peak_kb(path) for path in _family(Path("/proc/self"))) / 1024)


def _family(process: Path) -> list[Path]:
    family = [process]
    for listing in process.glob("task/*/children"):
        for child in listing.read_text().split():
            family += _family(Path("/proc") / child)
    return family


def _peak_kb(process: Path) -> int:
    # Not ru_maxrss: a process inherits that of its parent through exec.
    lines = (process / "status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def main() -> None:
    """Measure one contestant, on the cores that the process was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", choices=sorted(SIZES))
    parser.add_argument("contestant", choices=sorted(MAKERS))
    parser.add_argument("starts", type=Path, help="arrays of the seeds (npz)")
    options = parser.parse_args()
    print(json.dumps([measure(options.size, options.contestant, options.starts)]))


if __name__ == "__main__":
    main()
