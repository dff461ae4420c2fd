"""The command line: run, validate and fork chapters, build the book, report its state."""

import sys


def main() -> None:
    """Entry point of the ``inductive`` command."""
    from inductive.cli.app import app

    sys.exit(app())
