"""Measure training in the chapter on finetuning: our forms beside PyTorch's, on one core.

    python benchmarks/multitask.py                 all problems, a quarter of an hour
    python benchmarks/multitask.py single_64       one of them
    python benchmarks/multitask.py --quick         tiny ones, printed and not written

Each problem runs in a process of its own, one thread in each library, and writes a table
into ``book/_data/benchmarks``. Figures of merit are ratios of times taken in turn.
"""

from command import Job, measure_chapter
from multitask_problems import CONDITIONS

QUICK = ("--quick", "--budget", "1")
JOBS = {name: Job("multitask_duel.py", (name,), quick=QUICK) for name in CONDITIONS}


def main() -> None:
    """Run the problems that are named on the command line, or all."""
    measure_chapter("multitask", __doc__, JOBS, noun="problem")


if __name__ == "__main__":
    main()
