# Two commands for a newcomer: `make compare` and `make test`. Each target sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PACKAGES := web/node_modules/.ready

.PHONY: install compare test lint bench docs browser page page-packages clean

install: $(READY)

# uv comes from the package registry through pip, so that nothing but Python is needed beforehand.
$(READY): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Sprat needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.8'
	$(BIN)/uv sync --locked --quiet --python $(BIN)/python
	@touch $@

compare: install
	$(BIN)/sprat compare --html report.html

browser: install
	@$(BIN)/python tools/browser.py

# What the page is built of; Node itself comes from a wheel. No package may run a script of its own.
page-packages: $(PACKAGES)

$(PACKAGES): web/package-lock.json $(READY)
	cd web && ../$(BIN)/npm ci --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error || { echo "The page's packages could not be fetched from npm's registry (see above). Behind a proxy, set HTTPS_PROXY, or registry in ~/.npmrc."; exit 1; }
	@touch $@

page: page-packages
	$(BIN)/node web/build.mjs

# Most of the tests' time is waiting: three files at once are quicker than one even on two cores.
test: install browser page-packages
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

lint: install page-packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	cd web && ../$(BIN)/node node_modules/typescript/bin/tsc --noEmit

bench: install
	$(BIN)/python benchmarks/run.py

docs: install
	$(BIN)/python tools/reference.py

clean:
	rm -rf $(VENV) web/node_modules build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache report.html
