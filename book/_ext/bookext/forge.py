"""What the theme makes of the address of the public repository."""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

from inductive.cli import git
from inductive.cli.forge import Forge, find

_COLAB = "https://colab.research.google.com"
_STARTS = "book/_colab"


def configure(app: Sphinx, config: Config) -> None:
    """Switch on what needs the public address; without one the pages promise nothing.

    The theme raises on forges that it does not know and its issue button works on two, so
    the others get a plain link.
    """
    root = Path(app.srcdir)
    forge = find(root)
    options = config.html_theme_options
    # Jupyter Book fills in its own repository where the book names none.
    options.update(repository_url="", launch_buttons={}, use_repository_button=False)
    config.notfound_urls_prefix = "/"
    if forge is None:
        return
    config.notfound_urls_prefix = forge.pages_prefix()
    if forge.host not in ("github.com", "gitlab.com"):
        link = {"name": "Repository", "url": forge.url, "icon": "fas fa-code-branch"}
        options["icon_links"] = [link]
        return
    launch = {
        "notebook_interface": "jupyterlab",
        "binderhub_url": "https://mybinder.org",
    }
    if forge.host == "github.com" and _starts_on_colab(root, forge):
        launch["colab_url"] = _COLAB
    options.update(
        repository_url=forge.url,
        # Binder installs this commit; the branch stands in for it where there is none.
        repository_branch=git.ask("rev-parse", "HEAD", root=root) or _branch(root),
        use_repository_button=True,
        use_issues_button=True,
        launch_buttons=launch,
    )


def _branch(root: Path) -> str:
    head = git.ask("symbolic-ref", "--short", "refs/remotes/origin/HEAD", root=root)
    return head.removeprefix("origin/") or "main"


def _starts_on_colab(root: Path, forge: Forge) -> bool:
    """Whether the start notebooks are there and fetch this repository."""
    paths = sorted((root / _STARTS).glob("*.ipynb"))
    needle = f'address = \\"{forge.url}\\"'
    return bool(paths) and all(needle in path.read_text() for path in paths)


def launch_start(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Let Colab open the start notebook of a chapter, which installs the library there.

    The theme's own button opens the chapter, whose first cell needs the library. A chapter
    without a start notebook has no Colab button.
    """
    start = f"{_STARTS}/{Path(page).name}.ipynb"
    exists = (Path(app.srcdir) / start).is_file()
    for group in context.get("header_buttons", []):
        if group.get("label") != "launch-buttons":
            continue
        group["buttons"] = [
            button
            for button in group["buttons"]
            if exists or not button["url"].startswith(_COLAB)
        ]
        for button in group["buttons"]:
            if button["url"].startswith(_COLAB):
                button["url"] = button["url"].replace(f"{page}.ipynb", start)
