"""Injections into the shipped decoders: outcomes, pairs, and errors that tell what to do."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from inductive import rng
from inductive.data import DataUnavailableError, fetch
from inductive.experiments.algorithmic_primitives import cells, checkpoint, writing
from inductive.experiments.algorithmic_primitives.writing import FIELDS

N = 12
KEY = rng.root(2)


def _field(found: dict[str, np.ndarray], name: str) -> np.ndarray:
    return found["outcomes"][:, FIELDS.index(name)].astype(int)


@pytest.fixture(scope="module")
def plain(as_in_sweeps: None) -> dict[str, np.ndarray]:
    return cells.injected(KEY, 0, "B G", N)


def test_outcomes_of_a_cell(plain: dict[str, np.ndarray]) -> None:
    types = {name: (array.shape, str(array.dtype)) for name, array in plain.items()}
    assert types == {
        "outcomes": ((N, len(FIELDS)), "uint8"),
        "tour_excess": ((N,), "uint8"),
        "length": ((), "float64"),
    }
    assert _field(plain, "well_formed").sum() >= N - 1
    assert (_field(plain, "n_gen") > 0).all()
    assert (_field(plain, "ver_right") <= _field(plain, "n_ver")).all()


def test_the_same_cell_gives_the_same_outcomes(plain: dict[str, np.ndarray]) -> None:
    for case in ("B G", "B G: none", "B G: 0*VER[S]@3"):
        again = cells.injected(KEY, 0, case, N)
        for name, array in plain.items():
            np.testing.assert_array_equal(again[name], array)
    other = cells.injected(rng.root(1), 0, "B G", N)
    assert (other["outcomes"] != plain["outcomes"]).any()


def test_verification_can_be_pushed(plain: dict[str, np.ndarray]) -> None:
    pushed = cells.injected(KEY, 0, "B G: 0.4*VER[S]@3", N)
    assert (_field(pushed, "n_ver") > 0).sum() > (_field(plain, "n_ver") > 0).sum() + 2
    assert _field(pushed, "well_formed").sum() >= N - 3


def test_instructions_and_finetuning_bring_verification(
    plain: dict[str, np.ndarray],
) -> None:
    for case in ("B G <v>", "F G"):
        found = cells.injected(KEY, 0, case, N)
        assert (_field(found, "n_ver") > 0).sum() >= N - 2
    assert (_field(plain, "n_ver") > 0).sum() < N // 2


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is to be written, in place of writing it."""
    found = []

    def write(
        params: Any,
        asked: Any,
        key: Any,
        directions: Any = None,
        *,
        gated: bool = False,
    ) -> np.ndarray:
        found.append(
            {
                "params": params,
                "prompts": asked,
                "draws": jax.random.key_data(key).tolist(),
                "added": directions,
                "gated": gated,
            }
        )
        return np.full((len(asked.tokens), 3), 2, np.int32)

    monkeypatch.setattr(writing, "write", write)
    return found


def test_conditions_of_a_task_share_problems_and_draws(asked: list) -> None:
    cases = ("B T", "F T", "B T <v>", "B T: 0.4*VER[S]@3", "B T: 0.2*ALT[G]@1; gated")
    for case in cases:
        cells.injected(KEY, 0, case, 4)
    assert len({str(one["draws"]) for one in asked}) == 1
    assert all(
        one["prompts"].instances == asked[0]["prompts"].instances for one in asked
    )
    told = asked[2]["prompts"].tokens
    assert (told != asked[0]["prompts"].tokens).any()
    for net, k in (("B", 0), ("F", 1), ("B", 2), ("B", 3)):
        assert asked[k]["params"] is checkpoint.decoder(0, net)
    cells.injected(KEY, 0, "B S", 4)
    assert asked[-1]["draws"] != asked[0]["draws"]


def test_what_is_added_is_the_condition(asked: list) -> None:
    bank = checkpoint.bank(0)
    for case in ("B T", "B T: -0.4*VER[S]@3", "B T: 0.2*ALT[G]@1 + 0.1*NN[T]@1; gated"):
        cells.injected(KEY, 0, case, 2)
    assert [one["gated"] for one in asked] == [False, False, True]
    assert asked[0]["added"] is None
    expected = np.zeros((4, 128))
    expected[2] = -0.4 * bank.residuals[2] * bank.units["VER[S]"][2]
    np.testing.assert_allclose(asked[1]["added"], expected, atol=1e-4)
    expected = np.zeros((4, 128))
    sum_ = 0.2 * bank.units["ALT[G]"][0] + 0.1 * bank.units["NN[T]"][0]
    expected[0] = bank.residuals[0] * sum_
    np.testing.assert_allclose(asked[2]["added"], expected, atol=1e-4)


def test_cells_are_read() -> None:
    assert cells.read_cell("FGS T") == ("FGS", "T", None)
    assert cells.read_cell("B G <v>") == ("B", "G", "<v>")


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("B", "cell='B': write decoder, task and maybe an instruction"),
        ("B G <v> <m>", "write decoder, task and maybe an instruction"),
        ("Q G", "no checkpoint is called 'reasoning-0-Q'"),
        ("B G <q>", "hint='<q>': choose one of <v>, <m>, <n>, <e>"),
        ("B X", "task='X': choose one of G, T, S"),
        ("B G: VER[S]", r"condition 'VER\[S\]': write terms such as"),
        ("B G: 0.4*VER[S]@5", "names block 5: choose 1 to 4"),
        (
            "B G: 0.4*VER[Q]@3",
            r"no vector is called 'VER\[Q\]': choose one of VER\[G\]",
        ),
    ],
)
def test_what_does_not_exist_is_named(case: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cells.injected(KEY, 0, case, 2)


def test_a_pretraining_that_was_not_made_is_told_with_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "cache", lambda: tmp_path)
    command = "python -m inductive.experiments.algorithmic_primitives 4"
    with pytest.raises(DataUnavailableError, match=f"make it with `{command}`"):
        cells.injected(KEY, 4, "B G", 2)
