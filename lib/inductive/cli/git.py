"""What git says of the checkout; nothing where there is no git or no history."""

import subprocess

from inductive import paths


def ask(*words: str) -> str:
    """Output of ``git <words>`` in the checkout, without the last line break.

    Empty where git is missing, the folder is no checkout, or git refuses.
    """
    command = ["git", "-C", str(paths.root()), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:  # no git on this machine
        return ""
    return done.stdout.rstrip("\n") if done.returncode == 0 else ""
