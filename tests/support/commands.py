"""The command line as a test calls it."""

import subprocess
from collections.abc import Callable

Command = Callable[..., subprocess.CompletedProcess[str]]
"""Called with the words after ``inductive``; returns exit code, stdout and stderr."""
