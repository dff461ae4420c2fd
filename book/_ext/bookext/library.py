"""How the page about the library shows what autodoc finds."""

from typing import Any

from sphinx.application import Sphinx


def skip_member(
    app: Sphinx, what: str, name: str, member: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out fields of named tuples: the class's own list explains them already."""
    return True if type(member).__name__ == "_tuplegetter" else None


def shorten_signature(
    app: Sphinx,
    what: str,
    name: str,
    obj: Any,
    options: Any,
    signature: str | None,
    returned: str | None,
) -> tuple[str | None, str | None]:
    """Show jax arrays under the name that a reader imports, not where jax defines them."""
    return _public(signature), _public(returned)


def _public(text: str | None) -> str | None:
    return text and text.replace("jaxlib._jax.Array", "Array")
