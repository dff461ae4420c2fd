"""Measure the decoder beside ``transformers`` with PyTorch: forward passes and generation.

    python benchmarks/decoder.py            all tables, about ten minutes
    python benchmarks/decoder.py forward    one of them
    python benchmarks/decoder.py --quick    a tiny decoder, printed and not written

Each table is measured in a process of its own on two cores and written into
``book/_data/benchmarks``. Weights have the shape of SmolLM2-135M and are random; logits or
generated tokens are compared first. Figures of merit are ratios of times taken in turn.
"""

from command import Job, measure_chapter

JOBS = {
    "forward": Job("decoder_forward.py", n_cores=2),
    "generation": Job("decoder_generation.py", n_cores=2),
}

ABSENT = ("joblib", "distributed")
"""Packages of the machine card that take no part here."""


def main() -> None:
    """Measure the tables that are named on the command line, or all."""
    measure_chapter("decoder", __doc__, JOBS, absent=ABSENT, further=("transformers",))


if __name__ == "__main__":
    main()
