# Every command of the house. `make demo` and `make test` set up a fresh Debian 12 by themselves; see installers/.
SHELL := /bin/bash
PY := .venv/bin/python
SET_UP := installers/set_up.sh
WORKERS ?= 3
ARGS ?=

.PHONY: help demo test check proof soak bench screens fix docs rules vectors release lock clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo:  ## a hospital day through two edges and a hub; ARGS=--once ends by itself
	@$(SET_UP) run
	$(PY) -m simulator.demo $(ARGS)

test:  ## every test but the slow ones and those of `make check` (12 minutes at most); ARGS goes to pytest
	@$(SET_UP) test
	$(PY) -m pytest -n $(WORKERS) --dist loadscope --ignore tests/tidy $(ARGS)

check:  ## format, lint, types, imports, and the repository's own shape
	@$(SET_UP) test
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports --config pyproject.toml
	$(PY) -m pytest -q tests/tidy

proof:  ## what is slow but belongs to every change (30 minutes at most)
	@$(SET_UP) proof
	$(PY) -m pytest -m proof -n $(WORKERS) --dist loadscope $(ARGS)

soak:  ## hours; ARGS="tests/e2e/test_boot.py" boots the appliance alone
	@$(SET_UP) soak
	$(PY) -m pytest -m soak --timeout 0 $(ARGS)

bench:  ## every figure; ARGS names some, or --json, --quick
	@$(SET_UP) test
	$(PY) -m benchmarks $(ARGS)

screens:  ## a picture of every page in every language, in build/screens
	@$(SET_UP) proof
	$(PY) -m tests.screens build/screens

fix:  ## format, and mend what lint can mend
	@$(SET_UP) test
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

docs:  ## redraw docs/states.md and docs/errors.md from the tables
	@$(SET_UP) run
	$(PY) -m tests.tidy.generate_docs

rules:  ## compile the audit rules into what the edge is shipped with, and write them into docs/audit-rules.md
	@$(SET_UP) run
	$(PY) -m tests.tidy.generate_rules

vectors:  ## rewrite the golden vectors; read the difference by eye before you commit it
	@$(SET_UP) run
	$(PY) -m tests.wire_vectors.regenerate

release:  ## packages, shim, hashes; ARGS="--key PRIVATE.pem FOLDER" signs; dist/ if no folder is named
	@$(SET_UP) proof
	$(PY) -m installers.build $(ARGS)

lock:  ## pin anew from pyproject.toml
	installers/refresh_lock.sh $(ARGS)

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
