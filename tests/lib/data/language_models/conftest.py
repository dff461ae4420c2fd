"""Small checkpoints in the formats that models are published in."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from safetensors.numpy import save_file

from inductive.data.language_models import loading
from support.checkpoints import SHARDS, TENSORS, small_files


@pytest.fixture(autouse=True)
def _nothing_loaded(cache: Path) -> Iterator[None]:
    """An empty cache, and no model loaded before."""
    del cache
    loading._by_name.cache_clear()
    yield
    loading._by_name.cache_clear()


@pytest.fixture
def single(tmp_path: Path) -> Path:
    """A model in the layout of the hub, with one file of weights."""
    folder = tmp_path / "single"
    small_files(folder)
    save_file(TENSORS, folder / "model.safetensors")
    return folder


@pytest.fixture
def sharded(tmp_path: Path) -> Path:
    """The same with two files of weights and their index."""
    folder = tmp_path / "sharded"
    small_files(folder)
    for shard in set(SHARDS.values()):
        part = {name: TENSORS[name] for name in TENSORS if SHARDS[name] == shard}
        save_file(part, folder / shard)
    index = {"metadata": {}, "weight_map": SHARDS}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder
