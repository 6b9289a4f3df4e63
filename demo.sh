#!/bin/bash
# Shows Ringway at work: installs what is missing, builds, starts two throwaway servers, replicates both ways under load,
# kills one of them, makes a conflict and shows its verdict, compares every row, and takes everything down.
#
#   ./demo.sh            about a minute, after the install
#   ./demo.sh --keep     leaves it running, and says where the status page is and how to stop it
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")"
case "${1-}" in
    ''|--keep) ;;
    -h|--help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) echo "demo.sh: unknown option '$1'; there is only --keep" >&2; exit 2 ;;
esac

scripts/bootstrap.sh
log=$(mktemp)
echo 'building ...'
if ! scripts/build.sh build > "$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    exit 1
fi
rm -f "$log"
# in place of this shell: an interrupt meets the one that cleans up
exec /usr/bin/python3 -B scripts/demo.py "$@"
