#!/bin/sh
# Builds into a directory: scripts/build.sh DIRECTORY [MESON SETUP OPTIONS]. Set up once, then only what changed.
set -eu
cd "$(dirname "$0")/.."
directory=$1
shift
if [ ! -f "$directory/build.ninja" ]; then
    meson setup "$directory" --buildtype=debugoptimized -Dwerror=true "$@"
fi
ninja -C "$directory"
