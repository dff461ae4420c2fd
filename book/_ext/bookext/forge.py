"""Address of the public repository: from ``git remote``, and what the theme makes of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.config import Config

from inductive.cli import git

_COLAB = "https://colab.research.google.com"
_STARTS = "book/_colab"

# Path of one file at one commit, and of one commit, by host.
_PATHS = {
    "github.com": ("blob/{commit}/{path}", "commit/{commit}"),
    "gitlab.com": ("-/blob/{commit}/{path}", "-/commit/{commit}"),
    "codeberg.org": ("src/commit/{commit}/{path}", "commit/{commit}"),
    "bitbucket.org": ("src/{commit}/{path}", "commits/{commit}"),
}


@dataclass(frozen=True)
class Forge:
    """A repository on a public forge.

    Attributes:
        host: for example ``github.com``.
        path: owner and name, for example ``someone/book``.
    """

    host: str
    path: str

    @property
    def url(self) -> str:
        """Address of the repository, without credentials and without ``.git``."""
        return f"https://{self.host}/{self.path}"

    def file_url(self, commit: str, path: str) -> str:
        """Address of the file ``path`` at ``commit``."""
        return f"{self.url}/{_PATHS[self.host][0].format(commit=commit, path=path)}"

    def commit_url(self, commit: str) -> str:
        """Address of ``commit``."""
        return f"{self.url}/{_PATHS[self.host][1].format(commit=commit)}"

    def pages_prefix(self) -> str:
        """Path under which the forge serves the pages of this repository."""
        owner, name = self.path.rsplit("/", 1)
        is_home = name.lower().startswith(f"{owner.lower()}.")
        return "/" if is_home else f"/{name}/"


def parse(remote: str) -> Forge | None:
    """The forge that an https address points at; ``None`` for any other address."""
    parts = urlsplit(remote.strip())
    host = (parts.hostname or "").lower()
    path = parts.path.strip("/").removesuffix(".git")
    if parts.scheme != "https" or host not in _PATHS or "/" not in path:
        return None
    return Forge(host, path)


def find(root: Path) -> Forge | None:
    """The forge of the remote ``origin`` of the repository at ``root``, if it is public."""
    return parse(git.ask("remote", "get-url", "origin", root=root))


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
