# Everything here is a thin name for a script in dev/: read those for the how.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help build demo demo-fleet test test-wheel prove soak hazards interop fuzz bench lint fmt gen clean
export PYTHON

help: ## show this
	@awk -F ':.*## ' '/^[a-z -]+:.*## / { printf "  make %-20s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## leave .venv/bin/wayside and .venv/bin/wayside-tap
	@dev/build.sh use

demo: build ## a model server, a load and Wayside between them; ARGS="--for 20s" ends it by itself
	@.venv/bin/wayside demo $(ARGS)

demo-fleet: ## ten replicas, Prometheus and Alertmanager: a ticket for one bad replica, one page for all; 9 to 14 minutes
	@dev/demo_fleet.sh $(ARGS)

test: ## fetch what the tests need, run all of them, say what could not run; ARGS="--slowest" or pytest's own
	@dev/test.sh $(ARGS)

test-wheel: ## build the wheel from the sdist alone, and run the Python tests from it in a new environment
	@dev/wheel.sh --suite $(ARGS)

fuzz: ## look for bytes that break the parser; ARGS="600 conn" is seconds for each target, and which
	@dev/fuzz.sh $(ARGS)

prove: ## what takes long, a word each, into docs/proofs; ARGS="--list" says which, ARGS="survival triton" runs two
	@dev/prove.sh $(ARGS)

soak hazards interop: ## short for make prove ARGS="soak", and so on
	@dev/prove.sh $@ $(ARGS)

bench: build ## what a call costs beside HAProxy, nginx, Envoy and grpcio; ARGS="--quick" for a first look
	@dev/bench.sh $(ARGS)

lint: ## rustfmt, clippy, ruff, mypy and the import contract; changes nothing
	@dev/lint.sh

fmt: ## format Rust and Python
	@dev/lint.sh --fix

gen: ## write the committed protobuf code again
	@dev/gen.sh

clean: ## remove what was built; .venvs and .rust, which are dear, stay
	rm -rf target .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
