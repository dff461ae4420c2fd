"""Measure the chapter on the induction head: stochastic descent of a small network.

    python benchmarks/induction.py            the table, some minutes
    python benchmarks/induction.py --quick    a tiny one, printed and not written

It is measured in a process of its own, one thread in each library, and written into
``book/_data/benchmarks``. Figures of merit are ratios of times taken in turn.
"""

from command import Job, measure_chapter

JOBS = {"training": Job("induction_training.py")}

ABSENT = ("joblib", "distributed")
"""Packages of the machine card that take no part here."""


def main() -> None:
    """Measure the tables that are named on the command line, or all."""
    measure_chapter("induction", __doc__, JOBS, absent=ABSENT)


if __name__ == "__main__":
    main()
