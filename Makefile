# Berth: what one can do here. The work is in scripts/, guests/ and tests/.
#
# Ports: BERTH_API_PORT (8800), BERTH_INTERNAL_PORT (8801), BERTH_POSTGRES_PORT (54330).

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run stop clean sandbox test test-full bench bench-placement schema graphiql fmt lint

help: ## This text.
	@echo "make run        one order through all of Berth: machines, Matrix, a message (as root)"
	@echo "make stop       stops what make run started; the data stays"
	@echo "make clean      stops it and removes var/"
	@echo "make sandbox    the API over simulated machines, for building storefronts (no root)"
	@echo "make test       all tests"
	@echo "make test-full  all tests and the long runs"
	@echo "make bench      Berth beside peers that do the same work, as ratios"
	@echo "make bench-placement  where virtual machines go, beside Ganeti's tools (ROW=name for one)"
	@echo "make schema     writes store/src/schema.rs and api/schema.graphql"
	@echo "make graphiql   builds GraphiQL's files, pinned by version and hash"
	@echo "make fmt        formats the code"
	@echo "make lint       clippy and shellcheck"

run:
	@scripts/run

stop:
	@scripts/stop

clean:
	@scripts/stop --clean

sandbox:
	@scripts/sandbox

test:
	@scripts/test

test-full:
	@scripts/test --full

bench:
	@scripts/bench

bench-placement:
	@scripts/bench-placement

schema:
	@scripts/schemas

graphiql:
	@api/graphiql/build

fmt:
	@cargo fmt --all

lint:
	@cargo clippy --workspace --all-targets -- --deny warnings
	@scripts/lint
