"""Decoders and vectors of the first pretraining, and few traces, written once a process."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

import jax
import jaxtyping
import pytest

from inductive import rng
from inductive.experiments.algorithmic_primitives import bank, checkpoint
from inductive.experiments.algorithmic_primitives.bank import Bank, Walks
from inductive.models.decoder_lm import Decoder

N_TRACES = 12
"""Of each task and instruction; one number, so that tests share programs."""


class Made(NamedTuple):
    """Traces, and the vectors that were made from them."""

    walked: Walks
    bank: Bank


@pytest.fixture(scope="module", autouse=True)
def as_in_sweeps() -> Iterator[None]:
    """Single precision, in which the chapter computes."""
    with jax.enable_x64(False):
        yield


@pytest.fixture(scope="module")
def mixed_types(as_in_sweeps: None) -> Iterator[None]:
    """Counts may be multiplied by floats, as in Optax's Muon."""
    with jax.numpy_dtype_promotion("standard"):
        yield


@pytest.fixture(scope="module")
def unchecked(as_in_sweeps: None) -> Iterator[None]:
    """Contexts differ in their numbers of points, and heads in their width from the stream;
    the types of groups take each for one number."""
    with _unchecked():
        yield


@contextmanager
def _unchecked() -> Iterator[None]:
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        yield
    finally:
        jaxtyping.config.update("jaxtyping_disable", before)


@pytest.fixture(scope="module")
def base(as_in_sweeps: None) -> Decoder:
    return checkpoint.decoder(0, "B")


@pytest.fixture(scope="module")
def finetuned(as_in_sweeps: None) -> Decoder:
    return checkpoint.decoder(0, "F")


@pytest.fixture(scope="module")
def made(as_in_sweeps: None) -> Made:
    return _made()


@pytest.fixture(scope="module")
def walked(made: Made) -> Walks:
    return made.walked


@cache
def _made() -> Made:
    base, finetuned = checkpoint.decoder(0, "B"), checkpoint.decoder(0, "F")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bank, "N_TRACES", N_TRACES)
        walked = bank.walks(rng.root(3), base, finetuned)
        patch.setattr(bank, "walks", lambda *_: walked)
        with jax.numpy_dtype_promotion("standard"), _unchecked():
            return Made(walked, bank.bank(rng.root(3), base, finetuned))
