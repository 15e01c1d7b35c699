# SPDX-License-Identifier: Apache-2.0
# A thin layer over meson: `make help` lists what there is.
MESON := /usr/bin/meson
NINJA := ninja
export PATH := /usr/bin:/usr/sbin:/bin:/sbin:$(PATH)

DEV := build
CLANG := build-clang
RELEASE := build-release
FUZZ := build-fuzz
DEB := build-deb

.PHONY: help all dev clang release fuzz test unit integration demo deb format check clean
.DEFAULT_GOAL := dev

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(DEV)/build.ninja:
	CC=gcc $(MESON) setup $(DEV) -Db_sanitize=address,undefined

$(CLANG)/build.ninja:
	CC=clang $(MESON) setup $(CLANG) -Db_sanitize=address,undefined -Db_lundef=false

$(RELEASE)/build.ninja:
	CC=gcc $(MESON) setup $(RELEASE) -Dtests=false --buildtype=release -Db_lto=true -Db_pie=true -Dhardening=true

$(FUZZ)/build.ninja:
	CC=clang $(MESON) setup $(FUZZ) -Dfuzzers=true -Db_sanitize=address,undefined -Db_lundef=false

$(DEB)/build.ninja:
	CC=gcc $(MESON) setup $(DEB) -Dtests=false --prefix=/usr --buildtype=release -Db_lto=true -Db_pie=true -Dhardening=true

dev: $(DEV)/build.ninja ## development build (gcc, ASan, UBSan) in build/
	$(NINJA) -C $(DEV)

clang: $(CLANG)/build.ninja ## the same with clang in build-clang/
	$(NINJA) -C $(CLANG)

release: $(RELEASE)/build.ninja ## optimised and hardened in build-release/
	$(NINJA) -C $(RELEASE)

fuzz: $(FUZZ)/build.ninja ## libFuzzer targets in build-fuzz/
	$(NINJA) -C $(FUZZ)

deb: $(DEB)/build.ninja ## a Debian package in build-deb/, tried
	$(NINJA) -C $(DEB)
	packaging/test-deb "$$(packaging/make-deb $(DEB))"

packages: ## the Debian packages that are missing, installed where that is allowed
	@tools/packages install build test

test: packages ## everything: builds, unit tests, real daemons, fuzzers, demo
	tools/test

quick: packages ## the same without clang, fuzzers and the release build
	tools/test --quick

demo: packages ## a small Internet on this machine: failures, and what people see of them
	@$(MAKE) --no-print-directory release
	$(RELEASE)/src/cli/nearcast lab run worlds/demo.scenario

unit: dev ## unit tests only
	$(MESON) test -C $(DEV) --suite unit --print-errorlogs

integration: dev ## real daemons in network namespaces (needs root)
	@tools/packages missing test
	$(MESON) test -C $(DEV) --suite integration --print-errorlogs

format: ## put the house style on every C file
	clang-format -i $$(git ls-files '*.c' '*.h')

clean: ## remove every build folder
	rm -rf build build-clang build-release build-fuzz build-deb
