"""Archives like those that data sets are published in."""

import hashlib
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path


def digest(content: bytes) -> str:
    """SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def tar(path: Path, files: Mapping[str, bytes]) -> str:
    """Write a compressed archive; its SHA-256."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return digest(path.read_bytes())
