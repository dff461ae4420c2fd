"""Verdicts follow from rule, published spread and sign; nothing is decided twice or never."""

import math
from typing import Any

import pytest

from inductive.report.claims import Claim, ClaimError, Ledger, declare
from inductive.report.scorecard import MIME, count, show


def claim(name: str = "C1", **changes: Any) -> Claim:
    fields = {"measure": "error", "rule": "<=", "threshold": 0.1} | changes
    return Claim(name, "the statement", "Figure 1", **fields)


@pytest.mark.parametrize(
    ("measured", "sign", "verdict"),
    [
        (0.05, True, "reproduced"),
        (0.1, True, "reproduced"),
        (0.2, True, "partly"),
        (0.05, False, "not reproduced"),
        (0.2, False, "not reproduced"),
        (math.nan, True, "partly"),
        (math.nan, False, "not reproduced"),
    ],
)
def test_rule_and_sign_decide(measured: float, sign: bool, verdict: str) -> None:
    ledger = Ledger("slug", "paper", [claim()])
    assert ledger.check("C1", measured, sign=sign, reason="why") == f"C1: {verdict}"


@pytest.mark.parametrize(
    ("rule", "measured", "verdict"),
    [
        ("<", 0.1, "partly"),
        ("<=", 0.1, "reproduced"),
        (">", 0.1, "partly"),
        (">=", 0.1, "reproduced"),
    ],
)
def test_bound_itself_passes_only_the_weak_rules(
    rule: str, measured: float, verdict: str
) -> None:
    ledger = Ledger("slug", "paper", [claim(rule=rule)])
    ledger.check("C1", measured, sign=True, reason="why")
    assert ledger.to_json()["claims"][0]["verdict"] == verdict


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [
        ((0.0, 0.21), "reproduced"),
        ((0.31, 0.4), "partly"),
        (None, "partly"),
    ],
)
def test_our_interval_has_to_meet_the_published_one(
    interval: tuple[float, float] | None, verdict: str
) -> None:
    declared = claim(published=0.25, published_interval=(0.2, 0.3), threshold=1.0)
    ledger = Ledger("slug", "paper", [declared])
    ledger.check("C1", 0.1, sign=True, interval=interval, reason="why")
    assert ledger.to_json()["claims"][0]["verdict"] == verdict


def test_smoke_profile_has_its_own_threshold() -> None:
    ledger = Ledger("slug", "smoke", [claim(smoke=0.5)])
    ledger.check("C1", 0.4, sign=True)
    record = ledger.to_json()["claims"][0]
    assert (record["verdict"], record["threshold"]) == ("reproduced", 0.5)


def test_a_changed_threshold_is_told_even_when_the_claim_holds() -> None:
    ledger = Ledger("slug", "paper", [claim(changed="0.01: units were percent")])
    ledger.check("C1", 0.0, sign=True)
    reason = ledger.to_json()["claims"][0]["reason"]
    assert reason == "rule changed from 0.01: units were percent"


def test_claims_are_declared_one_a_line() -> None:
    first, second = declare(
        """
        C1 | Figure 2 | errors grow (as r < 1) | share of |x| < 1 in the grid >= 0.5
        C2 | B | fits | err <= 3e-2 (smoke 0.2); published 0.025 [0.02, 0.03]; changed 1: typo
        """
    )
    assert first == Claim(
        "C1",
        "errors grow (as r < 1)",
        "Figure 2",
        "share of |x| < 1 in the grid",
        ">=",
        0.5,
    )
    assert (second.threshold, second.smoke, second.published) == (0.03, 0.2, 0.025)
    assert second.published_interval == (0.02, 0.03)
    assert second.changed == "1: typo"


@pytest.mark.parametrize("line", ["C1 | a | b | c = 3", "C1 | a | b", "C1 a b c < 1"])
def test_ill_formed_declarations_are_refused(line: str) -> None:
    with pytest.raises(ClaimError, match=r"does not read 'id \| panel"):
        declare(line)


def test_declared_claims_are_shown_before_they_are_measured() -> None:
    table = Ledger("slug", "smoke", [claim(smoke=0.5)]).declared()
    assert repr(table) == "C1    the statement (error <= 0.5)"
    assert "<td>Figure 1</td>" in table._repr_html_()


def test_claims_with_one_reason_share_its_note() -> None:
    ledger = Ledger("slug", "paper", [claim(), claim("C2"), claim("C3")])
    ledger.skip("C1", "needs a cluster")
    ledger.check("C2", 0.0, sign=True)
    ledger.skip("C3", "needs a cluster")
    page = ledger.scorecard()._repr_html_()
    assert "<strong>C1, C3</strong>: needs a cluster." in page


def test_misuse_is_named() -> None:
    with pytest.raises(ClaimError, match="declared twice"):
        Ledger("slug", "paper", [claim(), claim()])
    with pytest.raises(ClaimError, match=r"'~='.*<=, <, >=, >"):
        claim(rule="~=")
    ledger = Ledger("slug", "paper", [claim(), claim("C2")])
    with pytest.raises(ClaimError, match="'C9' is not declared: declared are C1, C2"):
        ledger.check("C9", 0.0, sign=True)
    ledger.check("C1", 0.0, sign=True)
    with pytest.raises(ClaimError, match="checked before"):
        ledger.skip("C1", "no time")
    with pytest.raises(ClaimError, match="say why"):
        ledger.skip("C2", "")
    with pytest.raises(ClaimError, match="without a check: C2"):
        ledger.scorecard()


def test_ledger_is_published_as_json_of_its_own_media_type() -> None:
    ledger = Ledger("slug", "paper", [claim(), claim("C2")])
    ledger.check("C1", 1.23456789e-3, sign=True, interval=(0.001, math.inf))
    ledger.skip("C2", "needs a cluster")
    bundle = ledger.publish()._repr_mimebundle_()
    first, second = bundle[MIME]["claims"]
    assert first["measured"] == 0.00123457
    assert first["interval"] == [0.001, None]
    assert (second["verdict"], second["reason"]) == ("not tested", "needs a cluster")
    assert bundle["text/plain"] == "2 claims: 1 reproduced, 1 not tested"
    assert count(bundle[MIME]["claims"])["partly"] == 0


def test_scorecard_escapes_and_hides_rounding_noise() -> None:
    ledger = Ledger("slug", "paper", [claim(measure="|a - b| < c")])
    ledger.check("C1", 3.1e-15, sign=True)
    page = ledger.scorecard()._repr_html_()
    assert '<div class="rule">|a - b| &lt; c &lt;= 0.1</div>' in page
    assert "&lt; 1e-9" in page
    assert "verdict-reproduced" in page
    assert [show(value) for value in (0.0, -2e-12, 0.12345, None)] == [
        "0",
        "> -1e-9",
        "0.123",
        "–",
    ]
