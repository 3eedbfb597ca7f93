# WebAssembly Hub: `make help` lists what there is.

PYTHON ?= python3
PORT ?= 8000
PY := .venv/bin/python
RUFF_PATHS := .
# Debian's name for the module that makes virtual environments.
NEED_VENV := echo "Install what is missing first: sudo apt-get install python3-venv make" >&2

.DEFAULT_GOAL := help
.PHONY: help run setup test test-all check lint bench examples requirements openapi

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' Makefile

run: .venv/ready  ## set everything up and serve the hub at http://127.0.0.1:8000 (PORT=…)
	@exec $(PY) manage.py serve --demo --port $(PORT)

setup: .venv/dev  ## make .venv with what tests and linters need

test: .venv/dev  ## everything quick, on both set-ups: SQLite and files, PostgreSQL and Redis
	$(PY) -m pytest -n 2 --dist loadfile -m "not slow"
	HUB_TEST_SETUP=grown $(PY) -m pytest -n 2 --dist loadfile -m "not slow and not single_setup"

test-all: .venv/dev  ## all tests, the slow ones too
	$(PY) -m pytest -n 2 --dist loadfile
	HUB_TEST_SETUP=grown $(PY) -m pytest -n 2 --dist loadfile -m "not single_setup"

check: lint test-all  ## what CI runs: linters, types, contracts, all tests

lint: .venv/dev  ## linters, types, import contracts
	$(PY) -m ruff check $(RUFF_PATHS)
	$(PY) -m ruff format --check $(RUFF_PATHS)
	$(PY) -m mypy .
	.venv/bin/lint-imports
	$(PY) -m djlint --lint templates
	$(PY) manage.py makemigrations --check --dry-run

bench: .venv/dev  ## measure; prints ratios and figures
	$(PY) bench/run.py
	$(PY) bench/registry.py
	$(PY) bench/modules.py

examples:  ## rebuild examples/*/*/dist with the pinned toolchains
	examples/build

openapi: .venv/dev  ## write docs/openapi.json from the code
	$(PY) manage.py spectacular --format openapi-json --file docs/openapi.json

requirements: .venv/dev  ## compile requirements*.in to pinned files with hashes
	$(PY) -m uv pip compile --generate-hashes --only-binary :all: --python-version 3.11 --universal --no-annotate --no-header requirements.in -o requirements.txt
	$(PY) -m uv pip compile --generate-hashes --only-binary :all: --python-version 3.11 --universal --no-annotate --no-header requirements-dev.in -o requirements-dev.txt

.venv/ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed (PYTHON=…)." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { $(NEED_VENV); exit 1; }
	@[ -x $(PY) ] || $(PYTHON) -m venv .venv
	@echo "Installing the packages of requirements.txt …"
	@$(PY) -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r requirements.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: .venv/ready requirements-dev.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r requirements-dev.txt
	@touch $@
