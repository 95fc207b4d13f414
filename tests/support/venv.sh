#!/bin/sh
# A virtual environment with pip: venv.sh PYTHON FOLDER. Debian splits pip off Python: it is installed where that is
# allowed, and unpacked beside the environment for who may not.
set -eu
python=$1
folder=$2
if "$python" -c 'import ensurepip' 2>/dev/null || sh tests/support/install.sh python3-venv 2>/dev/null; then
    exec "$python" -m venv "$folder"
fi
trap 'rm -rf "$folder"' EXIT
if ! "$python" -m venv --without-pip "$folder" || ! sh tests/support/unpack.sh "$folder/pip" python3-pip-whl 2>/dev/null
then
    echo "This Python has no pip, and none can be fetched here: install what Debian calls python3-venv" >&2
    exit 1
fi
for wheel in "$folder"/pip/usr/share/python-wheels/pip-*.whl; do
    "$folder/bin/python" "$wheel/pip" install -q --disable-pip-version-check --no-index "$wheel"
done
trap - EXIT
