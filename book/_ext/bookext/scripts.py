"""Scripts that only some pages need."""

from collections.abc import Callable
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

Handler = Callable[[Sphinx, str, str, dict[str, Any], nodes.document | None], None]


def load_where(script: str, needed: Callable[[nodes.document], bool]) -> Handler:
    """Handler of ``html-page-context`` that loads a script on the pages that need it.

    Args:
        script: its file in the static folder.
        needed: whether a page does.
    """

    def load(
        app: Sphinx,
        page: str,
        template: str,
        context: dict[str, Any],
        document: nodes.document | None,
    ) -> None:
        if document is not None and needed(document):
            app.add_js_file(script, loading_method="defer")

    return load
