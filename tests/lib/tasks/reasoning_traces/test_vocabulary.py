"""Words and their numbers, labels of tokens."""

import numpy as np
import pytest

from inductive.tasks import reasoning_traces as traces
from inductive.tasks.reasoning_traces import vocabulary as v


def test_every_named_token_is_its_word() -> None:
    assert len(v.WORDS) == len(set(v.WORDS)) == v.N_TOKENS == 50
    named = {
        "PAD BOS EOS <D>": (v.PAD, v.BOS, v.EOS, v.DRILL),
        "; : = > | S E": (v.CLOSE, v.COLON, v.EQUALS, v.GIVES, v.BAR, v.START, v.GOAL),
        "a 0 + -": (v.FIRST_NAME, v.FIRST_DIGIT, v.PLUS, v.MINUS),
        "ok bad y n pass fail": (v.OK, v.BAD, v.YES, v.NO, v.PASS, v.FAIL),
        "EXP GEN VER CMP": (v.EXP, v.GEN, v.VER, v.CMP),
        "NN DST BTK ANS": (v.NN, v.DST, v.BTK, v.ANS),
        "<G> <T> <S>": tuple(v.TASK_MARKS[task] for task in "GTS"),
        "<v> <m> <n> <e>": tuple(v.HINTS[f"<{hint}>"] for hint in "vmne"),
    }
    for text, tokens in named.items():
        assert traces.encode(text) == list(tokens)
    assert v.PAD == 0
    assert traces.decode(v.letters(range(6))) == "a b c d e f"
    assert traces.decode([*v.two_digits(7), *v.two_digits(36)]) == "0 7 3 6"


def test_text_comes_back() -> None:
    text = " ".join(v.WORDS)
    assert traces.encode(text) == list(range(50))
    assert traces.decode(range(50)) == text
    assert traces.encode("") == []


def test_unknown_words_and_tokens_are_named() -> None:
    with pytest.raises(ValueError, match="word 'g' is not among the 50"):
        traces.encode("a b g")
    for token in (50, -1):
        with pytest.raises(ValueError, match=f"token {token} is outside 0 .. 49"):
            traces.decode([3, token])


def test_labels_are_the_latest_opcode_and_begin_anew() -> None:
    text = "BOS <T> a b 3 | NN a : b 3 > b ; GEN a ; EOS BOS <G> ; | EXP a : ; PAD PAD"
    names = "PROMPT " * 6 + "NN " * 8 + "GEN " * 4 + "PROMPT " * 4 + "EXP " * 4
    tokens = np.array(traces.encode(text))
    found = traces.labels_of(tokens)
    assert [traces.LABELS[k] for k in found] == [*names.split(), "PROMPT", "PROMPT"]
    both = traces.labels_of(np.stack([tokens, tokens[::-1]]))
    np.testing.assert_array_equal(both[0], found)
    assert ("PROMPT", *traces.OPCODES) == traces.LABELS


def test_every_opcode_has_its_label() -> None:
    found = traces.labels_of(np.array(traces.encode(" ".join(traces.OPCODES))))
    assert found.tolist() == list(range(1, 9))
    assert traces.labels_of(np.zeros((0, 4), int)).shape == (0, 4)


def test_labels_of_documents_follow_their_words(base: list[traces.Document]) -> None:
    for document in base[:200]:
        latest, expected = "PROMPT", []
        for word in traces.decode(document.tokens).split():
            latest = word if word in traces.OPCODES else latest
            expected.append(traces.LABELS.index(latest))
        assert document.labels.tolist() == expected
