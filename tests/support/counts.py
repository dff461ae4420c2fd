"""What sweeps compile and compute, counted."""

from collections.abc import Callable
from typing import Any

from inductive.sweep import program

Call = Callable[[program.Program, program.Inputs], dict[str, Any]]


class Counts:
    """Work of the sweeps of one test.

    Attributes:
        compiled: names of the programs for points that were handed to the compiler, which
            knows by itself whether it has seen the like.
        batches: number of points of each call of a program.
    """

    def __init__(self) -> None:
        self.compiled: list[str] = []
        self.batches: list[int] = []

    @property
    def points(self) -> int:
        """Number of points computed."""
        return sum(self.batches)

    def listen(self, event: str, duration_secs: float, **kwargs: str | int) -> None:
        """Take note of a program that is lowered for points."""
        del duration_secs
        name = str(kwargs.get("fun_name"))
        ours = name in ("jit(_mapped)", "jit(_vmapped)")
        if ours and event.endswith("/jaxpr_to_mlir_module_duration"):
            self.compiled.append(name)

    def watch(self, call: Call) -> Call:
        """A program's call that is counted."""

        def counting(self_: program.Program, given: program.Inputs) -> dict[str, Any]:
            self.batches.append(len(given.seeds))
            return call(self_, given)

        return counting
