#!/usr/bin/env python3
"""The settlement of conflicts as a program: its rules, run on thousands of random histories.

    tests/model [--runs N] [--policy POLICY] [--sites N] [--shape SHAPE] [--folded] [--one] [--break RULE] [--seed S] [--steps N] [--trace]

Some sites, some tables, applications that write everywhere at once, links that deliver late and in windows of any size, clocks that are wrong,
restarts. In the end all is delivered, and world.py says what must be true. Exit code 0: it was in all histories; 1: not.

--policy   last_write_wins (default), site_priority, delta, merge, error, or mixed: each table has its own
--sites    2 to 5; default: 2, 3 and 4 in turn. --shape: mesh (default), ring, star, any: what a link hands on, see shapes.py
--folded   a conflicted window is settled as a whole, not one transaction at a time: the outcome must not depend on where windows end
--one      all deletes that a site makes itself are made together with the window that needs them, none before it: converges as well
--break    switches one rule off, to show that it is needed; without --policy, --sites and --shape those that show it; --break list: which there are
--trace    prints what happens; with --runs 1 --seed S: one wrong history; --steps 10: a short one

The engine follows these rules: change them here first. words.py: what is what. policies.py: one class per policy. memory.py: the memory of last
writers. links.py: windows. settle.py: conflicts, and constraints between rows. sites.py: databases and applications. world.py: histories
and checks. rules.py: what --break takes away.
"""
import argparse
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from policies import POLICIES       # noqa: E402
from rules import RULES             # noqa: E402
from shapes import SHAPES           # noqa: E402
from world import World             # noqa: E402


def main():
    parser = argparse.ArgumentParser(prog='tests/model', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=int, default=2000)
    parser.add_argument('--policy', choices=[*POLICIES, 'mixed'])
    parser.add_argument('--sites', type=int, choices=(2, 3, 4, 5))
    parser.add_argument('--shape', choices=SHAPES)
    parser.add_argument('--folded', action='store_true')
    parser.add_argument('--one', action='store_true')
    parser.add_argument('--break', dest='rule', choices=[*RULES, 'list'])
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--steps', type=int, default=120)
    parser.add_argument('--trace', action='store_true')
    args = parser.parse_args()
    if args.rule == 'list':
        for name, (without, policy, sites, shape) in RULES.items():
            print(f'{name:<11} {without} ({policy}, {shape} of {sites} sites)')
        return 0
    _, policy, sites, shape = RULES.get(args.rule, (None, 'last_write_wins', None, 'mesh'))
    policy, shape = args.policy or policy, args.shape or shape
    bad = []
    for seed in range(args.seed, args.seed + args.runs):
        n = args.sites or sites or 2 + seed % 3
        wrong = World(seed, n, policy, shape, args.rule, args.folded, args.one, args.steps, args.trace).run()
        if wrong:
            bad.append(f'  seed {seed}, {n} sites: {wrong[:400]}')
    words = [policy, shape, *(w for w in ('folded', 'one') if getattr(args, w))]
    if args.rule:
        words.append(f'without rule {args.rule}')
    print(f'{", ".join(words)}: {args.runs} histories, {len(bad)} wrong', *bad[:3], sep='\n')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
