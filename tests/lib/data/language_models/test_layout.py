"""Directories in the layout of the hub: what is read, and what is said when it cannot be."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inductive.data import DamagedDataError, DataUnavailableError
from inductive.data.language_models import load
from support.checkpoints import CONFIG, SHARDS, TENSORS

INDEX = "model.safetensors.index.json"


@pytest.mark.parametrize("kind", ["single", "sharded"])
def test_a_directory_is_read(kind: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(kind)
    found = load(folder)
    assert found.config == CONFIG
    assert set(found.tensors) == set(TENSORS)
    assert len(found.tensors) == len(TENSORS)
    for name, expected in TENSORS.items():
        assert found.tensors[name].dtype == expected.dtype
        np.testing.assert_array_equal(found.tensors[name], expected)
    assert found.source == f"{folder}, directory"
    names = {path.name for path in folder.iterdir()}
    assert set(found.sha256) == names
    for name in names:
        raw = (folder / name).read_bytes()
        assert found.sha256[name] == hashlib.sha256(raw).hexdigest()


def test_the_tokenizer_neither_pads_nor_cuts(single: Path) -> None:
    tokenizer = load(single).tokenizer
    assert tokenizer.padding is None
    assert tokenizer.truncation is None


def test_tensors_are_read_when_they_are_asked_for(single: Path) -> None:
    tensors = load(single).tensors
    name = "model.norm.weight"
    assert tensors[name] is not tensors[name]
    with pytest.raises(KeyError, match="another"):
        tensors["another"]


def _remove(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


def _cut(name: str) -> Callable[[Path], object]:
    def cut(folder: Path) -> None:
        raw = (folder / name).read_bytes()
        (folder / name).write_bytes(raw[:-1])

    return cut


def _put(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text)


def _index(**changes: str) -> Callable[[Path], object]:
    text = json.dumps({"weight_map": {**SHARDS, **changes}})
    return _put(INDEX, text)


SHARD = "model-00001-of-00002.safetensors"
LACKING = [
    (_remove("config.json"), "holds no config.json"),
    (_remove("tokenizer.json"), "holds no tokenizer.json: .*save_pretrained"),
    (_remove(SHARD), f"holds no {SHARD}"),
    (_remove(INDEX), "holds no model.safetensors: only safetensors are read"),
]
DAMAGES = [
    (_cut(SHARD), f"{SHARD} is damaged .*not fully covered"),
    (_cut(INDEX), f"{INDEX} is no JSON"),
    (_put("config.json", "[]"), "config.json holds no JSON object"),
    (_put("tokenizer.json", "{}"), "tokenizer.json holds no tokenizer"),
    (_put(INDEX, "{}"), f"{INDEX} has no weight_map"),
    (_index(lm_head=SHARD), f"{SHARD} holds no lm_head, which {INDEX}"),
    (_index(lm_head=f"../{SHARD}"), f"{INDEX} names no file by '../{SHARD}'"),
]


@pytest.mark.parametrize(("damage", "message"), LACKING)
def test_what_is_lacking_is_named(
    sharded: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(sharded)
    with pytest.raises(DataUnavailableError, match=message):
        load(sharded)


@pytest.mark.parametrize(("damage", "message"), DAMAGES)
def test_what_is_damaged_is_named(
    sharded: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(sharded)
    with pytest.raises(DamagedDataError, match=message) as caught:
        load(sharded)
    assert "again" in str(caught.value)


def test_quantised_weights_are_refused(single: Path) -> None:
    text = json.dumps({**CONFIG, "quantization_config": {"bits": 4}})
    (single / "config.json").write_text(text)
    with pytest.raises(
        ValueError, match=r"config.json says that the weights are quantised"
    ):
        load(single)


def test_a_name_that_is_nothing_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"smollm3 is no directory and no model.*MiniLM"
    ):
        load("smollm3")
    with pytest.raises(ValueError, match=r"no file nowhere.gguf"):
        load("nowhere.gguf")


def test_a_revision_of_a_directory_is_refused(single: Path) -> None:
    with pytest.raises(ValueError, match=r"revision='main', but .*no repository"):
        load(single, revision="main")
    with pytest.raises(ValueError, match=r"revision='main', but all-MiniLM-L6-v2"):
        load("all-MiniLM-L6-v2", revision="main")


@pytest.mark.parametrize("package", ["gguf", "tokenizers", "huggingface_hub"])
def test_a_missing_extra_is_named(package: str) -> None:
    code = f"import sys; sys.modules[{package!r}] = None; import inductive.data.language_models"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert f"need the package {package}: " in done.stderr
    assert "pip install -e '.[lm]'" in done.stderr
