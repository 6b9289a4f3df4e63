#!/bin/bash
# Kill -9 of Ringway, of the source, of the target, at random moments and at every crash point, under load from both sides;
# then all rows are compared and every acknowledged write is looked up.
#
#   tests/kill.sh [--kills N] [--pair mariadb-mysql] [--seed S]      default: 200 kills
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ -z "${RINGWAY_BIN-}" ]; then
    scripts/build.sh build-crash -Dcrash_points=true > /dev/null
    export RINGWAY_BIN=$PWD/build-crash/ringway
fi
exec /usr/bin/python3 -B tests/live/kill/killer.py "$@"
