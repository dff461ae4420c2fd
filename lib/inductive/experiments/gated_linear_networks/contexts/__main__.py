"""Make ``gated_medians.csv`` again from all images of MNIST."""

import argparse
import csv
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from inductive import data
from inductive.experiments.gated_linear_networks import contexts


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the medians of all contexts, and their number and checksum into the data sheet.

    Args:
        arguments: of the command line; by default those of the process.
    """
    parser = argparse.ArgumentParser(
        prog="python -m inductive.experiments.gated_linear_networks.contexts",
        description=__doc__,
    )
    parser.add_argument(
        "--directory", help="folder to look in first (default: $INDUCTIVE_DATA)"
    )
    parser.add_argument(
        "--output", type=Path, default=contexts.FILE, help="default: %(default)s"
    )
    options = parser.parse_args(arguments)
    try:
        dataset = data.load("mnist", directory=options.directory)
    except (OSError, ValueError) as error:
        parser.exit(1, f"{error}\n")
    rows = list(_rows(dataset.train_images))
    with options.output.open("w", newline="", encoding="utf-8") as lines:
        csv.writer(lines, lineterminator="\n").writerows([contexts.COLUMNS, *rows])
    _complete(options.output.with_suffix(".json"), options.output, len(rows))
    print(f"{options.output}: {len(rows)} medians, from {dataset.source}")


def _rows(images: UInt8[np.ndarray, "n ..."]) -> Iterator[list[str]]:
    """Lines of the file below its header."""
    xs = contexts.inputs(images)
    for layer in contexts.layers():
        place = [layer.network, layer.shatter_dim, layer.n_hidden, layer.seed]
        for index, median in enumerate(contexts.medians(xs, layer)):
            yield [*map(str, place), str(index), f"{median:.12g}"]


def _complete(sheet: Path, table: Path, rows: int) -> None:
    """Number of rows and checksum in the data sheet, if there is one."""
    if sheet.is_file():
        known = json.loads(sheet.read_text(encoding="utf-8"))
        sha256 = hashlib.sha256(table.read_bytes()).hexdigest()
        text = json.dumps(known | {"rows": rows, "sha256": sha256}, indent=2)
        sheet.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
