#!/bin/bash
# Writers at two or three sites change the same rows while links pause, servers and Ringway are killed, and clocks are wrong
# by up to a minute; then all sites must be equal to the byte, and every acknowledged write accounted for.
# A site may be a Galera cluster of three nodes, all of which are written to, and one of which is away now and then.
#
#   tests/storm.sh [--runs N] [--seconds S] [--sites 2,3] [--seed S] [--pair mariadb-mysql] [--keep-going]
#                                                             default: 50 runs of a minute, two sites (a pair) and three
#                                                             (mesh or ring, by the seed) in turn
#   tests/storm.sh --pair galera-mysql-mariadb --option topology=ring ...
#                                                             a cluster, a MySQL and a MariaDB, in a ring
#   tests/storm.sh --check DIRECTORY                          the checker alone, on a run that failed and was kept
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/.."
case " $* " in
    *' --help '* | *' -h '* | *' --check '*) ;;
    *)
        if [ -z "${RINGWAY_BIN-}" ]; then
            scripts/build.sh build-crash -Dcrash_points=true > /dev/null
            export RINGWAY_BIN=$PWD/build-crash/ringway
        fi
        ;;
esac
exec /usr/bin/python3 -B tests/storm/run.py "$@"
