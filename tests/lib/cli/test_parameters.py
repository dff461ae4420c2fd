"""Parameters are read from the script and refused with one sentence naming what is allowed."""

import pytest

from inductive.cli import parameters
from inductive.cli.errors import UsageError

SCRIPT = """# %% [markdown]
# # Title

# %% tags=["parameters", "hide-input"]
profile: str = "paper"  # one of paper, smoke | size of the run
seed: int = 0  # 0 to 4294967295 | root of all random numbers
alpha: float = 0.1  # 0.0 to 0.9 | conjunctivity
exact: bool = True  # one of True, False | closed forms
model: str = "small"  # any text | name of the weights

# %%
seed + 1
"""


def test_declared_parameters_are_read() -> None:
    known = parameters.declared(SCRIPT)
    assert list(known) == ["profile", "seed", "alpha", "exact", "model"]
    assert known["alpha"].default == 0.1
    assert known["alpha"].kind is float
    assert known["seed"].meaning == "root of all random numbers"


@pytest.mark.parametrize(
    ("assignment", "value"),
    [
        ("seed=3", 3),
        ("alpha=0", 0.0),
        ("alpha=0.9", 0.9),
        ("exact=False", False),
        ("model=owner/name", "owner/name"),
    ],
)
def test_values_get_their_type(assignment: str, value: object) -> None:
    parsed = parameters.parse([assignment], parameters.declared(SCRIPT))
    name = assignment.split("=")[0]
    assert parsed == {name: value}
    assert type(parsed[name]) is type(value)


@pytest.mark.parametrize(
    ("assignment", "sentence"),
    [
        ("seeed=3", "no parameter 'seeed': allowed are profile, seed, alpha, exact"),
        ("seed", "'seed' is not of the form name=value"),
        ("seed=x", "seed=x is not of type int: allowed is 0 to 4294967295"),
        ("seed=1.5", "seed=1.5 is not of type int"),
        ("seed=True", "seed=True is not of type int"),
        ("seed=-1", "seed=-1 is out of range: allowed is 0 to 4294967295"),
        ("alpha=1.5", "alpha=1.5 is out of range: allowed is 0.0 to 0.9"),
        ("profile=big", "profile=big is out of range: allowed is one of paper, smoke"),
        ("model=", "model= is out of range: allowed is any text"),
        ("exact=1", "exact=1 is not of type bool: allowed is one of True, False"),
    ],
)
def test_bad_values_are_refused(assignment: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        parameters.parse([assignment], parameters.declared(SCRIPT))
    assert sentence in str(caught.value)


def test_ill_formed_cells_are_refused() -> None:
    with pytest.raises(UsageError, match="no cell tagged 'parameters'"):
        parameters.declared("# %%\nx = 1\n")
    with pytest.raises(UsageError, match="'seed = 0' does not read"):
        parameters.declared('# %% tags=["parameters"]\nseed = 0\n')
