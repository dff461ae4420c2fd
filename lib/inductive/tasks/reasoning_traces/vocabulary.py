"""The 50 tokens of the trace language, their labels, and text for readers.

Numbers of tokens are fixed, so that a trained network can be read again. Opcodes come last and
in a row: the label of a token is the opcode that was written last.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Int

Tokens = Sequence[int] | Int[np.ndarray, " t"]

TASKS = ("G", "T", "S")
"""Graph navigation, travelling salesman, satisfiability."""

OPCODES = ("EXP", "GEN", "VER", "CMP", "NN", "DST", "BTK", "ANS")
"""First tokens of the steps: expand a node, write a candidate, verify the last one, compare two,
nearest neighbour, add up a length, flip a literal, answer."""

LABELS = ("PROMPT", *OPCODES)
"""Names of the labels, by number."""

WORDS = (
    *("PAD", "BOS", "EOS", "<G>", "<T>", "<S>", "<D>"),
    *(";", ":", "=", ">", "|", "S", "E"),
    *("<v>", "<m>", "<n>", "<e>"),
    *"abcdef",
    *"0123456789",
    *("+", "-", "ok", "bad", "y", "n", "pass", "fail"),
    *OPCODES,
)
"""What the tokens look like, by number."""

PAD, BOS, EOS = range(3)
TASK_MARKS: dict[str, int] = dict(zip(TASKS, range(3, 6), strict=True))
"""Token of each task, the second one of a prompt."""

DRILL = 6
CLOSE, COLON, EQUALS, GIVES, BAR, START, GOAL = range(7, 14)
HINTS: dict[str, int] = dict(
    zip(("<v>", "<m>", "<n>", "<e>"), range(14, 18), strict=True)
)
"""Tokens of the instructions: verify, more candidates, nearest neighbour, expand."""

FIRST_NAME = 18
"""Token of the node, city or variable a; the others follow it."""

N_NAMES = 6
FIRST_DIGIT = 24
PLUS, MINUS, OK, BAD, YES, NO, PASS, FAIL = range(34, 42)
EXP, GEN, VER, CMP, NN, DST, BTK, ANS = range(42, 50)
N_TOKENS = len(WORDS)

PROMPT = 0
"""Label of the tokens up to the bar, which is one of them."""

SEPARATORS = (CLOSE, BAR)
"""Tokens after which a step begins."""

_NUMBERS = {word: number for number, word in enumerate(WORDS)}


def encode(text: str) -> list[int]:
    """Tokens of words that blanks separate.

    Raises:
        ValueError: a word is none of :data:`WORDS`.
    """
    words = text.split()
    for word in words:
        if word not in _NUMBERS:
            raise ValueError(
                f"word {word!r} is not among the {N_TOKENS} of the language"
            )
    return [_NUMBERS[word] for word in words]


def decode(tokens: Tokens) -> str:
    """Words of tokens, with blanks between them.

    Raises:
        ValueError: a token is not from 0 to 49.
    """
    words = []
    for token in tokens:
        if not 0 <= token < N_TOKENS:
            raise ValueError(f"token {token} is outside 0 .. {N_TOKENS - 1}")
        words.append(WORDS[token])
    return " ".join(words)


def labels_of(tokens: Int[np.ndarray, "*batch t"]) -> Int[np.ndarray, "*batch t"]:
    """Label of every token, an index of :data:`LABELS`.

    It is that of the latest opcode, the opcode itself and the end of its step included.
    ``BOS`` and ``PAD`` begin anew with ``PROMPT``, so that rows may hold several documents.
    """
    place = np.arange(tokens.shape[-1])
    changes = (tokens >= EXP) | (tokens == BOS) | (tokens == PAD)
    latest = np.maximum.accumulate(np.where(changes, place, 0), axis=-1)
    source = np.take_along_axis(tokens, latest, axis=-1)
    return np.where(source >= EXP, source - (EXP - 1), PROMPT)


def letters(names: Iterable[int]) -> list[int]:
    """Tokens of nodes, cities or variables."""
    return [FIRST_NAME + name for name in names]


def two_digits(number: int) -> list[int]:
    """Tokens of a number from 0 to 99."""
    return [FIRST_DIGIT + number // 10, FIRST_DIGIT + number % 10]


def literal(variable: int, sign: int) -> list[int]:
    """Tokens of a variable with its sign.

    Args:
        variable: its number.
        sign: 1 for true, 0 for false.
    """
    return [PLUS if sign else MINUS, FIRST_NAME + variable]
