#!/bin/bash
# Installs what is missing, builds, runs every test. The last line is 'N passed, N failed, N skipped'.
#
#   ./test.sh                     everything: unit tests, the same under sanitizers, short fuzz runs, live tests
#   ./test.sh --fast              unit tests, and the live tests on one pair of servers
#   ./test.sh --unit              unit tests and fuzz runs: no servers
#   ./test.sh --live [ARGS]       live tests only; ARGS go to pytest, such as: --live -k truncate -x
#   ./test.sh --long              everything, with the tests that take minutes or gigabytes, and 200 kills per pair
#
# RINGWAY_BINLOGS: folder with binary log files of many versions, for the decoder's tests (default ../shared/binlogs).
# FUZZ_SECONDS: length of each fuzz run (default 5).  RINGWAY_CACHE: where the MySQL server is kept.
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 2
export LC_ALL=C.UTF-8

unit=yes live=yes long=no fast=no live_args=()
case "${1-}" in
    '') ;;
    --fast) fast=yes; live_args=(-k 'mariadb-mysql and not kill') ;;
    --unit) live=no ;;
    --live) unit=no; shift; live_args=("$@") ;;
    --long) long=yes ;;
    -h|--help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) echo "test.sh: unknown option '$1'; see ./test.sh --help" >&2; exit 2 ;;
esac

passed=0 failed=0 skipped=0
declare -a summary=()

count() {       # count WHAT PASSED FAILED SKIPPED
    passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
    summary+=("$(printf '%-22s %4d passed, %d failed, %d skipped' "$1" "$2" "$3" "$4")")
}

say() { printf '\n== %s\n' "$*"; }

finish() {
    say summary
    printf '%s\n' "${summary[@]}"
    [ "$failed" -eq 0 ]
    local code=$?
    echo "$passed passed, $failed failed, $skipped skipped"
    exit "$code"
}

must() {        # must WHAT COMMAND...: without it there is nothing to test
    local what=$1
    shift
    if ! "$@"; then
        count "$what" 0 1 0
        finish
    fi
}

say install
must bootstrap scripts/bootstrap.sh

if [ -z "${RINGWAY_BINLOGS-}" ] && [ -d ../shared/binlogs ]; then
    RINGWAY_BINLOGS=$(cd ../shared/binlogs && pwd)
fi
export RINGWAY_BINLOGS=${RINGWAY_BINLOGS-}

say build
must 'build' scripts/build.sh build
if [ "$live" = yes ] && [ "$fast" = no ]; then
    must 'build, crash points' scripts/build.sh build-crash -Dcrash_points=true
fi

run_unit() {    # run_unit WHAT DIRECTORY
    say "$1"
    meson test -C "$2" --no-rebuild --print-errorlogs "${@:3}"
    # shellcheck disable=SC2046  # three numbers
    count "$1" $(/usr/bin/python3 scripts/count.py meson "$2/meson-logs/testlog.json")
}

run_fuzz() {
    local seconds=${FUZZ_SECONDS:-5} program name good=0 bad=0 left_out=0
    for program in build-asan/tests/fuzz/fuzz_*; do
        [ -f "$program" ] && [ -x "$program" ] || continue
        name=${program##*/fuzz_}
        say "fuzz: $name, $seconds s"
        local grown
        grown=$(mktemp -d)
        local seeds=()
        [ -d "tests/fuzz/corpus/$name" ] && seeds+=("tests/fuzz/corpus/$name")
        [ "$name" = decode ] && [ -n "$RINGWAY_BINLOGS" ] && seeds+=("$RINGWAY_BINLOGS")
        if "$program" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
                -artifact_prefix="build-asan/crash-$name-" "$grown" "${seeds[@]}" > "build-asan/fuzz-$name.log" 2>&1; then
            good=$((good + 1))
            grep -E 'number_of_executed_units|average_exec' "build-asan/fuzz-$name.log"
        else
            bad=$((bad + 1))
            tail -n 40 "build-asan/fuzz-$name.log"
        fi
        rm -rf "$grown"
    done
    [ $((good + bad)) -gt 0 ] || left_out=1
    count fuzz "$good" "$bad" "$left_out"
}

if [ "$unit" = yes ]; then
    run_unit 'unit' build
    say 'model of conflict settlement'
    rm -f build/model.xml
    /usr/bin/python3 -B -m pytest -q tests/model --junitxml=build/model.xml
    # shellcheck disable=SC2046
    count model $(/usr/bin/python3 scripts/count.py junit build/model.xml)
    if [ "$fast" = no ]; then
        say 'build, sanitizers and fuzzers'
        export ASAN_OPTIONS=abort_on_error=1:strict_string_checks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
        CC=clang must 'build, sanitizers' scripts/build.sh build-asan -Dfuzz=true \
            -Db_sanitize=address,undefined -Dc_args=-fno-sanitize-recover=undefined
        run_unit 'unit, sanitizers' build-asan --timeout-multiplier=4
        run_fuzz
        unset ASAN_OPTIONS UBSAN_OPTIONS
    fi
fi

if [ "$live" = yes ]; then
    say 'live, on real servers'
    [ "$long" = no ] || live_args+=(--long)
    where=tests/live
    for arg in "${live_args[@]}"; do        # files named by the caller stand for the whole folder
        [ ! -e "${arg%%::*}" ] || where=
    done
    # Most tests wait for servers: two at a time, those that share servers one after the other.
    together=(-n 2 --dist loadgroup)
    [ ${#live_args[@]} -eq 0 ] || [ "$long$fast" != nono ] || together=()
    rm -f build/live.xml
    # shellcheck disable=SC2086  # none or one
    RINGWAY_BIN=${RINGWAY_BIN:-$PWD/build/ringway} RINGWAY_CRASH_BIN=${RINGWAY_CRASH_BIN:-$PWD/build-crash/ringway} \
        /usr/bin/python3 -B -u -m pytest $where "${together[@]}" -v --tb=short -rs --durations=10 --junitxml=build/live.xml "${live_args[@]}"
    ended=$?
    # shellcheck disable=SC2046
    count live $(/usr/bin/python3 scripts/count.py junit build/live.xml)
    # 0 and 1 are in the counts; anything else is a run that broke, and must not look green.
    [ "$ended" -le 1 ] || count "live, pytest exit $ended" 0 1 0
    if [ "$long" = yes ]; then
        for pair in mariadb-mariadb mysql-mysql mariadb-mysql; do
            say "kill test, $pair"
            if tests/kill.sh --kills 200 --pair "$pair"; then count "kill, $pair" 1 0 0; else count "kill, $pair" 0 1 0; fi
        done
    fi
fi

finish
