# SPDX-License-Identifier: Apache-2.0
#
# One entry point for people and for CI. `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PREFIX ?= /usr/local
DESTDIR ?=
# Swift's own libraries go into release binaries, so that they run where no toolchain is installed.
RELEASE := --configuration release --static-swift-stdlib
# What the sanitizers are run over; regular expressions, as `swift test --filter` takes them. Suites that start other
# programs of ours are left out of the first: those lack the stand-in for C11's threads (Tests/CThreadShim).
TSAN_FILTER ?= ^(Threads|HTTP|Kafka|Telemetry|Operations|WorkbenchAPI|WorkbenchSandbox|SandboxPrograms|Worker|Commands|Processes)Tests\.
ASAN_FILTER ?= ^(Kafka|HTTP|Settings|Digest|Worker)Tests\.
BENCH_ARGUMENTS ?=
# Tests at a time. Left to itself Swift Testing starts all of them at once: whole workers, hundreds on two cores.
TEST_WIDTH ?= 8
# What `make drill` does; every seed is a drill of its own.
SEEDS ?= 1 2 3
ROLLOUTS ?= 500
WORKERS ?= 3
# What `make hostile` does, likewise.
HOSTILE_SEEDS ?= 1
# Which worlds `make simulate` goes through.
SIMULATE_SEEDS ?= 1..1000

.PHONY: help
help: ## list the targets
	@echo "Slipway: targets of this Makefile"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "  make demo ONCE=1                          the demo without a terminal, checked, ends by itself"
	@echo "  make test-kafka KAFKA_BOOTSTRAP=host:9092  the suites that need a genuine Kafka"
	@echo "  make install PREFIX=/opt/slipway          where to (default $(PREFIX)); DESTDIR for packagers"

.PHONY: setup
setup: ## check the Swift toolchain and install the C libraries that are missing
	@.ci/setup

.PHONY: build
build: setup ## compile everything, debug
	swift build --build-tests

.PHONY: demo
demo: setup ## run the main job on this machine: mock Kafka, sandbox workbench, worker (ONCE=1: without a terminal)
	@echo "demo: building, debug (make release builds for use)" >&2
	@swift build --product slipway >&2
	@swift build --product slipway-sandbox >&2
	@ONCE="$(ONCE)" SLIPWAY_BIN="$$(swift build --show-bin-path)" Examples/demo.py

.PHONY: test
test: build ## everything that needs no outside broker
	SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=$(TEST_WIDTH) swift test --skip-build
	SLIPWAY_BIN="$$(swift build --show-bin-path)" python3 -m unittest discover --start-directory Tests/Packaging --verbose

.PHONY: test-kafka
test-kafka: build ## the suites that need a genuine Kafka: KAFKA_BOOTSTRAP=host:port, or ../shared/kafka
	KAFKA_BOOTSTRAP="$(KAFKA_BOOTSTRAP)" .ci/test-kafka

.PHONY: test-tsan
test-tsan: setup ## the concurrent parts under the thread sanitizer; with KAFKA_BOOTSTRAP the genuine suites, too
	TSAN_OPTIONS="ignore_noninstrumented_modules=1 $${TSAN_OPTIONS:-}" \
		SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=$(TEST_WIDTH) \
		swift test --sanitize thread --scratch-path .build-tsan --filter '$(TSAN_FILTER)'

.PHONY: test-asan
test-asan: setup ## what calls C libraries under the address sanitizer; with KAFKA_BOOTSTRAP the genuine suites, too
	LSAN_OPTIONS="suppressions=$(CURDIR)/Tests/leaks.supp:print_suppressions=0 $${LSAN_OPTIONS:-}" \
		SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=$(TEST_WIDTH) \
		swift test --sanitize address --scratch-path .build-asan --filter '$(ASAN_FILTER)'

.PHONY: lint
lint: ## formatting, lengths of files and functions, licence headers, forbidden imports and paths, shell scripts
	@.ci/lint

.PHONY: release
release: setup ## compile the three programs for use, Swift's libraries linked in
	swift build $(RELEASE) --product slipway
	swift build $(RELEASE) --product slipway-sandbox
	swift build $(RELEASE) --product slipway-bench

.PHONY: drill
drill: release ## fault drills on a genuine Kafka, one a seed: SEEDS="1 2 3" ROLLOUTS=500 WORKERS=3
	SEEDS="$(SEEDS)" ROLLOUTS="$(ROLLOUTS)" WORKERS="$(WORKERS)" .ci/with-kafka 3 .ci/drill "$$(swift build $(RELEASE) --show-bin-path)"

.PHONY: hostile
hostile: release ## one hostile tenant beside honest teams, on a genuine Kafka with access rules: HOSTILE_SEEDS="1 2 3"
	SECURE=1 SEEDS="$(HOSTILE_SEEDS)" .ci/with-kafka 1 .ci/hostile-drill "$$(swift build $(RELEASE) --show-bin-path)"

.PHONY: simulate
simulate: release ## the worker's machine through worlds of faults, by seeds: SIMULATE_SEEDS=1..1000
	"$$(swift build $(RELEASE) --show-bin-path)/slipway-sandbox" simulate --seeds $(SIMULATE_SEEDS)

.PHONY: bench
bench: release ## measure; BENCH_ARGUMENTS="--kafka host:9092" takes all figures
	swift build $(RELEASE) --product bench-worker
	"$$(swift build $(RELEASE) --show-bin-path)/slipway-bench" run $(BENCH_ARGUMENTS)

.PHONY: install
install: release ## programs, completions, configuration samples and reference under PREFIX
	.ci/install "$$(swift build $(RELEASE) --show-bin-path)" "$(DESTDIR)$(PREFIX)"

.PHONY: clean
clean: ## remove what building and testing made
	swift package clean
	rm -rf .build-tsan .build-asan .build/python
