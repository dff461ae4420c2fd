"""Measure the chapter on pretraining: exact solutions beside the authors' recipes.

    python benchmarks/pretraining.py            all tables, about six minutes
    python benchmarks/pretraining.py theory     one of them
    python benchmarks/pretraining.py --quick    tiny ones, printed and not written

Each table is measured in a process of its own, one thread in each library, and written
into ``book/_data/benchmarks``. Figures of merit are ratios of times taken in turn.
"""

import argparse
import json
import os
import sys
import time

from measure import child, folder, machine_card, write_csv

TABLES = {
    "descent": ("pretraining_descent.py", (), 1),
    "theory": ("pretraining_theory.py", ("theory",), 1),
    "curves": ("pretraining_theory.py", ("curves",), 2),
}
"""Script, arguments and cores of each table."""

ABSENT = ("torch", "joblib", "distributed")
"""Packages of the machine card that take no part here."""


def main() -> None:
    """Measure the tables that are named on the command line, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", nargs="*", metavar="table", help=str([*TABLES]))
    parser.add_argument("--quick", action="store_true", help="tiny sizes, nothing kept")
    options = parser.parse_args()
    chosen = options.tables or [*TABLES]
    if unknown := set(chosen) - set(TABLES):
        sys.exit(f"No such table: {', '.join(unknown)}. Choose from {[*TABLES]}")
    card = {k: v for k, v in machine_card().items() if k not in ABSENT}
    card |= {"load_at_start": round(os.getloadavg()[0], 2)}
    for name in chosen:
        started = time.perf_counter()
        script, arguments, n_cores = TABLES[name]
        flags = ("--quick",) if options.quick else ()
        rows = child(script, *arguments, *flags, n_cores=n_cores)
        if options.quick:
            print("\n".join(map(json.dumps, rows)))
        else:
            write_csv(f"pretraining_{name}.csv", rows)
        print(f"{name}: {time.perf_counter() - started:.0f} s", flush=True)
    if not options.quick:
        path = folder() / "pretraining_machine.json"
        path.write_text(json.dumps(card, indent=2) + "\n")


if __name__ == "__main__":
    main()
