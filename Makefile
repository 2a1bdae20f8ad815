# Everything a developer or a newcomer runs. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORPUS ?= ../shared/corpus

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-kafka test-deploy dashboard docs lint format bench bench-scale lock clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(VENV)/.ready  ## Make the virtual environment from the lock file

$(VENV)/.ready: requirements/dev.txt pyproject.toml .ci/venv
	PYTHON=$(PYTHON) .ci/venv $(VENV) requirements/dev.txt
	@touch $@

demo: setup  ## Run the whole pipeline on sample pages, on an embedded Kafka and Redis
	$(BIN)/pagesieve demo

test: setup  ## Unit, contract and integration tests on the embedded services
	$(BIN)/pytest -m "not kafka and not redis and not deploy"

test-kafka: setup  ## The tests that need real Apache Kafka (Java, Maven) and real Redis
	$(BIN)/pytest -m "(kafka or redis) and not deploy"

test-deploy: setup  ## What deploy/ and docker-compose.yml say, without Docker (needs root, Prometheus, tini, Java, Maven, Redis)
	$(BIN)/pytest -m deploy

dashboard: setup  ## Write the Grafana dashboard anew from tests/tools/grafana_dashboard.py
	$(BIN)/python -m tests.tools.grafana_dashboard

docs: setup  ## Write docs/configuration.md and docs/records.md anew from the code
	$(BIN)/python -m tests.tools.settings_table
	$(BIN)/python -m tests.tools.records_page

lint: setup  ## Lint, format, types, import layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup  ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup  ## Speed against bare trafilatura, on the pages in CORPUS
	$(BIN)/python -m tests.bench $(CORPUS)

bench-scale: setup  ## Speed of 1, 2 and 4 workers on the pages in CORPUS, and what a rebalance costs
	$(BIN)/python -m tests.bench.scale $(CORPUS)

lock: setup  ## Write the lock files anew from pyproject.toml
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --extra demo --group dev pyproject.toml -o requirements/dev.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --group build -o requirements/build.txt

clean:  ## Remove the virtual environment and caches
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
