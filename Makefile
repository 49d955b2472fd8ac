# Every target works on a fresh machine with git, make and Python 3.11 or newer: it makes .venv first.
PORT ?= 8000
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet

.PHONY: help serve test authoring check bench lock clean
.DELETE_ON_ERROR:

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

serve: .venv/serve  ## serve CDS Hooks on http://127.0.0.1:8000 (PORT=9000 for another port)
	$(BIN)/cds-service serve --port $(PORT)

test: .venv/dev  ## everything that CI checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto --cov --cov-report=term

authoring: .venv/authoring  ## install what authors need: tables, spreadsheets, ICD-10-CM
	@echo "Ready: $(BIN)/cds-service --help"

check: .venv/serve  ## the knowledge check, with all golden cases
	$(BIN)/cds-service check --plandefinitions plandefinitions --valuesets valuesets --cases tests/cases

bench: .venv/dev  ## the service against its floor; writes benchmarks/results.json
	$(BIN)/python -m benchmarks

lock: .venv/dev  ## renew the lock files in requirements/ (needs the network)
	$(PIP) uv==0.13.9
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --upgrade --extra build --extra authoring --extra dev pyproject.toml -o requirements/dev.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra build -c requirements/dev.txt pyproject.toml -o requirements/serve.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra build --extra authoring -c requirements/dev.txt pyproject.toml -o requirements/authoring.txt

clean:  ## remove what the other targets made
	rm -rf .venv .coverage* .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist *.egg-info \
	  benchmarks/results.json
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=")'
	$(PYTHON) -m venv .venv

.venv/serve: .venv/bin/python requirements/serve.txt pyproject.toml
	@echo "Installing the pinned dependencies into .venv (about a minute the first time)"
	$(PIP) --require-hashes -r requirements/serve.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

.venv/authoring: .venv/serve requirements/authoring.txt
	@echo "Installing what authors need into .venv"
	$(PIP) --require-hashes -r requirements/authoring.txt
	@touch $@

.venv/dev: .venv/serve requirements/dev.txt
	@echo "Installing the development tools into .venv"
	$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@
