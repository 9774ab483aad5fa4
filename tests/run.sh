#!/bin/sh
# Runs every test of the workspace. The last line states how many passed and failed.
set -u
cd "$(dirname "$0")/.."
export SAKIMORI_ORACLES="$PWD/.venv"
export SAKIMORI_SARIF="$PWD/tests/oracles/node_modules/.bin/sarif-multitool"
export SAKIMORI_TUS="$PWD/tests/oracles"
export SAKIMORI_BOM="$PWD/tests/oracles"
export SAKIMORI_OIDC="$PWD/tests/oidc"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
failed=0

# A check that is no test of cargo counts as one test.
check() {
  name=$1
  shift
  echo "== $name"
  if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $name"; fi
}

check "format" cargo fmt --all --check
check "lints" cargo clippy --quiet --workspace --all-targets --locked -- -D warnings
check "tidy" cargo run --quiet --locked -p xtask -- tidy

check "console: types and accessibility of its code" npm --prefix console run --silent check
check "console: tests" npm --prefix console test --silent

echo "== tests"
cargo test --workspace --locked --no-fail-fast >"$log" 2>&1
status=$?
cat "$log"
count() { awk -v word="$1" '/^test result:/ { for (i = 2; i <= NF; i++) if ($i ~ "^" word) sum += $(i - 1) } END { print sum + 0 }' "$log"; }
passed=$((passed + $(count passed)))
tests_failed=$(count failed)
# A test program that did not build or died prints no result line.
if [ "$status" -ne 0 ] && [ "$tests_failed" -eq 0 ]; then tests_failed=1; fi
failed=$((failed + tests_failed))

# The tests above have built the program.
SAKIMORI_BIN="${CARGO_TARGET_DIR:-target}/debug/sakimori"
export SAKIMORI_BIN
check "the service answers as docs/openapi.json says" .venv/bin/python tests/api/conformance.py
check "the pages in a browser" node tests/e2e/run.js

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
