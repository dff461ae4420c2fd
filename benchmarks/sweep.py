"""Measure the sweep engine: against its peers, its overhead, its scaling, its choice of loop.

    python benchmarks/sweep.py              all sections
    python benchmarks/sweep.py throughput   one of them

Each section runs in processes of its own, with the cores and threads that it names, and
writes a table into ``book/_data/benchmarks``. All figures of merit are ratios of times
taken in turn in the same run, since the machine may be shared.
"""

from collections.abc import Callable, Iterator

from command import chosen, loaded_card, parser, told, write_card
from measure import Row, child, cores, write_csv
from peers import MAKERS, SIZES, in_file


def modes() -> Iterator[int]:
    """Numbers of cores to measure on: one, and all of them."""
    yield from sorted({1, cores()})


def throughput() -> None:
    """Points a second of the engine and its peers."""
    rows: list[Row] = []
    for count in modes():
        # One device a core, so that the engine splits its batches over the cores.
        flags = f"--xla_force_host_platform_device_count={count}"
        for size in SIZES:
            repeats = "5" if size == "large" else "7"
            command = ("throughput.py", size, "--repeats", repeats)
            rows += child(*command, n_cores=count, XLA_FLAGS=flags)
    write_csv("sweep_throughput.csv", rows)


def memory() -> None:
    """Imports, first call and peak memory of each contestant, alone on one core."""
    rows: list[Row] = []
    for size in ("small", "large"):
        starts = str(in_file(SIZES[size]))
        for who in MAKERS:
            rows += child("memory.py", size, who, starts, n_cores=1)
    write_csv("sweep_memory.csv", rows)


def overhead() -> None:
    """Seconds a point of the engine itself."""
    write_csv("sweep_overhead.csv", child("overhead.py", n_cores=1))


def scaling() -> None:
    """Dask processes."""
    write_csv("sweep_scaling.csv", child("scaling.py", n_cores=cores()))


def how() -> None:
    """``vmap`` against ``lax.map``, and the size of batches, on one core."""
    rows: list[Row] = []
    batches: list[Row] = []
    for dtype in ("float32", "float64"):
        rows += child("how.py", "how", "--dtype", dtype, n_cores=1)
        batches += child("how.py", "batch", "--dtype", dtype, n_cores=1)
    write_csv("sweep_how.csv", rows)
    write_csv("sweep_batch.csv", batches)


SECTIONS: dict[str, Callable[[], None]] = {
    "throughput": throughput,
    "memory": memory,
    "overhead": overhead,
    "scaling": scaling,
    "how": how,
}


def main() -> None:
    """Run the sections that are named on the command line, or all."""
    options = parser(__doc__, "section", SECTIONS).parse_args()
    names = chosen(options.names, "section", SECTIONS)
    write_card("machine", loaded_card())
    for name in told(names):
        SECTIONS[name]()


if __name__ == "__main__":
    main()
