"""Measure training in the chapter on finetuning: our forms beside PyTorch's, on one core.

    python benchmarks/multitask.py                 all problems, a quarter of an hour
    python benchmarks/multitask.py single_64       one of them
    python benchmarks/multitask.py --quick         tiny ones, printed and not written

Each problem runs in a process of its own, one thread in each library, and writes a table
into ``book/_data/benchmarks``. Figures of merit are ratios of times taken in turn.
"""

import argparse
import json
import os
import sys
import time

from measure import child, folder, machine_card, write_csv
from multitask_problems import CONDITIONS

QUICK = ("--quick", "--budget", "1")


def main() -> None:
    """Run the problems that are named on the command line, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "conditions", nargs="*", metavar="problem", help=str([*CONDITIONS])
    )
    parser.add_argument("--quick", action="store_true", help="tiny sizes, nothing kept")
    options = parser.parse_args()
    chosen = options.conditions or [*CONDITIONS]
    if unknown := set(chosen) - set(CONDITIONS):
        sys.exit(f"No such problem: {', '.join(unknown)}. Choose from {[*CONDITIONS]}")
    card = machine_card() | {"load_at_start": round(os.getloadavg()[0], 2)}
    for name in chosen:
        started = time.perf_counter()
        flags = QUICK if options.quick else ()
        rows = child("multitask_duel.py", name, *flags, n_cores=1)
        if options.quick:
            print("\n".join(map(json.dumps, rows)))
        else:
            write_csv(f"multitask_{name}.csv", rows)
        print(f"{name}: {time.perf_counter() - started:.0f} s", flush=True)
    if not options.quick:
        path = folder() / "multitask_machine.json"
        path.write_text(json.dumps(card, indent=2) + "\n")


if __name__ == "__main__":
    main()
