"""Measure the chapter on pretraining: exact solutions beside the authors' recipes.

    python benchmarks/pretraining.py            all tables, about six minutes
    python benchmarks/pretraining.py theory     one of them
    python benchmarks/pretraining.py --quick    tiny ones, printed and not written

Each table is measured in a process of its own, one thread in each library, and written
into ``book/_data/benchmarks``. Figures of merit are ratios of times taken in turn.
"""

from command import Job, measure_chapter

JOBS = {
    "descent": Job("pretraining_descent.py"),
    "theory": Job("pretraining_theory.py", ("theory",)),
    "curves": Job("pretraining_theory.py", ("curves",), n_cores=2),
}

ABSENT = ("torch", "joblib", "distributed")
"""Packages of the machine card that take no part here."""


def main() -> None:
    """Measure the tables that are named on the command line, or all."""
    measure_chapter("pretraining", __doc__, JOBS, absent=ABSENT)


if __name__ == "__main__":
    main()
