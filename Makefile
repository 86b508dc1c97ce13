# Athanor: `make run` serves it, `make demo` uses it, `make test` checks it.
PORT ?= 8000
ATHANOR_HOME ?= var
PYTHON ?= python3
export PORT ATHANOR_HOME

VENV := .venv
BIN := $(VENV)/bin
MANAGE := $(BIN)/python manage.py
# A process for each of up to four cores; `make test PARALLEL=` is one after the other.
PARALLEL ?= --numprocesses auto --maxprocesses 4

.PHONY: help run demo prepare test lint format bench docs requirements clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(VENV)/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "Athanor needs Python 3.11 to 3.13; set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

prepare: $(VENV)/.installed  ## Install, create the database and the demonstration archive
	@$(MANAGE) prepare

run: prepare  ## Serve on http://localhost:$(PORT)/ (jobs included); Ctrl-C stops
	@$(MANAGE) serve

demo: $(VENV)/.installed  ## Use the running service as a Python client does
	@$(BIN)/python tools/demo.py http://localhost:$(PORT)

test: $(VENV)/.installed-dev  ## Check everything that can be checked on this machine
	$(BIN)/python -m pytest $(PARALLEL)

lint: $(VENV)/.installed-dev  ## Check style and imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev  ## Put the sources in their form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-dev  ## Print the speed tables, ratios first
	@for name in tap jobs store writers evselect recording provenance provtap; do echo "== $$name"; $(BIN)/python -m bench.$$name || exit 1; done

docs: $(VENV)/.installed  ## Write the reference pages of tasks and of tables from their definitions
	@$(BIN)/python tools/document_task.py
	@$(BIN)/python tools/document_provtap.py

requirements: $(VENV)/.installed  ## Pin the newest releases that fit pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --upgrade --custom-compile-command "make requirements" pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --upgrade --custom-compile-command "make requirements" pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt

clean:  ## Remove the virtual environment and caches (the state directory stays)
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache
