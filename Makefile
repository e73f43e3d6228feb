# Every target sets up what it needs, without root; see `make help`.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo console engine explore frames pictures test test-console test-long coverage kernels lint types bench bench-long docs lock clean
.PHONY: kernels-by-rules kernels-by-worlds

PYTHON ?=
JOBS ?= 2
BIN := .venv/bin
READY := .venv/.ready
BENCH_READY := .venv-bench/.ready
INTERPRETED = NUMBA_DISABLE_JIT=1 $(BIN)/python -W ignore -m coverage run --data-file=.coverage.$@ --branch --source=src/qianmian/engine
export PYTHON
# Hundreds of processes start in the tests: each would compile all it imports, and each worker all tests.
unexport PYTHONDONTWRITEBYTECODE

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

$(READY): requirements/dev.txt pyproject.toml tools/bootstrap.sh hatch_build.py
	@sh tools/bootstrap.sh .venv requirements/dev.txt
	@touch $@

# An environment of its own: csp, the partner of the comparison, pins an older pyarrow.
$(BENCH_READY): requirements/bench.txt pyproject.toml tools/bootstrap.sh
	@sh tools/bootstrap.sh .venv-bench requirements/bench.txt
	@touch $@

demo: console  ## a simulated room of 20,000 viewers, live in a browser
	@$(BIN)/qianmian demo

console: $(READY)  ## build the browser pages and the client, if their sources changed
	@$(BIN)/python -m tools.console build

engine: $(READY)  ## compile the engine, unless that is done
	@$(BIN)/qianmian warmup

frames: console  ## how smooth the board is with 5,000 rows at 5 Hz (needs chromium)
	@$(BIN)/python -m tools.board_frames

pictures: console  ## take the pictures of the READMEs anew (needs chromium)
	QIANMIAN_PICTURES=write QIANMIAN_REQUIRE=chromium,node $(BIN)/python -m pytest -q tests/browser/test_pictures.py

test: $(READY) engine  ## all tests but the long ones (at most 8 minutes)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not long" --durations=25

test-long: $(READY)  ## the long tests, and the coverage of what Numba compiles
	QIANMIAN_HYPOTHESIS=long $(BIN)/python -m pytest -n $(JOBS) -m long --durations=10
	@$(MAKE) --no-print-directory kernels

explore: $(READY)  ## the properties over other random examples than last time
	QIANMIAN_EXPLORE=1 QIANMIAN_HYPOTHESIS=long $(BIN)/python -m pytest -n $(JOBS) tests/property tests/differential

test-console: $(READY)  ## types, lint and tests of the browser pages and the client
	@$(BIN)/python -m tools.console test

coverage: $(READY)  ## the coverage of each floor by the tests but the long ones, and whether it is enough
	$(BIN)/python -m pytest -n $(JOBS) -m "not long" --cov --cov-report=
	$(BIN)/python -m coverage json -q -o .coverage.json
	$(BIN)/python -m tools.coverage_floors .coverage.json

# Numba hides its kernels from coverage, so they are measured interpreted: vectors, and tests that are small enough.
kernels: $(READY)  ## the coverage of what Numba compiles
	@$(MAKE) --no-print-directory -j$(JOBS) --output-sync=target kernels-by-rules kernels-by-worlds
	$(BIN)/python -m coverage combine -q --data-file=.coverage.kernels .coverage.kernels-by-rules .coverage.kernels-by-worlds
	$(BIN)/python -m coverage json -q --data-file=.coverage.kernels -o .coverage-kernels.json
	$(BIN)/python -m tools.coverage_floors --kernels .coverage-kernels.json

kernels-by-rules: $(READY)
	$(INTERPRETED) -m qianmian.cli check-vectors tests/vectors/moments
	$(INTERPRETED) --append -m pytest -q -p no:warnings -m "not long" -k "not million and not thousand" tests/unit/engine

kernels-by-worlds: $(READY)
	$(INTERPRETED) -m pytest -q -p no:warnings -m "not long" -k "not ready_before" \
	  tests/differential/test_engine_edits.py \
	  tests/differential/test_engine_oracle.py::test_any_snapshot_and_restore_point \
	  tests/differential/test_engine_oracle.py::test_definitions_that_change_on_the_way

lint: $(READY)  ## style, floors, spelling, house rules, sizes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/python -m tools.lints
	$(BIN)/python -m tools.size_ratchet

types: $(READY)  ## mypy, strict, on the product, the tools and the tests
	$(BIN)/mypy

bench: $(BENCH_READY)  ## speed against plain Python and csp, in one interleaved run
	.venv-bench/bin/qianmian bench

bench-long: $(BENCH_READY) $(READY)  ## the same at every scale, and a thousand deaths; takes hours
	.venv-bench/bin/qianmian bench --long
	QIANMIAN_EXITS=1000 QIANMIAN_KILLS=20 $(BIN)/python -m pytest -m long tests/contract/test_server_exits.py \
	  tests/contract/test_shop_exits.py tests/contract/test_server_killed.py tests/contract/test_shop_killed.py

docs: $(READY)  ## write the generated pages again
	$(BIN)/python -m tools.docs

lock:  ## pin the newest dependencies (needs uv)
	sh tools/lock.sh

clean:  ## remove everything that make made
	rm -rf .venv .venv-bench dist console/node_modules console/.build src/qianmian/_console sdk/js/node_modules sdk/js/.build src/qianmian/_sdk .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
