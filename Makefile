# DataWave: `make start` runs it, `make test` checks it. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# One more than the processors that a small machine has: much of the time is waiting.
PYTEST_WORKERS ?= 3
# In small portions, else one of them is left alone with all the slow ones.
SPREAD := --maxschedchunk 20
# What is run by hand may take its time.
PATIENT := -o faulthandler_timeout=0
# Tests that start servers of their own, or need none, are not run a second time.
OWN_SERVERS := architecture browser demo edge_agent faults flows launch

help:  ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "DataWave needs Python 3.11 or newer. Set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -qq --disable-pip-version-check uv

$(VENV)/.runtime: $(BIN)/uv requirements.lock pyproject.toml edge_agent/pyproject.toml
	@echo "Installing DataWave into $(VENV) ..."
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e edge_agent -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@

install: $(VENV)/.runtime  ## Make the environment
start: $(VENV)/.runtime  ## Run everything; PORT and DATAWAVE_HOME can be set
	@exec $(BIN)/python manage.py start
demo: $(VENV)/.runtime  ## The same, with a demo database registered and discovered
	@DEMO=1 exec $(BIN)/python manage.py start
dev: $(VENV)/.dev  ## Make the environment for tests

lint: $(VENV)/.dev  ## Format, lint, types, layers
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/lint-imports --no-logo >/dev/null || $(BIN)/lint-imports --no-logo
	@$(BIN)/mypy
	@$(BIN)/python manage.py makemigrations --check --dry-run >/dev/null

test: lint test-sqlite test-full  ## Lint, then every test on SQLite and on PostgreSQL with Redis

test-sqlite: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) $(SPREAD)

test-full: $(VENV)/.dev
	DATAWAVE_TEST_MODE=full $(BIN)/python -m pytest -n $(PYTEST_WORKERS) $(SPREAD) $(OWN_SERVERS:%=--ignore=tests/%)

bench: $(VENV)/.dev  ## Benchmarks, each beside a floor or a peer
	@for file in bench/[a-z]*.py; do echo "== $$file"; $(BIN)/python -m bench.$$(basename $$file .py); done

bench-classification: $(VENV)/.dev  ## Cross-validate the judge of columns; LABELLED=file.jsonl
	$(BIN)/python -m bench.classification $(LABELLED)

faults: $(VENV)/.dev  ## Faults of all kinds, by seed: SEEDS=n, MODE=embedded|full, ROW=F3
	@$(if $(SEED),,SEEDS=$(or $(SEEDS),2)) $(BIN)/python -m pytest tests/faults/test_table.py -q $(PATIENT) -p no:xdist --no-header --tb=no

machines: $(VENV)/.dev  ## The protocol as a state machine 1,000 times, a connection cut at 20 points
	PROTOCOL_RUNS=1000 CUTS=20 $(BIN)/python -m pytest -n $(PYTEST_WORKERS) $(PATIENT) \
		tests/discovery/test_protocol_machine.py tests/edge_agent/test_cuts.py

lock: $(BIN)/uv  ## Resolve the locks anew
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links --no-annotate --no-emit-package datawave-edge \
		-o requirements.lock pyproject.toml
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links --no-annotate --no-emit-package datawave-edge \
		--group dev -o requirements-dev.lock pyproject.toml

wheels: $(BIN)/uv  ## Build both distributions into dist/
	$(BIN)/uv build --quiet --out-dir dist .
	$(BIN)/uv build --quiet --out-dir dist edge_agent

clean:  ## Remove the environment and caches, never data
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.PHONY: help install start demo dev lint test test-sqlite test-full bench bench-classification faults machines lock wheels clean
