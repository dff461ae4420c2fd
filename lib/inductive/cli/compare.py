"""Compare the claims of a run with those of the committed run of the same chapter.

Two numbers agree when they differ by at most one part in a thousand of the larger, or by at most
:data:`~inductive.report.scorecard.NOISE`, below which a scorecard shows rounding noise alone.
"""

from dataclasses import dataclass
from typing import Any

from inductive.cli import chapters, parameters
from inductive.report import scorecard

RELATIVE = 1e-3
"""Part of the larger of two numbers by which they may differ and still agree."""

_NONE = "There is no committed run to compare with: "


@dataclass(frozen=True)
class Committed:
    """The committed run of a chapter: ``claims.json`` and ``run.json``, read before a new run."""

    claims: dict[str, Any]
    run: dict[str, Any]


@dataclass(frozen=True)
class Comparison:
    """Outcome of a comparison.

    Attributes:
        word: ``"identical"``, ``"within tolerance"`` or ``"differs"``.
        claims: how many claims the two runs have, counted once each.
        moved: ids of claims whose numbers are not equal but agree.
        differing: one line for each claim that differs, with both values.
    """

    word: str
    claims: int
    moved: tuple[str, ...]
    differing: tuple[str, ...]

    def __str__(self) -> str:
        if self.word == "identical":
            return (
                f"identical: all {self.claims} claims have equal numbers and verdicts"
            )
        if self.word == "within tolerance":
            return (
                f"within tolerance: all {self.claims} verdicts are equal, and the numbers of "
                f"{', '.join(self.moved)} agree to {RELATIVE:g} of their size"
            )
        head = f"differs in {len(self.differing)} of {self.claims} claims:"
        return "\n".join([head, *(f"  {line}" for line in self.differing)])


def committed(slug: str) -> Committed | None:
    """The committed run of a chapter, ``None`` before its first one.

    Raises:
        RunError: one of its files is no JSON.
    """
    claims = chapters.read_json(slug, "claims.json")
    run = chapters.read_json(slug, "run.json")
    return Committed(claims, run) if claims and run else None


def told(
    slug: str, profile: str, values: dict[str, Any], before: Committed | None, now: Any
) -> str:
    """How a run's claims compare with the committed ones, or why they cannot be compared.

    Args:
        slug: the chapter.
        profile: of the run.
        values: parameters of the run that differ from the script's defaults.
        before: the committed run, as it was when the run began.
        now: claims of the run, as in ``claims.json``.
    """
    if before is None:
        return f"{_NONE}{slug} was never run with --commit."
    if reason := _not_comparable(slug, profile, values, before.run):
        return reason
    outcome = compare(before.claims["claims"], now["claims"])
    return f"Beside the committed run of {before.run['date']}: {outcome}"


def _not_comparable(
    slug: str, profile: str, values: dict[str, Any], before: dict[str, Any]
) -> str:
    """One sentence on why the committed run is of another kind; empty if it is not."""
    if profile != before["profile"]:
        return (
            f"{_NONE}this was the {profile} profile, and the committed run "
            f"has the {before['profile']} profile."
        )
    known = parameters.declared(chapters.source(slug).read_text()).values()
    mine = {knob.name: knob.default for knob in known if knob.name != "profile"}
    mine |= values
    theirs = before["parameters"]
    other = [
        f"{name}={mine.get(name, 'none')} (committed: {theirs.get(name, 'none')})"
        for name in mine | theirs
        if mine.get(name) != theirs.get(name)
    ]
    return f"{_NONE}this run had {', '.join(other)}." if other else ""


def compare(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> Comparison:
    """Compare two lists of claims by id: rules, verdicts, measured numbers and intervals."""
    old = {record["id"]: record for record in before}
    new = {record["id"]: record for record in now}
    moved, differing = [], []
    for name in old | new:
        if line := _difference(old.get(name), new.get(name)):
            differing.append(f"{name}: {line}")
        elif _numbers(old[name]) != _numbers(new[name]):
            moved.append(name)
    word = "differs" if differing else "within tolerance" if moved else "identical"
    return Comparison(word, len(old | new), tuple(moved), tuple(differing))


def _difference(old: dict[str, Any] | None, new: dict[str, Any] | None) -> str:
    """In what one claim differs, both values named; empty when it does not."""
    if old is None:
        return "not among the committed claims"
    if new is None:
        return "among the committed claims only"
    parts = [
        f"{what} {mine} (committed: {theirs})"
        for what, mine, theirs in (
            ("verdict", new["verdict"], old["verdict"]),
            ("rule", scorecard.rule(new), scorecard.rule(old)),
        )
        if mine != theirs
    ]
    if not _agree(_numbers(old), _numbers(new)):
        parts.insert(0, f"measured {_shown(new)} (committed: {_shown(old)})")
    return ", ".join(parts)


def _numbers(record: dict[str, Any]) -> list[float | None]:
    """The measured number of a claim, and the ends of its interval."""
    return [record["measured"], *(record["interval"] or ())]


def _agree(old: list[float | None], new: list[float | None]) -> bool:
    return len(old) == len(new) and all(map(_close, old, new))


def _close(a: float | None, b: float | None) -> bool:
    if a is None or b is None or a == b:
        return a == b
    return abs(a - b) <= max(scorecard.NOISE, RELATIVE * max(abs(a), abs(b)))


def _shown(record: dict[str, Any]) -> str:
    measured, *interval = _numbers(record)
    shown = "none" if measured is None else f"{measured:.6g}"
    if interval:
        shown += f" [{', '.join(f'{end:.6g}' for end in interval)}]"
    return shown
