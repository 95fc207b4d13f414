#!/bin/sh
# Unpacks Debian packages that cannot be installed beside others: unpack.sh FOLDER PACKAGE...
set -eu
folder=$1
shift
[ -e "$folder/.unpacked" ] && exit 0
if ! command -v apt-get >/dev/null; then
    echo "Unpack these into $folder, by the names of Debian's packages: $*" >&2
    exit 1
fi
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
fetched=$(mktemp -d)
trap 'rm -rf "$fetched"' EXIT
cd "$fetched"
if ! apt-get -q download "$@" >/dev/null 2>&1; then
    mkdir -p lists/partial cache
    own="-o Dir::State::Lists=$fetched/lists -o Dir::Cache=$fetched/cache"
    # shellcheck disable=SC2086
    apt-get -q $own update >/dev/null && apt-get -q $own download "$@" >/dev/null
fi
for each in *.deb; do dpkg -x "$each" "$folder"; done
touch "$folder/.unpacked"
