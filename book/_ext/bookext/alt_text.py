"""Each image of a page says in words what it shows, for those who do not see it."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

_log = logging.getLogger(__name__)


def require(app: Sphinx, doctree: nodes.document) -> None:
    """Warn of images without alt text; warnings stop the build of the book."""
    page = app.env.docname
    for image in doctree.findall(nodes.image):
        if not image.get("alt", "").strip():
            _log.warning(
                "page %s: image %s has no alt text: say in one sentence what it shows",
                page,
                image["uri"],
                location=image,
            )
