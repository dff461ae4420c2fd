"""All vectors of one pretraining, by name, from traces that its decoders write."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float, Key

from inductive import rng
from inductive.experiments.algorithmic_primitives import states, vectors
from inductive.experiments.algorithmic_primitives.corpora import generator
from inductive.experiments.algorithmic_primitives.heads import function_vector
from inductive.experiments.algorithmic_primitives.labels import (
    Walks,
    clustered,
    labelled,
)
from inductive.experiments.algorithmic_primitives.model import CONFIG
from inductive.experiments.algorithmic_primitives.states import Walk
from inductive.experiments.algorithmic_primitives.vectors import Vector
from inductive.models.decoder_lm import Decoder
from inductive.tasks import reasoning_traces as traces
from inductive.tasks.reasoning_traces import vocabulary as words

N_TRACES = 96
"""Traces of each task and instruction."""

SOURCES = {
    "VER[G]": ("VER", "G"),
    "VER[S]": ("VER", "S"),
    "VER[GS]": ("VER", "GS"),
    "VER[T]": ("VER", "T"),
    "ALT[G]": ("ALT", "G"),
    "ALT[T]": ("ALT", "T"),
    "NN[T]": ("NN", "T"),
    "EXP[G]": ("EXP", "G"),
}
"""Instruction contrasts: the primitive, and the tasks whose traces are compared."""

N_CONTROLS = 5
"""Random directions, and shuffles of each of :data:`SHUFFLED`."""

SHUFFLED = ("VER[GS]", "ALT[G]", "NN[T]")
OPCODES = tuple(range(words.EXP, words.EXP + len(traces.OPCODES)))

_NAMES = tuple(range(words.FIRST_NAME, words.FIRST_NAME + len(traces.OPCODES)))
"""As many tokens of names and digits as there are opcodes."""


class Bank(NamedTuple):
    """Vectors by name.

    Attributes:
        units: after each block; of length 1, but for shuffles at their raw scale, which
            are measured in lengths of the vector that was shuffled.
        lengths: before that, after each block.
        residuals: mean length of the stream after each block at generated tokens of
            un-instructed T traces.
    """

    units: dict[str, Vector]
    lengths: dict[str, Float[np.ndarray, " l"]]
    residuals: Float[np.ndarray, " l"]


def walks(key: Key[Array, ""], base: Decoder, finetuned: Decoder) -> Walks:
    """Traces of the base model with all instructions, and of the finetuned one.

    Args:
        key: of problems and draws.
        base: B.
        finetuned: F.
    """
    asked: dict[str, tuple[str | None, ...]] = {
        task: (None, *hints) for task, hints in traces.ALLOWED.items()
    }
    asked["T"] = (*asked["T"], traces.HELD_OUT[0])
    of_base: dict[tuple[str, str, str | None], Walk] = {
        ("B", task, hint): states.walk(base, key, task, N_TRACES, hint)
        for task, hints in asked.items()
        for hint in hints
    }
    of_finetuned = {
        ("F", task, None): states.walk(finetuned, key, task, N_TRACES) for task in asked
    }
    return of_base | of_finetuned


def bank(key: Key[Array, ""], base: Decoder, finetuned: Decoder) -> Bank:
    """Every vector that the chapter injects.

    Args:
        key: of traces, shuffles, random directions and clusterings.
        base: B.
        finetuned: F.
    """
    walked = walks(rng.stream(key, "traces"), base, finetuned)
    drawn = generator(rng.stream(key, "controls"))
    found = {name: contrast(walked, name) for name in SOURCES}
    found |= labelled(walked)
    found |= clustered(walked)
    found["F - B"] = difference(walked, finetuned)
    read = compared(walked, "VER[GS]", "heads")
    found["heads"] = function_vector(base, walked["B", "T", None], read)
    found |= unembedded(base)
    found |= outside_spans(base, found)
    for number in range(N_CONTROLS):
        shape = (CONFIG.n_layers, CONFIG.width)
        found[f"random {number}"] = drawn.normal(size=shape)
    lengths = {name: np.linalg.norm(v, axis=-1) for name, v in found.items()}
    units = {name: vectors.unit(v) for name, v in found.items()}
    for name in SHUFFLED:
        for number in range(N_CONTROLS):
            mixed = vectors.shuffled(drawn, compared(walked, name))
            vector = vectors.contrast(mixed)
            units[f"shuffled {number} {name}"] = vectors.unit(vector)
            units[f"raw shuffled {number} {name}"] = vector / lengths[name][:, None]
            lengths[f"shuffled {number} {name}"] = np.linalg.norm(vector, axis=-1)
    plain = walked["B", "T", None].streams
    return Bank(units, lengths, np.linalg.norm(plain, axis=-1).mean(1))


def compared(walked: Walks, name: str, of: str = "streams") -> list[vectors.Group]:
    """Decisions with and without the instruction of a vector, of all its tasks.

    Args:
        walked: traces of the base model.
        name: one of :data:`SOURCES`.
        of: ``"streams"``, or ``"heads"`` for what each head reads.
    """
    primitive, tasks = SOURCES[name]
    hint = vectors.HINTS[primitive]
    return [
        group
        for task in tasks
        for group in vectors.groups(
            walked["B", task, hint], walked["B", task, None], primitive, of
        )
    ]


def contrast(walked: Walks, name: str) -> Vector:
    """One of :data:`SOURCES`.

    Args:
        walked: traces of the base model.
        name: of the vector.
    """
    return vectors.contrast(compared(walked, name))


def difference(walked: Walks, finetuned: Decoder) -> Vector:
    """What finetuning does to the state after a candidate, on texts of the base model.

    Args:
        walked: traces of the base model.
        finetuned: the decoder that reads them again.
    """
    each = []
    for task in traces.TASKS:
        plain = walked["B", task, None]
        here = plain.decides & (plain.labels == vectors.label("GEN"))
        again = states.reread(finetuned, plain)
        each.append((again - plain.streams)[:, here].mean(1))
    return np.mean(each, axis=0)


def unembedded(base: Decoder) -> dict[str, Vector]:
    """Directions that raise the logit of an opcode, the same after each block.

    Args:
        base: whose logits.
    """
    tokens = {"VER": words.VER, "CMP": words.CMP, "NN": words.NN}
    return {
        f"unembedding {name}": np.repeat(
            vectors.unembedding(base, [token]), CONFIG.n_layers, 0
        )
        for name, token in tokens.items()
    }


def outside_spans(base: Decoder, found: Mapping[str, Vector]) -> dict[str, Vector]:
    """Vectors without what lies in the span of the opcodes' output directions, and parts.

    Args:
        base: whose output directions.
        found: vectors by name.
    """
    opcodes = vectors.unembedding(base, OPCODES)
    others = vectors.unembedding(base, _NAMES)
    removed = {
        f"{name} outside": vectors.without_span(found[name], opcodes)
        for name in (*SOURCES, "F - B", "heads")
    }
    parts = {
        f"{name} inside": found[name] - removed[f"{name} outside"]
        for name in ("VER[S]", "VER[GS]", "ALT[G]")
    }
    return (
        removed
        | parts
        | {"VER[S] outside names": vectors.without_span(found["VER[S]"], others)}
    )


def arrays(found: Bank) -> dict[str, np.ndarray]:
    """The bank as arrays, to be written.

    Args:
        found: the bank.
    """
    names = list(found.units)
    lengths = [
        found.lengths.get(name, np.full(CONFIG.n_layers, np.nan)) for name in names
    ]
    return {
        "names": np.array(names),
        "units": np.stack([found.units[name] for name in names]).astype(np.float32),
        "lengths": np.stack(lengths).astype(np.float32),
        "residuals": found.residuals.astype(np.float32),
    }


def of_arrays(given: Mapping[str, np.ndarray]) -> Bank:
    """The bank from :func:`arrays`.

    Args:
        given: by name.
    """
    names: Iterable[str] = given["names"].tolist()
    units = dict(zip(names, given["units"], strict=True))
    lengths = dict(zip(names, given["lengths"], strict=True))
    return Bank(units, lengths, given["residuals"])
