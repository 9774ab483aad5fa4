# The two commands of this project: `make run` and `make test`.
# CARGO_TARGET_DIR may point outside the checkout to keep builds warm.

CARGO   ?= cargo
TARGET  := $(abspath $(or $(CARGO_TARGET_DIR),target))

.PHONY: run build test setup lint bench coverage docs dist clean

# Builds the program and runs its main job on a few files that it makes itself.
run: build
	@SAKIMORI_BIN="$(TARGET)/release/sakimori" sh docs/demo/run.sh
	@echo; echo "The program: $(TARGET)/release/sakimori"

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

bench: build
	cd bench && SAKIMORI_BIN="$(TARGET)/release/sakimori" $(CARGO) run --release --locked

# Runs the program over unpacked data sets: make coverage SAKIMORI_DATA=/path
coverage: build
	$(CARGO) run -q --locked -p xtask -- coverage --program "$(TARGET)/release/sakimori"

# The Debian package, the archive and their digests, in target/dist. Debian: apt-get install binutils dpkg-dev
dist:
	$(CARGO) run -q --locked -p xtask -- dist --out "$(TARGET)/dist"

clean:
	rm -rf .venv
	$(CARGO) clean
