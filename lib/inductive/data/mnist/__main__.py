"""Make the package's part of MNIST again from the published files."""

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path

from inductive import data
from inductive.data.mnist import subset


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the file and tell its size, its checksums, and where the images come from.

    Args:
        arguments: of the command line; by default those of the process.
    """
    parser = argparse.ArgumentParser(
        prog="python -m inductive.data.mnist", description=__doc__
    )
    parser.add_argument(
        "--directory", help="folder to look in first (default: $INDUCTIVE_DATA)"
    )
    parser.add_argument(
        "--output", type=Path, default=subset.FILE, help="default: %(default)s"
    )
    options = parser.parse_args(arguments)
    try:
        dataset = data.load("mnist", directory=options.directory)
    except (OSError, ValueError) as error:
        parser.exit(1, f"{error}\n")
    raw = subset.contents(dataset)
    if not subset.is_published(raw):
        parser.exit(
            1, f"other contents than SHA-256 {subset.SHA256}: nothing written\n"
        )
    packed = subset.compressed(raw)
    options.output.write_bytes(packed)
    print(f"{options.output}: {len(packed)} bytes, from {dataset.source}")
    print(f"SHA-256 of the file: {hashlib.sha256(packed).hexdigest()}")
    print(f"SHA-256 of its {len(raw)} bytes: {subset.SHA256}")


if __name__ == "__main__":
    main()
