"""``python -m inductive``: the same as the ``inductive`` command."""

from inductive.cli import main

main()
