"""Frozen stores carry the tolerances that the plans of their chapters declare today."""

from importlib import import_module

import pytest

from inductive import paths
from inductive.cli import audits
from inductive.sweep import frozen

EXPERIMENTS = paths.PACKAGE / "experiments"
PLANS = sorted(EXPERIMENTS.glob("**/plans.py"))


@pytest.mark.parametrize("file", PLANS, ids=[file.parent.name for file in PLANS])
def test_stores_are_audited_within_the_tolerances_of_their_plans(file) -> None:
    module = ".".join(file.relative_to(paths.PACKAGE.parent).with_suffix("").parts)
    plans = import_module(module).plans("paper")
    slug = file.relative_to(EXPERIMENTS).parts[0].replace("_", "-")
    stores = {path.stem: path for path in audits.stores(slug) if path.stem in plans}
    assert stores
    for name, path in stores.items():
        held = frozen.load(path)
        declared = plans[name].tolerances
        assert set(declared) <= set(held.data_vars), name
        for output, tolerance in declared.items():
            assert {k: held[output].attrs.get(k) for k in tolerance} == tolerance, (
                f"{name}: {output}"
            )
