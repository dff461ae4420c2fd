"""A book of a few pages, built inside the test's own process."""

import io
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

EXTENSIONS = ("sphinx_external_toc", "myst_parser", "bookext")


def build(book: Path, builder: str = "html", **settings: Any) -> tuple[Path, str]:
    """Folder of the built pages and the warnings, `settings` like those of conf.py.

    Sphinx registers its nodes for the whole process: outside a namespace of its own,
    the second book built by a worker would warn of each of them.
    """
    warnings = io.StringIO()
    with docutils_namespace():
        app = Sphinx(
            srcdir=book,
            confdir=None,
            outdir=book / builder,
            doctreedir=book / "doctrees",
            buildername=builder,
            confoverrides={
                "extensions": list(EXTENSIONS),
                "html_theme": "sphinx_book_theme",
                "external_toc_exclude_missing": True,
                # Extensions add to it, and its default is one for the whole process.
                "source_suffix": {".rst": "restructuredtext"},
                **settings,
            },
            status=None,
            warning=warnings,
            freshenv=True,
        )
        app.build(force_all=True)
    return book / builder, warnings.getvalue()
