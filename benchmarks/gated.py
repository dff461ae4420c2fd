"""Measure the chapter on gated linear networks: programs, machines, training, memory.

    python benchmarks/gated.py            all tables, about a quarter of an hour
    python benchmarks/gated.py conic      one of them
    python benchmarks/gated.py --quick    tiny ones, printed and not written

Each table is measured in processes of its own, one thread in each library, and written into
``book/_data/benchmarks``. Figures of merit are ratios of times taken in turn.
"""

from command import Job, measure_chapter

JOBS = {
    "conic": Job("gated_conic.py"),
    "machines": Job("gated_machines.py"),
    "training": Job("gated_training.py"),
    "memory": Job("gated_memory.py"),
}

ABSENT = ("joblib", "distributed")
"""Packages of the machine card that take no part here."""

SOLVERS = ("cvxpy", "clarabel", "ecos", "scs", "scikit-learn")
"""Packages that do, beside those of the card."""


def main() -> None:
    """Measure the tables that are named on the command line, or all."""
    measure_chapter("gated", __doc__, JOBS, absent=ABSENT, further=SOLVERS)


if __name__ == "__main__":
    main()
