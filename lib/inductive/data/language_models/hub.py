"""Repositories of the model hub, at a revision that is pinned or told.

Looked for in this order: the directory (``owner/name`` or ``name`` in it, in the layout of
the hub), the cache of the hub's own client, the hub. Only settings, safetensors and the
tokenizer are fetched.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import huggingface_hub
from huggingface_hub import errors

from inductive.data.fetch import VARIABLE, DataUnavailableError
from inductive.data.language_models import layout
from inductive.data.language_models.checkpoint import Checkpoint

NAME = re.compile(r"[\w.-]+/[\w.-]+")
"""A repository's name: its owner's, and its own."""

PATTERNS = (
    layout.CONFIG,
    layout.TOKENIZER,
    layout.SINGLE,
    layout.INDEX,
    "model-*.safetensors",
)


@dataclass(frozen=True)
class Pinned:
    """A revision of a repository.

    Attributes:
        revision: its commit.
        sha256: checksums of its files.
    """

    revision: str
    sha256: Mapping[str, str] = field(default_factory=dict)


# What the client raises on a failing network comes from its own HTTP package.
_FAILURES = (OSError, ValueError, errors.HTTPError)  # pyright: ignore[reportPrivateImportUsage]

SMOLLM2 = "HuggingFaceTB/SmolLM2-135M-Instruct"
MINILM = "sentence-transformers/all-MiniLM-L6-v2"
PINNED = {
    SMOLLM2: Pinned(
        "12fd25f77366fa6b3b4b768ec3050bf629380bac",
        {
            layout.CONFIG: "8eb740e8bbe4cff95ea7b4588d17a2432deb16e8075bc5828ff7ba9be94d982a",
            layout.SINGLE: "5af571cbf074e6d21a03528d2330792e532ca608f24ac70a143f6b369968ab8c",
            layout.TOKENIZER: "9ca9acddb6525a194ec8ac7a87f24fbba7232a9a15ffa1af0c1224fcd888e47c",
        },
    ),
    MINILM: Pinned(
        "c9745ed1d9f207416be6d2e6f8de32d1f16199bf",
        {
            layout.CONFIG: "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            layout.SINGLE: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            layout.TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        },
    ),
}
"""The revisions that are loaded where none is asked for."""


def load(
    repository: str, revision: str | None, directory: Path | None, download: bool
) -> Checkpoint:
    """A model of the hub.

    Args:
        repository: ``owner/name``.
        revision: a commit, tag or branch; by default the one of ``PINNED``, else the newest
            (in the cache, if it is there). Its commit is told in ``source``.
        directory: folder to look in first.
        download: whether the network may be used.

    Raises:
        DataUnavailableError: it is nowhere to be had; the message says how to get it.
        DamagedDataError: a file is damaged, or not the published one.
    """
    pinned = PINNED.get(repository)
    wanted = revision or (pinned.revision if pinned else None)
    sums = pinned.sha256 if pinned and wanted == pinned.revision else {}
    remedy = f"get it again by `{_command(repository, wanted)}`"
    places = [repository, repository.split("/")[1]] if directory else []
    for place in [Path(directory or "") / name for name in places]:
        if (place / layout.CONFIG).is_file():
            note = "" if sums else ", revision not known"
            return layout.read(place, f"{repository}, directory{note}", sums, remedy)
    place, source = _snapshot(repository, wanted, download)
    return layout.read(place, f"{repository}@{place.name}, {source}", sums, remedy)


def _snapshot(
    repository: str, revision: str | None, download: bool
) -> tuple[Path, str]:
    """Folder of the repository's files, named by its commit, and where it was."""
    failure: Exception | None = None
    # The client's cache first: without a network, it tries for half a minute to reach the hub.
    for offline in (True, False)[: 1 + download]:
        try:
            found = huggingface_hub.snapshot_download(
                repository,
                revision=revision,
                allow_patterns=list(PATTERNS),
                local_files_only=offline,
            )
            return Path(found), "cache of the hub" if offline else "hub"
        except _FAILURES as error:
            failure = error
    assert failure is not None
    raise DataUnavailableError(
        f"{repository}{f'@{revision}' if revision else ''} could not be had "
        f"({_reason(failure, download)}): {_remedy(failure, repository)}; or run "
        f"`{_command(repository, revision)}` where there is a network, with FOLDER a folder, "
        f"and set {VARIABLE} to it"
    ) from failure


def _command(repository: str, revision: str | None) -> str:
    at = f" --revision {revision}" if revision else ""
    return f"hf download {repository}{at} --local-dir FOLDER/{repository}"


def _reason(failure: Exception, download: bool) -> str:
    if not download:
        return "it is not in the hub's cache, and the network was not to be used"
    first = str(failure).strip().partition("\n")[0]
    return f"{type(failure).__name__}: {first or 'no reason given'}"


def _remedy(failure: Exception, repository: str) -> str:
    """What to do about it."""
    if isinstance(failure, errors.GatedRepoError):
        return (
            f"accept its licence at https://huggingface.co/{repository} and "
            "run `hf auth login`"
        )
    if isinstance(failure, errors.RepositoryNotFoundError):
        return "correct the name; if the repository is private, run `hf auth login`"
    if isinstance(failure, errors.RevisionNotFoundError):
        return "correct the revision"
    return "connect to the network, or allow it (download=True), and try again"
