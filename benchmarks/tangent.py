"""Measure the chapter on the neural tangent kernel: training on four points, and kernels.

    python benchmarks/tangent.py             both tables, some minutes
    python benchmarks/tangent.py kernels     one of them
    python benchmarks/tangent.py --quick     tiny ones, printed and not written

Each is measured in a process of its own, one thread in each library, and written into
``book/_data/benchmarks``. Figures of merit are ratios of times taken in turn.
"""

from command import Job, measure_chapter

JOBS = {"training": Job("tangent_training.py"), "kernels": Job("tangent_kernels.py")}

ABSENT = ("joblib", "distributed")
"""Packages of the machine card that take no part here."""


def main() -> None:
    """Measure the tables that are named on the command line, or all."""
    measure_chapter("tangent", __doc__, JOBS, absent=ABSENT)


if __name__ == "__main__":
    main()
