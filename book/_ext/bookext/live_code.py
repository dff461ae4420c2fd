"""Live code in the page, which Jupyter Book prepares on every page, is not offered here."""

from sphinx.application import Sphinx

_EVENTS = ("env-before-read-docs", "doctree-resolved")


def drop_live_code(app: Sphinx) -> None:
    """Keep sphinx-thebe's scripts off the pages.

    They declare the same constant twice, which is an error on every page, and they name
    another host and somebody else's repository.
    """
    for event in _EVENTS:
        for listener in list(app.events.listeners[event]):
            if listener.handler.__module__ == "sphinx_thebe":
                app.disconnect(listener.id)
