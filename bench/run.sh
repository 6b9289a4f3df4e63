#!/bin/bash
# Ringway against the servers' own replication, on the same two servers in one run; prints tables of ratios. See README.md.
#
#   bench/run.sh                         MariaDB -> MariaDB and MySQL -> MySQL, under 6 minutes
#   bench/run.sh --pair mariadb          one of them
#   bench/run.sh conflicts               what a conflict costs
#   bench/run.sh applications            what a catch-up does to applications at the target
#   bench/run.sh --help                  every parameter
#
# RINGWAY_BENCH_BUILD: directory of the optimised build (default build-bench).
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C.UTF-8
build=${RINGWAY_BENCH_BUILD:-build-bench}
script=replication
case "${1-}" in
    conflicts|applications)
        script=$1
        shift ;;
esac
case " $* " in
    *' --help '*|*' -h '*) ;;
    *)
        [ -f "$build/build.ninja" ] || meson setup "$build" --buildtype release > /dev/null
        ninja --quiet -C "$build" ringway bench/bench-decode >&2
        ;;
esac
exec /usr/bin/python3 -B bench/$script.py --build "$build" "$@"
