#!/usr/bin/python3
"""Storms: writers at all sites change the same rows while links pause, servers and Ringway are killed, and clocks are wrong;
then all sites must be equal, and every acknowledged write accounted for.

    run.py [--runs 50] [--seconds 60] [--sites 2,3] [--seed S] [--pair mariadb-mysql] [--keep-going] ...
    run.py --check DIRECTORY        check the history of a run that was kept once more
"""

import argparse
import os
import pathlib
import shutil
import sys

sys.dont_write_bytecode = True
sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parents[1] / 'live')]

import checker                                                                      # noqa: E402
import nodes                                                                        # noqa: E402
import plan                                                                         # noqa: E402
import storm                                                                        # noqa: E402
from history import History                                                         # noqa: E402
from ringway import binary                                                          # noqa: E402
from servers import workspace                                                       # noqa: E402


def options():
    p = argparse.ArgumentParser(prog='tests/storm.sh', description=__doc__.split('\n')[0])
    p.add_argument('--runs', type=int, default=50, help='how many, each with a seed of its own (default 50)')
    p.add_argument('--seconds', type=float, default=60, help='how long writers write in each (default 60)')
    p.add_argument('--sites', default='2,3', help='numbers of sites, taken in turn (default 2,3)')
    p.add_argument('--seed', type=int, default=None, help='of the first run; the next has the next number (default random)')
    p.add_argument('--pair', action='append', default=[], help='flavours of the sites, such as mariadb-mysql or galera-mysql-mariadb; '
                   'may be repeated, then taken in turn (default: by the seed)')
    p.add_argument('--writers', type=int, default=4, help='at each site (default 4)')
    p.add_argument('--without', default='', help='leave out, separated by commas: tables (kv, uniq, ...), acts (pause, kill server, '
                   'clock, ...), ddl, quiet, weather, clocks')
    p.add_argument('--only', default='', help='tables that are written, separated by commas; all others are left out')
    p.add_argument('--option', action='append', default=[], help='KEY=VALUE of [ringway], instead of what the seed says')
    p.add_argument('--keep-going', action='store_true', help='go on after a run that failed')
    p.add_argument('--check', metavar='DIRECTORY', help='only check the history.json of a run that was kept')
    return p.parse_args()


def words(text):
    return [w.strip() for w in text.split(',') if w.strip()]


def recheck(directory):
    violations = checker.check(History.load(pathlib.Path(directory) / 'history.json'))
    for v in violations:
        print(v)
    print(f'{len(violations)} violations')
    return 1 if violations else 0


def main():
    args = options()
    if args.check:
        return recheck(args.check)
    without = words(args.without)
    if args.only:
        without += [t for t in plan.WEIGHTS if t not in words(args.only)]
    os.environ['RINGWAY_BIN'] = shutil.copy(binary(), workspace())      # it may be built anew meanwhile
    given = dict(o.split('=', 1) for o in args.option)
    seed = args.seed if args.seed is not None else int.from_bytes(os.urandom(3), 'big')
    sites, failed = [int(n) for n in words(args.sites)], 0
    for number in range(args.runs):
        flavours = tuple(args.pair[number % len(args.pair)].split('-')) if args.pair else None
        p = plan.make(seed + number, args.seconds, len(flavours or ()) or sites[number % len(sites)], flavours, args.writers,
                      clocks='clocks' not in without, acts='weather' not in without, without=without,
                      options=given)
        missing = [nodes.missing(f) for f in set(p.flavours) if nodes.missing(f)]
        if missing:
            print(f'run {number + 1}/{args.runs}: SKIPPED: {missing[0]}', flush=True)
            failed += 1
            continue
        result = storm.run(p, log=lambda text: print(f'run {number + 1}/{args.runs}: {text}', flush=True))
        if not result.ok:
            failed += 1
            for v in result.violations[:10]:
                print(f'    {str(v)[:1200]}', flush=True)
            if result.error:
                print(f'    {result.error!r}', flush=True)
            again = [f'--seconds {args.seconds:g}', '--pair ' + '-'.join(p.flavours), f'--seed {p.seed}', f'--writers {args.writers}']
            again += [f"--without '{','.join(without)}'"] if without else []
            again += [f'--option {k}={v}' for k, v in {**given, 'topology': p.options['topology']}.items()]
            print(f'    kept in {result.kept}\n    again: tests/storm.sh --runs 1 {" ".join(again)}\n'
                  f'    check again: tests/storm.sh --check {result.kept}', flush=True)
            if not args.keep_going:
                break
    print(f'{number + 1 - failed} of {args.runs} storms without a violation, {failed} failed', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
