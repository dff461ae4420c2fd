"""The two ways a command ends badly: a wrong call (exit code 2) and a failed run (exit code 1)."""


class UsageError(ValueError):
    """The call is wrong: unknown chapter, parameter or value. The command exits with code 2."""


class RunError(RuntimeError):
    """What was asked for failed while it ran. The command exits with code 1."""
