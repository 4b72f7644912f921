# `make help` lists the targets. Everything is installed into .venv; nothing outside this folder is touched.

VENV := .venv
BIN := $(VENV)/bin
UV ?= uv
ARGS ?=
# Some tests wait for programs that they start, so there are more processes than cores. Files are begun in the order that
# tests/conftest.py gives them; by default those with few tests would be last, and these are the slow ones.
TEST_PROCESSES ?= 3
PIP_INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check

# The bundled Redis has wheels for Python 3.11 and 3.12, so these are preferred; PYTHON=... chooses another.
OLDEST := (3, 11)
FIND_PYTHON = for below in 13 14; do for python in python3 python3.12 python3.11 python3.13; do \
	  if $$python -c "import ensurepip, sys; sys.exit(not $(OLDEST) <= sys.version_info < (3, $$below))" 2>/dev/null; \
	  then echo $$python; exit; fi; done; done
CHECK_PYTHON = import sys; $(OLDEST) <= sys.version_info < (3, 14) or sys.exit("Inventory runs on Python 3.11, 3.12 or 3.13; \
	  this is %d.%d. Choose another: make PYTHON=python3.12 ..." % sys.version_info[:2])

.DEFAULT_GOAL := help
.PHONY: help install run test faults exporting kubernetes bench policy-oracle lint format screenshots settings lock clean

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

install: $(VENV)/installed  ## Make .venv with the pinned packages (no network when nothing changed)

run: $(VENV)/installed  ## Run API, workers, scheduler, Redis and dashboard here until Ctrl-C
	@exec $(BIN)/inventory up

test: $(VENV)/installed-dev  ## Run every test that needs no external server (ARGS="-k name" for some)
	@$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder $(ARGS)

faults: $(VENV)/installed-dev  ## Check that nothing accepted is lost under faults (SEED=n repeats a run; ARGS="--store mongo --accepted 10000")
	@$(BIN)/python -m tests.faults $(if $(SEED),--seed $(SEED)) $(ARGS)

exporting: $(VENV)/installed-dev  ## Check that an export of more than 4 GiB takes no more memory than a small one (5 GiB in TMPDIR)
	@$(BIN)/python -m tests.archive.exporting

bench: $(VENV)/installed-bench  ## Measure the ratios of bench/ (NAME=hit for one; half an hour for all; PEER="command {port}" for a peer)
	@$(BIN)/python -m bench $(NAME) $(if $(PEER),--peer '$(PEER)') $(if $(PEER_LOOKUP),--peer-lookup '$(PEER_LOOKUP)') $(ARGS)

kubernetes: $(VENV)/installed-dev  ## Check deploy/kubernetes (needs Go; ARGS=--server has an API server take it)
	@deploy/kubernetes/check $(ARGS)

# Nothing of the package runs while it is installed. It would fetch a list of hosts, which no case needs.
policy-oracle: $(VENV)/installed-dev  ## Compare the policy observatory with the MDN HTTP Observatory (needs Node and npm; ARGS=--write for the table)
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && cp tests/policy/oracle/package*.json tests/policy/oracle/*.mjs "$$folder" && \
	  npm ci --prefix "$$folder" --ignore-scripts --no-audit --no-fund --silent && \
	  echo '{}' > "$$folder/node_modules/@mdn/mdn-http-observatory/conf/hsts-preload.json" && \
	  $(BIN)/python -m tests.policy.oracle "$$folder" $(ARGS)

lint: $(VENV)/installed-dev  ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/installed-dev  ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

screenshots: $(VENV)/installed-dev  ## Take the pictures of docs/screenshots/ (needs Chromium)
	@$(BIN)/python -m docs.screenshots

settings: $(VENV)/installed  ## Write the README's table of settings from inventory/config.py
	@$(BIN)/python -m docs.settings_table README.md

lock:  ## Compile requirements*.txt from pyproject.toml (needs uv; ARGS=--upgrade for newer packages)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: pipx install uv, or make lock UV=/where/it/is" >&2; exit 1; }
	$(COMPILE) pyproject.toml -o requirements.txt
	$(COMPILE) --group dev -c requirements.txt -o requirements-dev.txt
	$(COMPILE) --group bench -c requirements.txt -o requirements-bench.txt

COMPILE = env -u PIP_FIND_LINKS $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-emit-index-url --no-emit-find-links $(ARGS)

clean:  ## Remove .venv and the files of tools (not the collected data in var/)
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are newer than the files they depend on, so a second run uses no network.
$(VENV)/installed: requirements.txt pyproject.toml
	@echo "Installing into $(VENV), which takes a minute the first time"
	@if [ ! -x $(BIN)/python ]; then \
	  python="$(PYTHON)"; [ -n "$$python" ] || python=$$($(FIND_PYTHON)); \
	  [ -n "$$python" ] || { echo "Inventory needs Python 3.11, 3.12 or 3.13 with venv (on Debian the package python3-venv), and found none: make PYTHON=/where/it/is ..." >&2; exit 1; }; \
	  $$python -c '$(CHECK_PYTHON)' && \
	  { $$python -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }; }; fi
	@$(PIP_INSTALL) --require-hashes -r requirements.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.txt
	@echo "Installing what the tests need into $(VENV)"
	@$(PIP_INSTALL) --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV)/installed-bench: $(VENV)/installed-dev requirements-bench.txt
	@echo "Installing what the benchmarks measure against into $(VENV)"
	@$(PIP_INSTALL) --require-hashes -r requirements-bench.txt
	@touch $@
