"""When a solver takes which step: probabilities, and the instructions that raise them."""

from dataclasses import dataclass, fields, replace

from inductive.tasks.reasoning_traces.vocabulary import HINTS


@dataclass(frozen=True)
class Policy:
    """Probabilities of the optional steps.

    Attributes:
        ver: to verify a candidate.
        alt: to look for a second candidate and compare.
        nn: to build the first tour from nearest neighbours.
        exp: to expand the start.
        cor: to spoil a draft; the first assignment is random with twice this
            probability, so at most 1/2.

    Raises:
        ValueError: a value is no probability, or ``cor`` is above 1/2.
    """

    ver: float
    alt: float
    nn: float
    exp: float
    cor: float = 0.35

    def __post_init__(self) -> None:
        for field in fields(self):
            value, most = getattr(self, field.name), 0.5 if field.name == "cor" else 1
            if not 0 <= value <= most:
                raise ValueError(f"{field.name}={value}: choose 0 to {most}")


BASE = Policy(ver=0.15, alt=0.15, nn=0.3, exp=0.3)
"""Takes each optional step rarely."""

REASONING = Policy(ver=0.95, alt=0.7, nn=0.9, exp=0.9)
"""Takes each optional step nearly always."""

RAISES = {
    "<v>": ("ver", 0.95),
    "<m>": ("alt", 0.9),
    "<n>": ("nn", 0.95),
    "<e>": ("exp", 0.95),
}
"""Which probability an instruction sets, and to what."""

ALLOWED = {"G": ("<v>", "<m>", "<e>"), "T": ("<m>", "<n>"), "S": ("<v>",)}
"""Instructions that the corpora combine with each task."""

HELD_OUT = ("<v>", "T")
"""Instruction and task that never occur together in a corpus."""


def instructed(policy: Policy, hint: str | None) -> Policy:
    """The policy under an instruction.

    Args:
        policy: without it.
        hint: one of ``<v>``, ``<m>``, ``<n>``, ``<e>``; ``None`` changes nothing.

    Raises:
        ValueError: there is no such instruction.
    """
    if hint is None:
        return policy
    if hint not in HINTS:
        raise ValueError(f"hint={hint!r}: choose one of {', '.join(HINTS)}")
    name, value = RAISES[hint]
    return replace(policy, **{name: value})
