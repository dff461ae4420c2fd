"""The only module that knows folders: where the repository, its chapters and their products lie."""

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
PUBLISHED = PACKAGE / "published"


class NotACheckoutError(FileNotFoundError):
    """Raised when a command needs the repository and none is found."""


def root() -> Path:
    """Folder of the repository: ``$INDUCTIVE_ROOT``, else the checkout that holds this package.

    Raises:
        NotACheckoutError: the folder holds no ``_toc.yml`` and no ``notebooks/``.
    """
    folder = Path(os.environ.get("INDUCTIVE_ROOT") or PACKAGE.parents[1]).resolve()
    if not (folder / "_toc.yml").is_file() or not (folder / "notebooks").is_dir():
        raise NotACheckoutError(
            f"{folder} is not a checkout of the book (no _toc.yml, no notebooks/): "
            "clone the repository and install it with `pip install -e .`, "
            "or set INDUCTIVE_ROOT to the clone"
        )
    return folder


def notebooks() -> Path:
    """Folder of the chapters: ``<slug>.py`` and ``<slug>.ipynb``."""
    return root() / "notebooks"


def results(slug: str) -> Path:
    """Folder of one chapter's committed products: ``*.nc``, ``claims.json``, ``run.json``."""
    return notebooks() / "results" / slug


def figures(slug: str) -> Path:
    """Folder of the numbers (CSV) and vector graphics (SVG) of one chapter's figures."""
    return results(slug) / "figures"


def book() -> Path:
    """Folder of the prose pages."""
    return root() / "book"


def build() -> Path:
    """Folder of everything that can be made again; never committed."""
    return root() / "_build"


def runs(slug: str) -> Path:
    """Default folder for the outputs of ``inductive run <slug>``."""
    return build() / "runs" / slug


def published(slug: str) -> Path:
    """Folder of one paper's own numbers, shipped inside the package."""
    return PUBLISHED / slug
