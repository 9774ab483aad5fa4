# The two commands of this project: `make run` and `make test`.
# CARGO_TARGET_DIR may point outside the checkout to keep builds warm.

CARGO   ?= cargo
TARGET  := $(abspath $(or $(CARGO_TARGET_DIR),target))

CONSOLE := console/package.json console/package-lock.json console/vite.config.js console/index.html \
           $(shell find console/src console/public words -type f 2>/dev/null)

.PHONY: run demo serve build console test setup lint bench peers coverage docs dist clean

# Builds the program, runs its main job on a few files that it makes itself, and serves the pages until Ctrl-C.
run: demo serve

demo: build
	@SAKIMORI_BIN="$(TARGET)/release/sakimori" sh docs/demo/run.sh
	@echo; echo "The program: $(TARGET)/release/sakimori"

# Prints one address; the first time it has a one-time code, under which the first administrator is made.
serve: build
	@echo; exec "$(TARGET)/release/sakimori" serve

build: console
	$(CARGO) build --release --locked -p sakimori

# The pages, which are built into the program.
console: console/dist/index.html

console/dist/index.html: $(CONSOLE)
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' \
	  || { echo "error: Node.js 20.19 or later is needed to build the pages (Debian 13: apt-get install nodejs npm)"; exit 1; }
	cd console && { cmp -s package-lock.json node_modules/.made-from || { npm ci --no-audit --no-fund && cp package-lock.json node_modules/.made-from; }; }
	cd console && npm run --silent build
	@touch $@

# Sets up and runs every test. The last line states the count.
test: setup console
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
	cd bench && SAKIMORI_BIN="$(TARGET)/release/sakimori" $(CARGO) run --release --locked -- log
	cd bench && SAKIMORI_BIN="$(TARGET)/release/sakimori" $(CARGO) run --release --locked -- service
	@if [ -n "$(SAKIMORI_DATA)" ]; then $(MAKE) --no-print-directory peers coverage; else echo "peers, coverage: skipped, SAKIMORI_DATA is not set"; fi

# Other scanners from PyPI beside ours, into docs/peers.md, whose table docs/coverage.md has too: make peers SAKIMORI_DATA=/path
peers: build
	python3 bench/peers.py --data "$(SAKIMORI_DATA)" --program "$(TARGET)/release/sakimori"

# Runs the program over unpacked data sets: make coverage SAKIMORI_DATA=/path
coverage: build
	$(CARGO) run -q --locked -p xtask -- coverage --program "$(TARGET)/release/sakimori"

# The Debian package, the archive and their digests, in target/dist. Debian: apt-get install binutils dpkg-dev
dist:
	$(CARGO) run -q --locked -p xtask -- dist --out "$(TARGET)/dist"

clean:
	rm -rf .venv console/dist console/node_modules
	$(CARGO) clean
