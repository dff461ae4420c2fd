"""Claims of a chapter: thresholds fixed before the run, verdicts computed from what was measured.

A chapter opens a :class:`Ledger` with all its claims, calls :meth:`Ledger.check` where each is
measured, shows :meth:`Ledger.scorecard` and ends with :meth:`Ledger.publish`.
"""

import math
import operator
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from inductive.report.scorecard import CHANGED, ClaimTable, Published, Scorecard

RULES = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
}
SIGNIFICANT_DIGITS = 6


_LINE = re.compile(
    r"(?P<id>\w+) \| (?P<panel>[^|]+) \| (?P<statement>[^|]+) \| (?P<measure>.+?)"
    r" (?P<rule><=|<|>=|>) (?P<threshold>\S+?)"
    r"(?: \(smoke (?P<smoke>\S+)\))?"
    r"(?:; published (?P<published>[^\s;]+)(?: \[(?P<low>\S+), (?P<high>\S+)\])?)?"
    r"(?:; changed (?P<changed>.+))?"
)


class ClaimError(ValueError):
    """A claim is ill-formed, unknown, checked twice, or was never checked."""


class Verdict(str):
    """A line such as "C4: reproduced", which a notebook cell shows without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


@dataclass(frozen=True)
class Claim:
    """One statement of a paper (or of ours) and the rule that decides it.

    The rule reads ``measure rule threshold``, for example "largest error <= 1e-6".

    Attributes:
        id: short name, unique in the chapter, for example ``C4``.
        statement: the claim in one sentence.
        panel: where it is measured, for example ``Figure 3``.
        measure: the number that decides, in words.
        rule: one of ``<=``, ``<``, ``>=``, ``>``.
        threshold: bound for the paper profile, written before running.
        smoke: bound for the smaller sample of the smoke profile; ``threshold`` when left out.
        published: the paper's own value of the measure, where it gives one.
        published_interval: the paper's own 95 % interval, where it gives one.
        changed: "old rule: reason" when the rule or its threshold was changed after a run.
    """

    id: str
    statement: str
    panel: str
    measure: str
    rule: str
    threshold: float
    smoke: float | None = None
    published: float | None = None
    published_interval: tuple[float, float] | None = None
    changed: str = ""

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise ClaimError(
                f"claim {self.id}: rule {self.rule!r} is unknown: use one of {', '.join(RULES)}"
            )

    def bound(self, profile: str) -> float:
        """Threshold that holds in ``profile`` (``"paper"`` or ``"smoke"``)."""
        if profile == "smoke" and self.smoke is not None:
            return self.smoke
        return self.threshold

    def verdict(
        self,
        measured: float,
        *,
        sign: bool,
        interval: tuple[float, float] | None,
        profile: str,
    ) -> str:
        """Verdict on ``measured``: the rule, the published spread, then the sign.

        A measured NaN fails the rule. ``interval`` is our 95 % interval; without one the
        measured value itself has to lie inside the published interval.
        """
        passes = RULES[self.rule](measured, self.bound(profile))
        low, high = interval or (measured, measured)
        if self.published_interval is not None:
            passes &= (
                low <= self.published_interval[1] and high >= self.published_interval[0]
            )
        if passes and sign:
            return "reproduced"
        return "partly" if sign else "not reproduced"


def declare(table: str) -> list[Claim]:
    """Claims from a table with one line each, read as the rule that decides them.

    A line reads ``id | panel | statement | measure rule threshold``, optionally followed by
    ``(smoke threshold)``, ``; published value [low, high]`` and ``; changed old rule: reason``.

    Raises:
        ClaimError: a line does not read like that.
    """
    return [_parse(line.strip()) for line in table.strip().splitlines()]


def _parse(line: str) -> Claim:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ClaimError(
            f"claim {line!r} does not read 'id | panel | statement | measure rule threshold"
            " (smoke threshold); published value [low, high]; changed old rule: reason'"
        )
    told = match.groupdict()
    numbers = {
        key: None if told[key] is None else float(told[key])
        for key in ("smoke", "published")
    }
    interval = (float(told["low"]), float(told["high"])) if told["low"] else None
    return Claim(
        told["id"],
        told["statement"].strip(),
        told["panel"].strip(),
        told["measure"],
        told["rule"],
        float(told["threshold"]),
        published_interval=interval,
        changed=told["changed"] or "",
        **numbers,
    )


class Ledger:
    """All claims of one chapter in one run.

    Args:
        slug: the chapter.
        profile: ``"paper"`` or ``"smoke"``; selects the thresholds.
        claims: every claim of the chapter, declared before anything is computed.

    Raises:
        ClaimError: two claims share an id.
    """

    def __init__(self, slug: str, profile: str, claims: Iterable[Claim]) -> None:
        self.slug, self.profile = slug, profile
        self.claims: dict[str, Claim] = {}
        for claim in claims:
            if claim.id in self.claims:
                raise ClaimError(f"claim {claim.id} is declared twice: ids are unique")
            self.claims[claim.id] = claim
        self.records: dict[str, dict[str, Any]] = {}

    def check(
        self,
        claim: str,
        measured: float,
        *,
        sign: bool,
        interval: tuple[float, float] | None = None,
        reason: str = "",
    ) -> Verdict:
        """Record what was measured for ``claim`` and return "id: verdict".

        Args:
            claim: id of a declared claim.
            measured: the number named by the claim's ``measure``.
            sign: whether the sign or ordering that the claim asserts holds.
            interval: our 95 % interval of ``measured``, where there is one.
            reason: why, when the verdict is not plain "reproduced".

        Raises:
            ClaimError: the claim is unknown or was checked before.
        """
        declared = self._open(claim)
        measured = float(measured)
        word = declared.verdict(
            measured, sign=bool(sign), interval=interval, profile=self.profile
        )
        kept = reason if word != "reproduced" else ""
        self.records[claim] = self._record(declared, word, measured, interval, kept)
        return Verdict(f"{claim}: {word}")

    def skip(self, claim: str, reason: str) -> Verdict:
        """Record that ``claim`` is not tested in this run, and why.

        Raises:
            ClaimError: the reason is empty, or the claim is unknown or was checked before.
        """
        if not reason:
            raise ClaimError(
                f"claim {claim}: say why it is not tested (reason is empty)"
            )
        declared = self._open(claim)
        self.records[claim] = self._record(declared, "not tested", None, None, reason)
        return Verdict(f"{claim}: not tested")

    def declared(self) -> ClaimTable:
        """Table of all claims and their rules, before anything is measured."""
        return ClaimTable([self._declaration(claim) for claim in self.claims.values()])

    def scorecard(self) -> Scorecard:
        """Table of all claims with their verdicts.

        Raises:
            ClaimError: a declared claim was neither checked nor skipped.
        """
        return Scorecard(self.to_json()["claims"])

    def to_json(self) -> dict[str, Any]:
        """Content of ``claims.json``, claims in the order of their declaration.

        Raises:
            ClaimError: a declared claim was neither checked nor skipped.
        """
        missing = [claim for claim in self.claims if claim not in self.records]
        if missing:
            raise ClaimError(
                f"claims without a check: {', '.join(missing)}: call check() or skip() for each"
            )
        records = [self.records[claim] for claim in self.claims]
        return {"slug": self.slug, "profile": self.profile, "claims": records}

    def publish(self) -> Published:
        """The whole ledger as a notebook output, from which the runner writes ``claims.json``."""
        return Published(self.to_json())

    def _open(self, claim: str) -> Claim:
        if claim not in self.claims:
            raise ClaimError(
                f"claim {claim!r} is not declared: declared are {', '.join(self.claims)}"
            )
        if claim in self.records:
            raise ClaimError(
                f"claim {claim} was checked before: one check decides a claim"
            )
        return self.claims[claim]

    def _record(
        self,
        claim: Claim,
        verdict: str,
        measured: float | None,
        interval: tuple[float, float] | None,
        reason: str,
    ) -> dict[str, Any]:
        published = None
        if claim.published is not None:
            published = {
                "value": claim.published,
                "interval": claim.published_interval and [*claim.published_interval],
            }
        notes = [f"{CHANGED}{claim.changed}"] if claim.changed else []
        return self._declaration(claim) | {
            "measured": None if measured is None else rounded(measured),
            "interval": interval and [rounded(bound) for bound in interval],
            "published": published,
            "verdict": verdict,
            "reason": "; ".join([*filter(None, [reason]), *notes]),
        }

    def _declaration(self, claim: Claim) -> dict[str, Any]:
        return {
            "id": claim.id,
            "statement": claim.statement,
            "panel": claim.panel,
            "rule": f"{claim.measure} {claim.rule} threshold",
            "threshold": claim.bound(self.profile),
        }


def rounded(value: float) -> float | None:
    """``value`` to six significant digits; ``None`` for NaN and infinity (not JSON)."""
    value = float(value)
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}") if math.isfinite(value) else None
