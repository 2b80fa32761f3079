# `make serve` and `make test` set up everything they need, on a machine that has only Python and Node.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
FLAGS ?=

.PHONY: help setup setup-dev web serve demo test check bench lock clean

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

setup: .venv/.serve web ## Install what the server needs, and build the web page

setup-dev: .venv/.dev web tests/clients/node_modules/.installed ## Install what the tests need as well
	@scripts/debian-packages chromium mpv ffmpeg postgresql coturn

.venv/.serve: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -e .venv/.dev || $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ .venv/.serve

WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

web: src/tutti/static/index.html

web/node_modules/.installed: web/package-lock.json
	@cd web && npm ci --silent --no-audit --no-fund
	@touch $@

src/tutti/static/index.html: web/node_modules/.installed $(WEB_SOURCES)
	@cd web && npm run --silent build
	@touch $@

tests/clients/node_modules/.installed: tests/clients/package-lock.json
	@cd tests/clients && npm ci --silent --no-audit --no-fund
	@touch $@

serve: setup ## Serve on ports 3000 and 3001 (FLAGS="--data DIR" and more: see `tutti serve --help`)
	@exec $(BIN)/tutti serve $(FLAGS)

demo: setup ## Try it with a stand-in for Spotify, on this machine; nothing to set up, nothing stays
	@exec $(BIN)/python -m tutti.demo $(FLAGS)

# Tests with servers and browsers of their own have the machine to themselves.
SIDE_BY_SIDE := --numprocesses auto --maxprocesses 4 --dist loadfile

test: setup-dev static ## Run every check and every test
	@$(BIN)/pytest $(SIDE_BY_SIDE) -m "not e2e"
	@$(BIN)/pytest -m e2e
	@cd web && npm test --silent

static: .venv/.dev
	@$(BIN)/ruff check src tests bench
	@$(BIN)/ruff format --check src tests bench
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check: .venv/.dev static ## Static checks and the fast tests
	@$(BIN)/pytest $(SIDE_BY_SIDE) -m "not e2e"

bench: setup-dev ## Measure everything we claim, against real peers, in one run
	@$(BIN)/python -m bench

lock: .venv/.dev ## Choose newer versions and write the lock files
	@$(BIN)/uv pip compile pyproject.toml --extra build --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate --quiet -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --extra dev --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate --quiet -c requirements.lock -o requirements-dev.lock

clean: ## Remove what was built and installed here
	@rm -rf .venv web/node_modules tests/clients/node_modules src/tutti/static bench/out
