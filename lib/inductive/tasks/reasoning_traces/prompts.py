"""The question: a problem as tokens, up to the bar."""

from inductive.tasks.reasoning_traces import vocabulary as v
from inductive.tasks.reasoning_traces.instances import Cities, Graph, Instance


def prompt(
    instance: Instance, hint: str | None = None, is_drill: bool = False
) -> list[int]:
    """Tokens from ``BOS`` to the bar.

    Args:
        instance: the problem.
        hint: an instruction, before the bar.
        is_drill: whether the mark of a drill follows ``BOS``.

    Raises:
        ValueError: there is no such instruction.
    """
    if hint is not None and hint not in v.HINTS:
        raise ValueError(f"hint={hint!r}: choose one of {', '.join(v.HINTS)}")
    start = [v.BOS, v.DRILL] if is_drill else [v.BOS]
    end = [v.BAR] if hint is None else [v.HINTS[hint], v.BAR]
    return [*start, v.TASK_MARKS[instance.task], *_question(instance), *end]


def _question(instance: Instance) -> list[int]:
    tokens = []
    if isinstance(instance, Graph):
        for edge in instance.edges:
            tokens += [*v.letters(edge), v.CLOSE]
        start, goal = v.letters((instance.start, instance.goal))
        return [*tokens, v.START, start, v.GOAL, goal]
    if isinstance(instance, Cities):
        for i, j in instance.listing:
            tokens += [*v.letters((i, j)), v.FIRST_DIGIT + instance.distances[i][j]]
        return [*tokens, v.START, v.FIRST_NAME]
    for clause in instance.clauses:
        for variable, sign in clause:
            tokens += v.literal(variable, sign)
        tokens.append(v.CLOSE)
    return tokens
