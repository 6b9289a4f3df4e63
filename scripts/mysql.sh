#!/bin/sh
# Puts a MySQL server into ${RINGWAY_CACHE:-~/.cache/ringway}/mysql, with the libraries that it was built for: Debian 12
# has none, Debian's unstable has. Once it is there, nothing is done and no network is needed. The tests run it by its
# own loader (tests/live/servers.py), so it needs neither root nor a chroot.
#
# Exit 0: it is there. Exit 1: it cannot be had, and one loud line says why.
set -eu
cache=${RINGWAY_CACHE:-${HOME:-/root}/.cache/ringway}
root=$cache/mysql

if [ -x "$root/usr/sbin/mysqld" ]; then
    exit 0
fi

fail() {
    echo "WARNING: no MySQL server: $1. Every test that needs one will be SKIPPED." >&2
    exit 1
}

sudo=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail 'neither root nor sudo'
    sudo=sudo
fi
# not on an ordinary user's path
debootstrap=$(PATH="$PATH:/usr/sbin:/sbin" command -v debootstrap) || fail 'debootstrap is not installed'

# The mirrors are those that apt uses here, Debian's main archive first.
mirrors=$(apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 'Created-By: Packages' | sort -u |
          awk -F'|' '$1 == "Debian" { print $2 } $1 != "Debian" { rest[n++] = $2 }
                     END { for (i = 0; i < n; i++) print rest[i] }' | awk '!seen[$0]++')
[ -n "$mirrors" ] || fail 'apt knows no mirror'

if [ -z "${http_proxy-}" ]; then
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    # shellcheck disable=SC2154  # apt-config set it, or did not
    [ -z "${proxy-}" ] || { http_proxy=$proxy; export http_proxy; }
fi

mkdir -p "$cache"
part=$cache/mysql.part.$$
log=$cache/mysql.log
cleanup() { [ ! -e "$part" ] || $sudo rm -rf "$part"; }
trap cleanup EXIT
trap 'exit 130' INT TERM

echo "mysql: getting a MySQL server into $root (once, half a minute to some minutes)"
: > "$log"
for mirror in $mirrors; do
    cleanup
    if $sudo env ${http_proxy:+"http_proxy=$http_proxy"} "$debootstrap" --variant=minbase \
            --include=mysql-server-core,mysql-client-core sid "$part" "$mirror" >> "$log" 2>&1 &&
            [ -x "$part/usr/sbin/mysqld" ]; then
        $sudo rm -rf "$part/var/cache/apt/archives" "$part/var/lib/apt/lists"
        mv -T "$part" "$root" 2>/dev/null || [ -x "$root/usr/sbin/mysqld" ] || fail "could not rename $part"
        echo "mysql: done"
        exit 0
    fi
done
fail "debootstrap failed, see $log"
