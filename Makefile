# Everything a developer or a newcomer runs. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORPUS ?= ../shared/corpus
SECONDS ?= 120
MINUTES ?= 3
SEED ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-kafka test-hostile test-browser test-training test-deploy fuzz hostile chaos \
	dashboard docs lint format bench bench-scale model lock clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(VENV)/.ready  ## Make the virtual environment from the lock file

$(VENV)/.ready: requirements/dev.txt pyproject.toml .ci/venv
	PYTHON=$(PYTHON) .ci/venv $(VENV) requirements/dev.txt
	@touch $@

demo: setup  ## Run the whole pipeline on sample pages, on an embedded Kafka and Redis
	$(BIN)/pagesieve demo

test: setup  ## Unit, contract and integration tests on the embedded services
	$(BIN)/pytest -n auto --maxprocesses 8 -m "not kafka and not redis and not browser and not training and not hostile and not deploy"

test-kafka: setup  ## The tests that need real Apache Kafka (Java, Maven) and real Redis
	$(BIN)/pytest -m "(kafka or redis) and not deploy"

test-deploy: setup  ## What deploy/ and docker-compose.yml say, without Docker (needs root, Prometheus, tini, Java, Maven, Redis)
	$(BIN)/pytest -m deploy

dashboard: setup  ## Write the Grafana dashboard anew from tests/tools/grafana_dashboard.py
	$(BIN)/python -m tests.tools.grafana_dashboard

docs: setup  ## Write docs/configuration.md and docs/records.md anew from the code
	$(BIN)/python -m tests.tools.settings_table
	$(BIN)/python -m tests.tools.records_page

test-hostile: setup  ## Hundreds of pages that are made to do harm, in real children
	$(BIN)/pytest -m hostile

test-browser: setup  ## The tests that need Chromium and its driver
	$(BIN)/pytest -m browser

chaos: setup  ## Make everything fail and see that no page is lost: MINUTES=60, SEED=1
	$(BIN)/python -m tests.chaos --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

fuzz: setup  ## Fuzz decoding, cleaning and the rules for SECONDS; what fails is kept in tests/fuzz/found
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS)

hostile: setup  ## What becomes of every hostile page, and what it costs
	$(BIN)/python -m tests.hostile

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

test-training: setup  ## The tests that need LightGBM, with which the layout model is grown
	$(BIN)/pip install -q --require-hashes -r requirements/model.txt
	$(BIN)/pytest -m training

model: setup  ## Grow the layout model from the pages in CORPUS, and measure it by site
	$(BIN)/pip install -q --require-hashes -r requirements/model.txt
	$(BIN)/python -m training $(CORPUS)

lock: setup  ## Write the lock files anew from pyproject.toml
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --extra demo --group dev pyproject.toml -o requirements/dev.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --extra demo --group dev --group model pyproject.toml \
		-o requirements/model.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --group build -o requirements/build.txt

clean:  ## Remove the virtual environment and caches
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
