#!/bin/sh
# Installs the named Debian packages where it may; says what is missing where it may not.
set -eu
packages=$*
missing=""
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if ! command -v apt-get >/dev/null; then
    echo "These are missing, by the names of Debian's packages; install them as this system does it:$missing" >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root="sudo -n"; else
        echo "These Debian packages are missing, and only root may install them: apt-get install$missing" >&2
        exit 1
    fi
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get -q update >/dev/null
# Services that the packages would start are not wanted: the tests start their own.
printf '#!/bin/sh\nexit 101\n' >/tmp/postroom-policy-rc.d
if [ ! -e /usr/sbin/policy-rc.d ]; then
    $as_root install -m 755 /tmp/postroom-policy-rc.d /usr/sbin/policy-rc.d
    trap '$as_root rm -f /usr/sbin/policy-rc.d' EXIT
fi
# shellcheck disable=SC2086
$as_root apt-get -q -y -o Dpkg::Use-Pty=0 install --no-install-recommends $missing >/dev/null
