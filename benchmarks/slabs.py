"""Measure the chapter on simplicity bias: training on slab features in minibatches.

    python benchmarks/slabs.py             the table, some minutes
    python benchmarks/slabs.py --quick     a tiny one, printed and not written

Measured in a process of its own, one thread in each library, and written into
``book/_data/benchmarks``. Figures of merit are ratios of times taken in turn.
"""

from command import Job, measure_chapter

JOBS = {"training": Job("slabs_training.py")}

ABSENT = ("joblib", "distributed")
"""Packages of the machine card that take no part here."""


def main() -> None:
    """Measure the table."""
    measure_chapter("slabs", __doc__, JOBS, absent=ABSENT)


if __name__ == "__main__":
    main()
