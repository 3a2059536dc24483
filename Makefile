# Everything starts here. `make run` and `make demo` need Python 3.11 or later and nothing else.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
PYTEST_ARGS ?= -n 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help run processor demo import verify rebuild backup restore test check bench faults screenshots system-packages

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

run: $(VENV)/run.stamp ## Serve on http://127.0.0.1:8050 (HOST, PORT, WORKERS), in a virtual environment made for it
	@exec $(PY) app.py

demo: $(VENV)/run.stamp ## The same with a simulated restaurant: eight weeks of history, then live events
	@exec $(PY) -m demo

import: $(VENV)/run.stamp ## Load a CSV of orders: make import FILE=… SITE=… TZ=… (see docs/import.md)
	@test -n "$(FILE)" && test -n "$(SITE)" && test -n "$(TZ)" || { \
	    echo "usage: make import FILE=sample/pizzaplace/pizzaplace.csv.xz SITE=pizza TZ=America/New_York" >&2; exit 2; }
	@exec $(PY) -m services.importing "$(FILE)" --site "$(SITE)" --tz "$(TZ)" $(if $(FORMAT),--format $(FORMAT)) $(if $(ASIDE),--set-aside "$(ASIDE)") $(if $(SHUFFLE),--shuffle-seed $(SHUFFLE))

processor: $(VENV)/run.stamp ## Bring accepted events into the figures, beside servers on the same PostgreSQL
	@exec $(PY) -m services.events

verify: $(VENV)/run.stamp ## Recount the stored facts and compare every rollup (SAMPLE=20: some days of them)
	@exec $(PY) -m services.jobs verify $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED))

rebuild: $(VENV)/run.stamp ## Build all rollups anew from the stored facts
	@exec $(PY) -m services.jobs rebuild

backup: $(VENV)/run.stamp ## Copy the store while it is in use: make backup FILE=…
	@test -n "$(FILE)" || { echo "usage: make backup FILE=backup.sqlite3" >&2; exit 2; }
	@exec $(PY) -m services.jobs backup "$(FILE)"

restore: $(VENV)/run.stamp ## Put a backup in the store's place, servers being stopped: make restore FILE=…
	@test -n "$(FILE)" || { echo "usage: make restore FILE=backup.sqlite3" >&2; exit 2; }
	@exec $(PY) -m services.jobs restore "$(FILE)"

test: system-packages check ## Install what the tests need, then check the code and run every test
	$(PY) -m pytest $(PYTEST_ARGS)

check: $(VENV)/dev.stamp ## Lint and types
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -m mypy pulseboard_hooks demo

bench: $(VENV)/dev.stamp ## Print the README's figures, each with what it ran
	@exec $(PY) -m benchmarks

faults: $(VENV)/dev.stamp ## Kill servers, processors, Redis and PostgreSQL at random moments, 20 times each
	FAULT_ROUNDS=20 $(PY) -m pytest tests/faults -q

screenshots: system-packages $(VENV)/dev.stamp ## Take the README's pictures of a demo on a store of its own
	$(PY) -m tests.e2e.screenshots

system-packages: ## Chromium, its driver, Redis and PostgreSQL, for the tests
	@.ci/system-packages

$(VENV)/run.stamp: requirements.txt | $(PY)
	$(PIP) install -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements.txt requirements-dev.txt | $(PY)
	$(PIP) install -r requirements-dev.txt
	@touch $@

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Pulseboard needs Python 3.11 or later; say which: make PYTHON=python3.11 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
