# The two commands: make run, make test. `make help` lists all of them.

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
# Without compiled files each of the servers that tests start would read all packages anew: two seconds more each.
unexport PYTHONDONTWRITEBYTECODE

# The environment's own Python where there is one; PYTHON=/path/to/python3.12 make run chooses another. To make the
# environment, the system's own if it is new enough: distributors build theirs with what their compiler learned from
# running it, and the tests take some 8 % less of the processor in it than in one that was compiled without.
SYSTEM_PYTHON ?= /usr/bin/python3
ifndef PYTHON
PYTHON := $(shell \
	for one in .venv/bin/python "$(SYSTEM_PYTHON)"; do \
		"$$one" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$one" && exit; \
	done; \
	echo python3)
endif
TOOLS = "$(PYTHON)" -m tools
BIN = .venv/bin

# What to test, and how: make test ARGS="tests/chat -k unread"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run demo test check lint types contracts bench screenshots clean python set-up-for-tests

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

run: python ## set up what is missing and start Sanad here (PORT=8080 make run for another port)
	@exec $(TOOLS) run

demo: python ## load the fictional members and rooms, and print their sign-ins
	@exec $(TOOLS) set-up
	@$(BIN)/python -m flask instance
	@$(BIN)/python -m flask demo
	@$(BIN)/python -m flask demo --sign-ins

# Three at a time on two cores: part of a test is waiting, for a server, a browser or a database. Each file is one worker's,
# which starts its server once, and files begin in the order of tests/conftest.py.
test: set-up-for-tests ## run all tests (ARGS="tests/chat -k unread" for some)
	@$(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

check: lint types contracts test ## lint, types, import contracts, tests

lint: python ## look for mistakes and for lines that are not formatted
	@exec $(TOOLS) set-up-for-checks
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .

types: python ## check the types, strictly
	@exec $(TOOLS) set-up-for-checks
	@$(BIN)/python -m mypy

contracts: python ## check who imports whom
	@exec $(TOOLS) set-up-for-checks
	@$(BIN)/lint-imports

bench: set-up-for-tests ## measure speed and memory into bench/results (some minutes)
	@$(BIN)/python -m bench

screenshots: set-up-for-tests ## take the README's pictures anew
	@$(BIN)/python -m tools.screenshots

clean: ## remove everything that was built or installed; never the instance with its members' words
	rm -rf .venv .cache __pycache__ node_modules app/static/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find app bench migrations tests tools -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
	find app/translations -name '*.mo' -delete 2>/dev/null || true

python:
	@command -v "$(PYTHON)" >/dev/null || \
		{ echo "sanad: there is no $(PYTHON) here; Python 3.11 or newer is needed: apt install python3" >&2; exit 2; }

set-up-for-tests: python
	@exec $(TOOLS) set-up-for-tests
