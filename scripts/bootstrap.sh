#!/bin/sh
# Installs what Ringway needs to be built and tested on Debian 12, from Debian's own packages. Run it as root or as a
# user with sudo. Where everything is there already it says nothing and takes a moment.
#
#   scripts/bootstrap.sh            everything: to build, to test, and a MySQL server in the cache
#   scripts/bootstrap.sh --build    only what the build needs
set -eu
here=$(cd "$(dirname "$0")" && pwd)

build='gcc libc6-dev meson ninja-build pkg-config libglib2.0-dev libmariadb-dev libjson-glib-dev libxxhash-dev
       libzstd-dev zlib1g-dev libmicrohttpd-dev liblmdb-dev scdoc'
tests='clang libclang-rt-14-dev mariadb-server mariadb-backup mariadb-client python3-pytest python3-pytest-xdist python3-pymysql
       python3-cryptography debootstrap sysbench openssl galera-4 rsync lsof socat iproute2'

case "${1-}" in
    '')      wanted="$build $tests" ;;
    --build) wanted=$build ;;
    *)       echo "bootstrap: unknown option '$1'; try --build or none" >&2; exit 2 ;;
esac

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "bootstrap: missing packages:$missing; run this as root, or install sudo" >&2
        exit 2
    fi
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing=
for package in $wanted; do
    installed "$package" || missing="$missing $package"
done

if [ -n "$missing" ]; then
    echo "bootstrap: installing$missing"
    # The packages' maintainers start a server at once and at every boot. Nobody asked for a server here: it is only
    # needed as a program that the tests start themselves.
    policy=/usr/sbin/policy-rc.d
    had_server=no
    installed mariadb-server && had_server=yes
    ours=no
    if [ ! -e "$policy" ]; then
        ours=yes
        printf '#!/bin/sh\nexit 101\n' | as_root sh -c "cat > $policy && chmod 755 $policy"
    fi
    put_back() { [ "$ours" = no ] || as_root rm -f "$policy"; }
    trap put_back EXIT
    as_root apt-get -q update
    # shellcheck disable=SC2086  # a list of words
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends $missing
    if [ "$had_server" = no ] && installed mariadb-server && command -v systemctl >/dev/null; then
        as_root systemctl --quiet disable mariadb.service || true
    fi
fi

# Without MySQL the tests that need it are skipped and counted; that is no reason to fail here.
if [ "${1-}" != --build ]; then
    "$here/mysql.sh" || true
fi
