# demo · test · check · docs · bench: each sets up what it needs.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SERVE ?= yes
CHILDREN ?= 62500
MONTH ?= 2026-10

.PHONY: demo test check docs site dist dist-check bench install lock clean system system-test

demo: install
	@SERVE=$(SERVE) CHILDREN=$(CHILDREN) MONTH=$(MONTH) bash tools/demo.sh

test: install system-test
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python -m docs.build --check
	$(BIN)/python -m tools.advisories

docs: install
	$(BIN)/python -m docs.build

# the pages as a site that asks for nothing from elsewhere: site/html/index.html
site: install
	$(BIN)/python -m docs.staging site

# wheel and source archive, looked into, and the list of parts beside them
dist: install
	$(BIN)/python -m tools.dist dist
	$(BIN)/python -m tools.sbom dist/tacgraph.cdx.json

# the same, and installed as strangers do: needs a network and some minutes
dist-check: install
	$(BIN)/python -m tools.dist_check dist

bench: install system-test
	$(BIN)/python -m benchmarks

install: $(VENV)/installed

$(VENV)/installed: requirements.lock pyproject.toml
	@bash tools/system_packages.sh python
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked packages into $(VENV) (a minute or two the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

system-test:
	@bash tools/system_packages.sh test

# Needs uv (`pip install uv`); everybody else only needs pip.
lock:
	uv pip compile pyproject.toml --group dev --universal --generate-hashes --python-version 3.11 --quiet \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -o requirements.lock

clean:
	-@test -x $(BIN)/tacgraph && $(BIN)/tacgraph engine stop
	rm -rf $(VENV) demo .tacgraph dist site
