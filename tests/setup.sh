#!/bin/sh
# Installs what the tests need and the machine lacks: Debian packages, Python packages into .venv, npm packages below tests/.
set -eu
cd "$(dirname "$0")/.."

need=""
command -v cc >/dev/null 2>&1 || need="$need gcc libc6-dev"
command -v python3 >/dev/null 2>&1 || need="$need python3"
python3 -c 'import venv, ensurepip' >/dev/null 2>&1 || need="$need python3-venv"
command -v npm >/dev/null 2>&1 || need="$need nodejs npm"
command -v chromium >/dev/null 2>&1 || need="$need chromium"
command -v softhsm2-util >/dev/null 2>&1 || need="$need softhsm2"
command -v dpkg-deb >/dev/null 2>&1 || need="$need dpkg-dev"
if [ -n "$need" ]; then
  [ "$(id -u)" = 0 ] && as_root="" || as_root="sudo"
  $as_root apt-get update -qq
  # shellcheck disable=SC2086 # a list of packages
  $as_root apt-get install -y -qq --no-install-recommends $need
fi

if ! cmp -s tests/requirements.txt .venv/requirements.txt; then
  rm -rf .venv
  python3 -m venv .venv
  .venv/bin/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
  cp tests/requirements.txt .venv/requirements.txt
fi

for folder in tests/oracles tests/oidc tests/e2e; do
  [ -f $folder/package.json ] || continue
  if ! cmp -s $folder/package.json $folder/node_modules/package.json; then
    rm -rf $folder/node_modules
    (cd $folder && npm install --silent --no-audit --no-fund --no-package-lock)
    cp $folder/package.json $folder/node_modules/package.json
  fi
done
