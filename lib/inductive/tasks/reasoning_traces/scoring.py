"""What a trace does and whether it is right, by exact checkers; and rates over traces."""

from collections.abc import Sequence
from math import nan
from typing import NamedTuple

import numpy as np

from inductive.tasks.reasoning_traces import steps
from inductive.tasks.reasoning_traces import vocabulary as v
from inductive.tasks.reasoning_traces.checkers import (
    accepts,
    shortest_length,
    tour_length,
)
from inductive.tasks.reasoning_traces.instances import Cities, Instance
from inductive.tasks.reasoning_traces.parsing import (
    Step,
    candidate_in,
    steps_of,
    until_end,
)
from inductive.tasks.reasoning_traces.vocabulary import Tokens


class Outcome(NamedTuple):
    """Score of one trace, numbers only.

    Attributes:
        well_formed: whether it ends with ``EOS`` and its last step is the answer.
        ok: whether it is well formed and the answer solves the problem; any tour does.
        alternative: whether a candidate other than the first repairs no failure, and
            candidates are compared.
        n_exp: steps that expand a node, and so on for every opcode.
        n_gen: candidates.
        n_ver: verifications.
        n_cmp: comparisons.
        n_nn: steps to a nearest neighbour.
        n_dst: sums of a length.
        n_btk: flips.
        ver_right: verifications with the verdict that the last candidate deserves.
        dst_right: sums that are right for the last candidate in every token.
        length: tokens, ``EOS`` included.
        tour_ratio: length of the answered tour over the shortest, not a number where
            there is none.
    """

    well_formed: bool
    ok: bool
    alternative: bool
    n_exp: int
    n_gen: int
    n_ver: int
    n_cmp: int
    n_nn: int
    n_dst: int
    n_btk: int
    ver_right: int
    dst_right: int
    length: int
    tour_ratio: float


def score(instance: Instance, tokens: Tokens) -> Outcome:
    """Score a trace, however malformed.

    Args:
        instance: the problem that its prompt poses.
        tokens: those after the bar; what follows ``EOS`` is ignored.
    """
    trace = until_end(tokens)
    found = steps_of(trace)
    opcodes = [step.opcode for step in found]
    well_formed = trace[-1:] == [v.EOS] and opcodes[-1:] == [v.ANS]
    ok, ratio = _answer(instance, found) if well_formed else (False, nan)
    ver_right, dst_right = _right_steps(instance, found)
    return Outcome(
        well_formed,
        ok,
        v.CMP in opcodes and _has_alternative(found),
        n_exp=opcodes.count(v.EXP),
        n_gen=opcodes.count(v.GEN),
        n_ver=opcodes.count(v.VER),
        n_cmp=opcodes.count(v.CMP),
        n_nn=opcodes.count(v.NN),
        n_dst=opcodes.count(v.DST),
        n_btk=opcodes.count(v.BTK),
        ver_right=ver_right,
        dst_right=dst_right,
        length=len(trace),
        tour_ratio=ratio,
    )


def rates(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Rates over traces; not a number where nothing is counted.

    ``wf``, ``ok``: shares of traces. ``pVER``, ``pNN``, ``pEXP``: shares with one such step or
    more; ``pALT``: with an alternative. ``joint``: well formed, with a verification and a
    comparison. ``vacc``, ``dacc``: shares of right verifications and sums, of all steps of that
    kind. ``tour_ratio``: mean over the right tours. Fields that count are given by their means.
    """
    if not outcomes:
        return {}
    table = np.array(outcomes, float)
    by = dict(zip(Outcome._fields, table.T, strict=True))
    taken = {name: by[f"n_{name}"] > 0 for name in ("ver", "nn", "exp", "cmp")}
    joint = (by["well_formed"] > 0) & taken["ver"] & taken["cmp"]
    ratios = by["tour_ratio"][~np.isnan(by["tour_ratio"])]
    counts = [name for name in Outcome._fields if name.startswith("n_")]
    return {
        "wf": float(by["well_formed"].mean()),
        "ok": float(by["ok"].mean()),
        "pVER": float(taken["ver"].mean()),
        "pALT": float(by["alternative"].mean()),
        "pNN": float(taken["nn"].mean()),
        "pEXP": float(taken["exp"].mean()),
        "joint": float(joint.mean()),
        "vacc": _share(by["ver_right"].sum(), by["n_ver"].sum()),
        "dacc": _share(by["dst_right"].sum(), by["n_dst"].sum()),
        "tour_ratio": _share(ratios.sum(), float(len(ratios))),
        "length": float(by["length"].mean()),
        **{name: float(by[name].mean()) for name in counts},
    }


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else nan


def _answer(instance: Instance, found: list[Step]) -> tuple[bool, float]:
    """Whether the last step names a solution, and the ratio of its length."""
    candidate = candidate_in(instance, found[-1].body)
    if candidate is None or not accepts(instance, candidate):
        return False, nan
    if not isinstance(instance, Cities):
        return True, nan
    return True, tour_length(instance, candidate) / shortest_length(instance)


def _right_steps(instance: Instance, found: list[Step]) -> tuple[int, int]:
    """Right verifications and right sums."""
    latest, ver_right, dst_right = None, 0, 0
    for step in found:
        if step.opcode == v.GEN:
            latest = step
        elif latest is not None and step.opcode in (v.VER, v.DST):
            candidate = candidate_in(instance, latest.body)
            if step.opcode == v.VER:
                is_right = candidate is not None and accepts(instance, candidate)
                ver_right += _verdict(step) == (v.PASS if is_right else v.FAIL)
            elif isinstance(instance, Cities) and candidate is not None:
                expected = steps.add_up(instance, candidate)[1:-1]
                dst_right += step.body == tuple(expected)
    return ver_right, dst_right


def _verdict(step: Step) -> int | None:
    return step.body[-1] if step.opcode == v.VER and step.body else None


def _has_alternative(found: list[Step]) -> bool:
    """Whether a candidate after the first follows neither a failure nor a flip."""
    proposed = [k for k, step in enumerate(found) if step.opcode == v.GEN]
    before = [found[k - 1] for k in proposed[1:]]
    return any(step.opcode != v.BTK and _verdict(step) != v.FAIL for step in before)
