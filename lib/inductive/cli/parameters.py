"""Parameters of a chapter: read from its parameters cell, checked before anything runs.

A line of that cell reads ``name: type = default  # allowed | meaning``, where ``allowed`` is
``one of a, b``, ``low to high`` or ``any text``.
"""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from inductive.cli.errors import UsageError

_CELL = re.compile(r'^# %%.*tags=\[[^\]]*"parameters"', re.M)
_LINE = re.compile(r"^(\w+): (\w+) = (.+?)\s+# (.+?) \| (.+)$")
_TYPES = {"str": str, "int": int, "float": float, "bool": bool}


@dataclass(frozen=True)
class Parameter:
    """One knob of a chapter: its type, default and allowed values.

    Attributes:
        name: as ``-p name=value`` takes it.
        kind: ``str``, ``int``, ``float`` or ``bool``.
        default: value of the committed run.
        allowed: ``one of a, b``, ``low to high`` or ``any text``.
        meaning: one line for the reader.
    """

    name: str
    kind: type
    default: Any
    allowed: str
    meaning: str

    def parse(self, text: str) -> Any:
        """Value of ``text``, of this parameter's type and inside its range.

        Raises:
            UsageError: it is of another type or outside the range.
        """
        value = self._convert(text)
        if not self._inside(value):
            raise UsageError(
                f"{self.name}={text} is out of range: allowed is {self.allowed}"
            )
        return value

    def _convert(self, text: str) -> Any:
        if self.kind is str:
            return text
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            value = None
        if self.kind is float and type(value) is int:
            value = float(value)
        if type(value) is not self.kind:
            raise UsageError(
                f"{self.name}={text} is not of type {self.kind.__name__}: allowed is {self.allowed}"
            )
        return value

    def _inside(self, value: Any) -> bool:
        if self.allowed == "any text":
            return bool(value)
        if self.allowed.startswith("one of "):
            choices = self.allowed.removeprefix("one of ").split(", ")
            return str(value) in choices
        low, high = self.allowed.split(" to ")
        return float(low) <= value <= float(high)


def declared(script: str) -> dict[str, Parameter]:
    """Parameters that a chapter's percent script declares, by name.

    Raises:
        UsageError: the script has no parameters cell, or a line of it is ill-formed.
    """
    start = _CELL.search(script)
    if start is None:
        raise UsageError("the script has no cell tagged 'parameters'")
    body = script[start.end() :].split("\n", 1)[1].split("\n# %%", 1)[0]
    lines = [line for line in body.splitlines() if line.strip()]
    return {parameter.name: parameter for parameter in map(_parse_line, lines)}


def _parse_line(line: str) -> Parameter:
    match = _LINE.match(line)
    if match is None or match[2] not in _TYPES:
        raise UsageError(
            f"parameters cell: {line!r} does not read 'name: type = default  # allowed | meaning'"
        )
    name, kind, default, allowed, meaning = match.groups()
    return Parameter(
        name, _TYPES[kind], ast.literal_eval(default), allowed, meaning.strip()
    )


def parse(assignments: Iterable[str], known: dict[str, Parameter]) -> dict[str, Any]:
    """Values of ``name=value`` texts, each checked against the declared parameters.

    Raises:
        UsageError: no ``=``, an unknown name, a wrong type or a value out of range.
    """
    values = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            names = ", ".join(known)
            raise UsageError(
                f"{assignment!r} is not of the form name=value: names are {names}"
            )
        if name not in known:
            names = ", ".join(known)
            raise UsageError(f"there is no parameter {name!r}: allowed are {names}")
        values[name] = known[name].parse(text)
    return values
