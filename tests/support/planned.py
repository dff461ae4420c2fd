"""What every sweep that a chapter declares must keep to."""

import inspect

from inductive.experiments.plan import Plan


def assert_arguments_fit(name: str, plan: Plan) -> None:
    """Axes and constants are arguments of the function, each once, and none is missing."""
    known = inspect.signature(plan.function).parameters
    given = {*plan.axes, *plan.constants}
    assert given <= set(known), name
    required = {p.name for p in known.values() if p.default is p.empty}
    assert required - {"key"} <= given, name
    assert not {*plan.axes} & {*plan.constants}, name
    assert {*plan.static} <= {*plan.axes}, name
    assert plan.seeds >= 1, name
