# The two commands of this project: `make run` and `make test`.
# CARGO_TARGET_DIR may point outside the checkout to keep builds warm.

CARGO   ?= cargo
VENV    := $(abspath .venv)
HOME_DEMO ?= $(abspath target-demo/home)

.PHONY: run build test setup lint fuzz-corpus oracles bench coverage docs clean

# Builds the program and runs its main job on a few files that it makes itself.
run: build
	@SAKIMORI_BIN="$$($(CARGO) metadata --format-version 1 --no-deps | python3 -c 'import json,sys; print(json.load(sys.stdin)["target_directory"])')/release/sakimori" \
		sh docs/demo/run.sh

build:
	$(CARGO) build --release --locked -p sakimori

# Sets up and runs every test. The last line states the count.
test: setup
	sh tests/run.sh

# Debian packages and Python packages that the tests need; nothing else is taken from the machine.
setup:
	sh tests/setup.sh

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) run -q --locked -p xtask -- tidy

docs:
	$(CARGO) run -q --locked -p xtask -- docs

bench:
	cd bench && $(CARGO) run --release --locked

# Runs the program over unpacked data sets: make coverage SAKIMORI_DATA=/path
coverage: build
	$(CARGO) run -q --locked -p xtask -- coverage

clean:
	rm -rf .venv target-demo
	$(CARGO) clean
