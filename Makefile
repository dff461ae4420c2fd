# The verbs of the project, the same here and in continuous integration.
# `make book` and `make test` work from a bare clone: they build .venv from the hashed lock first.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
PROFILE ?= smoke
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
# Stamps carry hashes of contents, so a changed lock (not a touched file) installs again.
LOCKED := $(VENV)/.locked-$(shell cksum < requirements.lock | tr -d ' ')
BENCH := $(VENV)-bench/.locked-$(shell cksum < requirements-bench.lock | tr -d ' ')
STAMP := $(VENV)/.installed-$(shell cat requirements.lock pyproject.toml | cksum | tr -d ' ')

# XLA and BLAS threads gain nothing on these small problems; one core per chapter is faster and repeatable.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export PYTHONHASHSEED ?= 0

RESOLVE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --fork-strategy fewest \
  --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet

.DEFAULT_GOAL := help
.PHONY: help book test chapter serve release pdf audit bench lint format lock clean

help:  ## list the verbs
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */  make \1\t/' | expand -t 18

$(LOCKED):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer was not found: install it, or run 'make PYTHON=/path/to/python3.11 ...'"; exit 2; }
	@echo "Installing the locked environment into $(VENV) (once, about two minutes) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(BENCH):
	@echo "Installing the environment of the benchmarks into $(VENV)-bench (6 GB, once) ..."
	@$(PYTHON) -m venv --clear $(VENV)-bench
	@$(VENV)-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@$(VENV)-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(STAMP): $(LOCKED)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

book: $(STAMP)  ## execute what changed, build the site
	@$(BIN)/inductive book

test: $(STAMP) lint  ## lint, unit tests, chapters (smoke), site in a browser
	@$(BIN)/python -m pytest -n 2 --dist worksteal

chapter: $(STAMP)  ## run one chapter: make chapter NAME=<slug> PROFILE=smoke
	@$(BIN)/inductive run "$(NAME)" --profile "$(PROFILE)"

serve: $(STAMP)  ## show the site on http://localhost:8000 and rebuild while you write
	@$(BIN)/inductive serve --port "$(PORT)"

release: book  ## archives of this commit for a deposit with a DOI, in _build/release
	@$(BIN)/inductive release

pdf: book  ## print every chapter into _build/pdf; needs a browser
	@$(BIN)/inductive pdf

audit: $(STAMP)  ## recompute random points of stored sweeps; ALL=1 takes costly ones too
	@$(BIN)/inductive audit $(if $(filter 1,$(ALL)),--all)

bench: $(BENCH)  ## measure speed beside other libraries; needs 6 GB for torch
	@$(VENV)-bench/bin/python benchmarks/sweep.py
	@$(VENV)-bench/bin/python benchmarks/multitask.py
	@$(VENV)-bench/bin/python benchmarks/pretraining.py
	@$(VENV)-bench/bin/python benchmarks/gated.py
	@$(VENV)-bench/bin/python benchmarks/grokking.py
	@$(VENV)-bench/bin/python benchmarks/tangent.py
	@$(VENV)-bench/bin/python benchmarks/slabs.py
	@$(VENV)-bench/bin/python benchmarks/induction.py
	@$(VENV)-bench/bin/python benchmarks/decoder.py
	@$(VENV)-bench/bin/python benchmarks/primitives.py
	@$(VENV)-bench/bin/python benchmarks/figures.py
	@$(VENV)-bench/bin/python benchmarks/tables.py

lint: $(STAMP)  ## ruff and the type checker
	@$(BIN)/ruff check . && $(BIN)/ruff format --check --quiet . && $(BIN)/basedpyright --level warning

format: $(STAMP)  ## rewrite the code in the house style
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

lock: $(STAMP)  ## resolve pyproject.toml into both locks again
	@$(RESOLVE) --all-extras --upgrade -o requirements.lock
	@$(RESOLVE) --extra build --extra scale --group bench -c requirements.lock -o requirements-bench.lock

clean:  ## remove the site and the run outputs (not .venv, not the stores of sweeps)
	@test ! -d _build || find _build -mindepth 1 -maxdepth 1 ! -name stores -exec rm -rf {} +
	@rm -rf .pytest_cache .ruff_cache
