"""What the pages about the library leave out."""

from typing import Any

from sphinx.application import Sphinx


def skip_member(
    app: Sphinx, what: str, name: str, member: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out fields of named tuples: the class's own list explains them already."""
    return True if type(member).__name__ == "_tuplegetter" else None
