"""Measure the chapter on algorithmic primitives: our decoder beside the same in PyTorch.

    python benchmarks/primitives.py                all tables
    python benchmarks/primitives.py generation     one of them
    python benchmarks/primitives.py --quick        a few steps, printed and not written

Each table is measured in a process of its own and written into ``book/_data/benchmarks``:
on two cores and on one. Losses or logits are compared first.
Figures of merit are ratios of times taken in turn.
"""

from command import Job, measure_chapter

JOBS = {
    "training": Job("primitives_training.py", n_cores=2),
    "training_one": Job("primitives_training.py", n_cores=1),
    "generation": Job("primitives_generation.py", n_cores=2),
    "generation_one": Job("primitives_generation.py", n_cores=1),
}

ABSENT = ("joblib", "distributed")
"""Packages of the machine card that take no part here."""


def main() -> None:
    """Measure the tables that are named on the command line, or all."""
    measure_chapter("primitives", __doc__, JOBS, absent=ABSENT, further=("optax",))


if __name__ == "__main__":
    main()
