"""What git says of the checkout; nothing where there is no git or no history."""

import subprocess
from pathlib import Path

from inductive import paths


def ask(*words: str, root: Path | None = None) -> str:
    """Output of ``git <words>``, without the last line break.

    Empty where git is missing, the folder is no checkout, or git refuses.

    Args:
        words: of the command, as in ``ask("rev-parse", "HEAD")``.
        root: folder to ask in; the checkout of the book when left out.
    """
    command = ["git", "-C", str(root or paths.root()), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:  # no git on this machine
        return ""
    return done.stdout.rstrip("\n") if done.returncode == 0 else ""
