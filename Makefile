# make demo   sets up .venv and puts the shipped argument to the test; the report lands in study/
# make test   sets up .venv with the development tools and runs every check
# make check  the same checks, without setting anything up
# make docs   builds the documentation in docs/_build/html
# make clean  removes what these made

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/bash

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
SETTINGS := pyproject.toml constraints.txt
# Files of tests go to as many processes as there are processors, up to four: fixtures of a file are made once.
PARALLEL := -n auto --maxprocesses 4 --dist loadfile

.PHONY: help demo test check slow docs clean browser

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

$(VENV)/made:
	@command -v $(PYTHON) >/dev/null || { echo "No $(PYTHON) found: install Python 3.11 or later, or name one: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Good Offices needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version). Name another: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
	  echo "This Python cannot make virtual environments: install its venv package (on Debian: apt-get install python3-venv)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/installed: $(VENV)/made $(SETTINGS)
	@echo "Installing Good Offices into $(VENV) (a minute or two, once)"
	$(PIP) -e .
	@touch $@

$(VENV)/installed-dev: $(VENV)/made $(SETTINGS)
	@echo "Installing Good Offices and its development tools into $(VENV) (a few minutes, once)"
	$(PIP) -e '.[dev]'
	@touch $@ $(VENV)/installed

demo: $(VENV)/installed
	$(BIN)/goodoffices study budapest-2025 --out study/

browser: $(VENV)/installed-dev
	@bash tools/browser.sh $(BIN)

test: browser
	@$(MAKE) --no-print-directory check

check:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest $(PARALLEL)

slow:
	$(BIN)/python -m pytest -m slow $(PARALLEL) || [ $$? -eq 5 ]

docs:
	$(BIN)/sphinx-build -q -W --keep-going -n -b html docs docs/_build/html

clean:
	rm -rf $(VENV) study docs/_build docs/reference/generated build src/*.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache
