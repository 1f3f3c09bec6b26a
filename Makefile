# Everything a newcomer needs: `make demo` and `make test`. Both install what is missing after asking (YES=1: no asking).

SHELL := /bin/bash
.DEFAULT_GOAL := help

# One configuration for everything, so that nothing is built twice (docs/decisions/0002-release-build-only.md).
SWIFT_FLAGS := -c release
BULKHEAD := .build/release/bulkhead
OUT ?= out/demo

export YES

.PHONY: help demo test test-kubernetes build bootstrap lint check format soak bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: bootstrap ## rehearse the rollout of the example shop on this machine and say where the report is
	@Scripts/demo '$(OUT)' $(SWIFT_FLAGS)

test: bootstrap ## checks and tests on real containers, proxies and a real Kubernetes (root; up to an hour)
	@Scripts/run-tests $(SWIFT_FLAGS)

test-kubernetes: bootstrap ## everything that is tested on a real Kubernetes, faults included (root, Debian 12; an hour)
	@Scripts/kubernetes/test $(SWIFT_FLAGS)

build: bootstrap ## build the programs into .build/release
	swift build $(SWIFT_FLAGS)

bootstrap: ## install what is missing on a Debian machine
	@Scripts/bootstrap

check: ## the fast rules: directions of imports, sizes, banned words, links
	@Scripts/check-rooms
	@Scripts/check-tree
	@Scripts/make-chart --check

lint: check ## the fast rules and the format
	swift format lint --recursive --strict --parallel Package.swift Sources Tests

format: ## put the sources into the project's format
	swift format --in-place --recursive --parallel Package.swift Sources Tests

# The suites that do more under BULKHEAD_SOAK, found by the word: a new one needs no entry here.
SOAK = $(shell grep -rlE --include='*Tests.swift' 'BULKHEAD_SOAK|soak:' Tests | sed 's|.*/||; s|\.swift$$||' | sort -u \
	| paste -sd '|')

soak: bootstrap ## the long repetitions: twenty kills of a rehearsal, a million inputs for each parser, properties
	swift build $(SWIFT_FLAGS) --build-tests
	BULKHEAD_SOAK=1 swift test $(SWIFT_FLAGS) --skip-build --filter '$(SOAK)'

bench: bootstrap build ## the figures, with peers beside them where there are any
	@Benchmarks/run

clean: ## remove what was built and what demos wrote; keeps .tools
	rm -rf .build out
