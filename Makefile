# Two commands set everything up on a fresh machine: `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
VENV := .venv
TREE := $(VENV)/tree
FOLDERS := bins evaluation models modules processors utils
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --quiet
RESEMBLYZER := "resemblyzer==0.1.4"  # whose own requirements need a compiler

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: demo recipe test lint format docs

# The default voice speaks in two voices and converts a recording; a recogniser and a speaker encoder judge it.
demo: $(VENV)/.run
	egs/tts/hierspeechpp/box/demo.sh

# Trains the three parts in small on the recipe's own corpus, speaks, converts voices, and measures it all.
recipe: $(VENV)/.run
	egs/tts/hierspeechpp/mini/run.sh

test: lint
	OMP_NUM_THREADS=1 python -m pytest -n auto --dist loadfile

lint: $(VENV)/.dev
	ruff check .
	ruff format --check .
	mypy
	PYTHONPATH=$(TREE) lint-imports

# The site, into site/; a broken link, anchor or reference ends it.
docs: $(VENV)/.dev
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict

format: $(VENV)/.dev
	ruff check --fix .
	ruff format .

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: setup.py | $(VENV)/bin/python
	$(PIP) install --editable ".[train,eval]"
	$(PIP) install --no-deps $(RESEMBLYZER)
	touch $@

# all at once, for looking up what fits together takes longer than installing it
$(VENV)/.dev: setup.py | $(VENV)/bin/python
	$(PIP) install --editable ".[train,eval,web,ja,zh,dev,docs]"
	$(PIP) install --no-deps $(RESEMBLYZER)
	mkdir -p $(TREE)/hiervox
	ln -sfn $(addprefix $(CURDIR)/,$(FOLDERS)) $(wildcard $(CURDIR)/bins/package/*) $(TREE)/hiervox/
	touch $(VENV)/.run $@
