"""Address of the public repository, from ``git remote``, and those of its files."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from inductive.cli import git

# Path of one file at one commit, and of one commit, by host.
PATHS = {
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
        return f"{self.url}/{PATHS[self.host][0].format(commit=commit, path=path)}"

    def commit_url(self, commit: str) -> str:
        """Address of ``commit``."""
        return f"{self.url}/{PATHS[self.host][1].format(commit=commit)}"

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
    if parts.scheme != "https" or host not in PATHS or "/" not in path:
        return None
    return Forge(host, path)


def find(root: Path) -> Forge | None:
    """The forge of the remote ``origin`` of the repository at ``root``, if it is public."""
    return parse(git.ask("remote", "get-url", "origin", root=root))
