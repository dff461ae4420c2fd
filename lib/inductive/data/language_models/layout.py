"""Directories in the layout of the model hub: settings, safetensors, tokenizer."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from inductive.data.fetch import DamagedDataError, DataUnavailableError
from inductive.data.language_models._files import AGAIN, check, safetensors
from inductive.data.language_models.checkpoint import Checkpoint, LazyTensors

CONFIG, TOKENIZER = "config.json", "tokenizer.json"
SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"


def read(
    folder: Path,
    source: str,
    sha256: Mapping[str, str] | None = None,
    remedy: str = AGAIN,
) -> Checkpoint:
    """The model in a directory: ``config.json``, ``tokenizer.json`` and the weights.

    Weights are ``model.safetensors``, or the files that ``model.safetensors.index.json``
    names. All files are read once for their checksums.

    Args:
        folder: the directory.
        source: how it was found.
        sha256: known checksums, by file name.
        remedy: what to do about a file that is damaged or lacking.

    Raises:
        DataUnavailableError: a file is lacking.
        DamagedDataError: a file is damaged, or not the published one.
        ValueError: the weights are quantised in a way that is not read here.
    """
    known = sha256 or {}
    shards = _shards(folder, remedy)
    names = [CONFIG, TOKENIZER, *([] if shards is None else [INDEX])]
    weights = [SINGLE] if shards is None else sorted(set(shards.values()))
    for name in [*names, *weights]:
        if not (folder / name).is_file():
            raise DataUnavailableError(
                f"{folder} holds no {name}: {_how(name, remedy)}"
            )
    sums = {
        name: check(folder / name, known.get(name), remedy)
        for name in [*names, *weights]
    }
    config = _json(folder / CONFIG, remedy)
    if "quantization_config" in config:
        raise ValueError(
            f"{folder / CONFIG} says that the weights are quantised: choose the repository "
            "of the model with weights in 16 or 32 bits"
        )
    tokenizer = tokenizer_from(
        (folder / TOKENIZER).read_text("utf-8"), folder / TOKENIZER
    )
    return Checkpoint(
        config, _tensors(folder, weights, shards), tokenizer, source, sums
    )


def tokenizer_from(text: str, path: Path) -> Tokenizer:
    """A tokenizer from the text of ``tokenizer.json``, without padding and truncation.

    Raises:
        DamagedDataError: the text is no tokenizer.
    """
    try:
        tokenizer = Tokenizer.from_str(text)
    except Exception as error:  # the package raises no narrower class
        raise DamagedDataError(
            f"{path} holds no tokenizer ({error}): {AGAIN}"
        ) from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _how(name: str, remedy: str) -> str:
    """What to do about a file that is lacking."""
    if name == SINGLE:
        return f"only safetensors are read, never pickled weights; {remedy}"
    if name == TOKENIZER:
        return (
            f"{remedy}; where the repository has none, the package transformers makes it: "
            "`AutoTokenizer.from_pretrained(name).save_pretrained(folder)`"
        )
    return remedy


def _json(path: Path, remedy: str) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise DamagedDataError(f"{path} is no JSON ({error}): {remedy}") from error
    if not isinstance(found, dict):
        raise DamagedDataError(f"{path} holds no JSON object: {remedy}")
    return found


def _shards(folder: Path, remedy: str) -> dict[str, str] | None:
    """File of each tensor, ``None`` where one file holds them all."""
    if (folder / SINGLE).is_file() or not (folder / INDEX).is_file():
        return None
    shards = _json(folder / INDEX, remedy).get("weight_map")
    if not isinstance(shards, dict) or not shards:
        raise DamagedDataError(f"{folder / INDEX} has no weight_map: {remedy}")
    for name in shards.values():
        # A name with a folder in it could lead anywhere.
        if not isinstance(name, str) or Path(name).name != name:
            raise DamagedDataError(
                f"{folder / INDEX} names no file by {name!r}: {remedy}"
            )
    return shards


def _tensors(
    folder: Path, weights: list[str], shards: dict[str, str] | None
) -> LazyTensors:
    """Tensors of all files of weights."""
    files = {name: safetensors(folder / name) for name in weights}
    if shards is None:
        return LazyTensors(files[SINGLE])
    for tensor, name in shards.items():
        if tensor not in files[name]:
            raise DamagedDataError(
                f"{folder / name} holds no {tensor}, which {INDEX} says it does: {AGAIN}"
            )
    return LazyTensors({tensor: files[name][tensor] for tensor, name in shards.items()})
