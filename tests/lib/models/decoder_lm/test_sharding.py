"""A decoder split over four devices computes what one device computes."""

import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import jax
import pytest
from jax.sharding import AbstractMesh, Mesh

from inductive.models import decoder_lm
from support.processes import SETTINGS

from .conftest import OWN, ROTARY


def test_four_devices_give_the_logits_of_one() -> None:
    settings = {"XLA_FLAGS": "--xla_force_host_platform_device_count=4"}
    done = subprocess.run(
        [sys.executable, "-m", "support.sharded_decoder"],
        env=os.environ | SETTINGS | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    devices, quarter, apart, tokens = done.stdout.split()
    assert devices == "4"
    # All but the norms lie in four parts.
    assert 0.25 <= float(quarter) < 0.27
    # Sums in another order, of logits of order one in single precision.
    assert float(apart) < 1e-5
    assert tokens == "same"


def test_all_arrays_have_a_place() -> None:
    mesh = decoder_lm.device_mesh()
    assert dict(mesh.shape) == {"model": len(jax.local_devices())}
    for config in (OWN, replace(ROTARY, tied=True, qkv_bias=True, qk_norm=True)):
        where = decoder_lm.tensor_shardings(config, mesh)
        tree = jax.tree.structure(decoder_lm.shapes(config))
        assert jax.tree.structure(where) == tree


def test_a_mesh_that_does_not_fit_is_refused() -> None:
    other = Mesh(jax.devices()[:1], ("batch",))
    with pytest.raises(
        ValueError, match=r"axes \('batch',\): it needs one named 'model'"
    ):
        decoder_lm.tensor_shardings(OWN, other)
    mesh: Any = AbstractMesh((5,), ("model",))
    with pytest.raises(ValueError, match="5 devices do not divide n_kv_heads=2, vocab"):
        decoder_lm.tensor_shardings(OWN, mesh)
