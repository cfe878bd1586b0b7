# Everything that can be done with this checkout. `make` alone lists it.
#
# demo, run and test set the machine up first (packages, .venv); a second time that costs a fraction of a second.
#   ARGS=…         more words for the command: make run ARGS="--platform 'sim://?hosts=3&vms=5'"
#   SYSTEM=ready   take the operating system's packages as they are, and install none
#   PYTHON=…       the interpreter that .venv is made from; else the newest that will do

BIN := .venv/bin
READY_DEPENDS := pyproject.toml tools/setup-python

.DEFAULT_GOAL := help
.SUFFIXES:
.DELETE_ON_ERROR:

.PHONY: help
help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# ---------------------------------------------------------------------------------------------------------------- use

.PHONY: demo
demo: .venv/.ready-run ## define, start, watch, change and destroy a virtual machine, on a server of its own
	@exec $(BIN)/vman demo $(ARGS)

.PHONY: run
run: .venv/.ready-run ## run the server in the foreground; Ctrl-C stops it
	@exec $(BIN)/vman serve $(ARGS)

# -------------------------------------------------------------------------------------------------------------- check

.PHONY: test
test: system-test lint pytest ## lint, then every test

.PHONY: pytest
pytest: .venv/.ready-dev
	@tools/pytest-parts "$(BIN)/python -m" $(ARGS)

.PHONY: coverage
coverage: system-test .venv/.ready-dev ## every test, traced: which lines and branches none of them runs
	@$(BIN)/coverage erase
	@tools/pytest-parts "$(BIN)/coverage run -m" $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

LINTS := lint-code lint-format lint-types lint-imports lint-house lint-docs

.PHONY: lint $(LINTS)
lint: .venv/.ready-dev ## style, types, import directions, house rules; all are tried
	@$(MAKE) --no-print-directory --keep-going $(LINTS)

lint-code: .venv/.ready-dev
	@$(BIN)/ruff check --quiet
lint-format: .venv/.ready-dev
	@$(BIN)/ruff format --check --quiet || { $(BIN)/ruff format --check; exit 1; }
lint-types: .venv/.ready-dev
	@$(BIN)/mypy --no-error-summary
lint-imports: .venv/.ready-dev
	@$(BIN)/lint-imports tools/imports.toml --no-logo > .venv/imports.log || { cat .venv/imports.log; exit 1; }
lint-house: .venv/.ready-dev
	@$(BIN)/python tools/house.py
lint-docs: .venv/.ready-dev
	@$(BIN)/python tools/docs.py --check

.PHONY: bench
bench: .venv/.ready-dev ## measure, as ratios to references measured in the same run
	@$(BIN)/python -m benchmarks.run $(ARGS)

.PHONY: bench-quick
bench-quick: .venv/.ready-dev ## the same with a twentieth of the objects
	@$(BIN)/python -m benchmarks.run --scale 0.05 $(ARGS)

# --------------------------------------------------------------------------------------------------------------- docs

.PHONY: docs
docs: .venv/.ready-docs ## write the generated pages and build the site into site/
	@$(BIN)/python tools/docs.py
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	@echo "site/index.html"

.PHONY: clean
clean: ## remove what make made here; the server's state stays
	rm -rf .venv site build dist .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	  .import_linter_cache
	find src tests tools benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# ------------------------------------------------------------------------------------------------------------- set-up

# The system is looked at each time (a few hundredths of a second): packages can be removed behind our back.
.PHONY: system-build system-run system-test
system-build system-run system-test: system-%:
	@[ "$(SYSTEM)" = ready ] || tools/setup-system $*

.venv/.ready-run: $(READY_DEPENDS) | system-run
	@tools/setup-python .venv
	@touch $@

.venv/.ready-dev: $(READY_DEPENDS) | system-build
	@tools/setup-python .venv dev
	@touch $@

.venv/.ready-docs: $(READY_DEPENDS) | system-build
	@tools/setup-python .venv docs
	@touch $@
