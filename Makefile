# Two commands set everything up on a fresh machine: `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
VENV := .venv
TREE := $(VENV)/tree
FOLDERS := bins evaluation models modules processors utils
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --quiet

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

$(VENV)/.run: setup.py
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --editable ".[train,eval]"
	$(PIP) install --no-deps "resemblyzer==0.1.4"
	touch $@

$(VENV)/.dev: $(VENV)/.run
	$(PIP) install --editable ".[train,eval,web,ray,ja,zh,dev,docs]"
	mkdir -p $(TREE)/hiervox
	ln -sfn $(addprefix $(CURDIR)/,$(FOLDERS)) $(wildcard $(CURDIR)/bins/package/*) $(TREE)/hiervox/
	touch $@
