"""Places of the results in drills and traces."""

import re

import numpy as np
import pytest

from inductive.tasks import reasoning_traces as traces

PROMPTS = {
    "G": "BOS <D> <G> a b ; S a E b | ",
    "T": "BOS <T> a b 3 S a <n> | ",
    "S": "BOS <D> <S> + a + b + c ; | ",
}


def _marked(task: str, trace: str) -> dict[str, str]:
    """Words of a trace by the kind of result that they carry."""
    tokens = traces.encode(PROMPTS[task] + trace)
    kinds = traces.result_kinds(tokens)
    assert kinds.shape == (len(tokens),)
    assert not kinds[: -len(trace.split())].any()
    return {
        name: traces.decode(np.array(tokens)[kinds == k])
        for k, name in enumerate(traces.RESULTS)
        if k > 0 and (kinds == k).any()
    }


def test_results_on_graphs() -> None:
    assert _marked("G", "EXP a : b c ; EXP b : ; VER a b ok b e bad fail EOS") == {
        "successors": "b c ; ;",
        "edge exists": "ok bad",
        "path verdict": "fail",
    }


def test_results_on_cities() -> None:
    assert _marked("T", "NN a : b 5 c 2 > c ; DST a b 5 = 0 5 b a 9 = 1 4 EOS") == {
        "distance in NN": "5 2",
        "argmin": "c",
        "distance in DST": "5 9",
        "running sum": "0 5 1 4",
    }
    assert _marked("T", "GEN a b ; VER a y b n fail ; CMP 0 1 0 2 > 0 1 ;") == {
        "city present": "y n",
        "tour verdict": "fail",
    }


def test_results_on_formulas() -> None:
    look_ups = "+ a y - b n + c y ok - a n - b n + c n bad"
    assert _marked("S", f"GEN + a ; VER {look_ups} fail ; BTK - a ; GEN - a EOS") == {
        "literal true": "y n y n n n",
        "clause verdict": "ok bad",
        "formula verdict": "fail",
    }


def test_results_of_documents_are_words_of_their_kind(
    base: list[traces.Document],
) -> None:
    words = {
        "edge exists": "ok|bad",
        "successors": "[a-f]|;|EOS",
        "distance in DST": r"\d",
        "running sum": r"\d",
        "distance in NN": "[1-9]",
        "argmin": "[a-f]",
        "city present": "y|n",
        "literal true": "y|n",
        "clause verdict": "ok|bad",
        "path verdict": "pass|fail",
        "tour verdict": "pass|fail",
        "formula verdict": "pass|fail",
    }
    assert tuple(words) == traces.RESULTS[1:]
    seen = np.zeros(len(traces.RESULTS), int)
    verdicts = 0
    for document in base[:1500]:
        kinds = traces.result_kinds(document.tokens)
        seen += np.bincount(kinds, minlength=len(seen))
        text = traces.decode(document.tokens).split()
        # "n" of a prompt is no word of its own, so that all four words are of verdicts.
        verdicts += len(re.findall(" (?:ok|bad|y|n|pass|fail)(?= )", " ".join(text)))
        for word, kind in zip(text, kinds, strict=True):
            assert kind == 0 or re.fullmatch(words[traces.RESULTS[kind]], word)
    assert (seen > 50).all()
    looked_up = [k for k, name in enumerate(words, 1) if "|" in words[name]]
    looked_up.remove(traces.RESULTS.index("successors"))
    ends = sum(
        traces.decode(d.tokens).endswith(("pass EOS", "fail EOS")) for d in base[:1500]
    )
    assert ends > 0
    assert seen[looked_up].sum() == verdicts


@pytest.mark.parametrize("text", ["", "BOS <G> a b ;", "a b | GEN a ;"])
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a task mark or the bar is missing"):
        traces.result_kinds(traces.encode(text))
