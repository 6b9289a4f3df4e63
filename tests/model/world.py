"""Random histories, and what must be true of them in the end.

All sites hold the same rows. They are the rows that the policy promises for these writes, in whatever order they were delivered. No constraint
is broken. Every write of an application is in them, or was overwritten by one that had seen it, or stands in a record; a record names two
writes of which neither had seen the other. No row was taken for drift, since nobody writes here behind the back of the logs.
With policy `error`: nothing was overwritten by a write that had not seen it.
"""
import random

from links import Link
from policies import POLICIES
from shapes import SHAPES, routes
from sites import Site
from words import CHILD, PARENT, Change, saw


class World:
    def __init__(self, seed, n=3, policy='last_write_wins', shape='mesh', rule=None, folded=False, one=False, steps=120, trace=False):
        self.rnd = rnd = random.Random(seed)
        self.n, self.rule, self.folded, self.one, self.steps, self.trace = n, rule, folded, one, steps, trace
        self.unique, self.foreign = rnd.random() < .5, rnd.random() < .5
        self.keys = [(CHILD, i) for i in range(4)] + [(PARENT, i) for i in range(3 if self.foreign else 0)]
        ranks = rnd.sample(range(n), n)
        names = [p for p in POLICIES if p != 'error']
        self.policy = {t: POLICIES[rnd.choice(names) if policy == 'mixed' else policy](ranks, rule) for t in (CHILD, PARENT)}
        self.may_stop = policy == 'error'
        self.now, self.txns = 0, []
        self.sites = [Site(i, self) for i in range(n)]
        self.routes = routes(n, SHAPES[shape](n, rnd))
        self.links = [Link(self, self.sites[i], self.sites[j]) for i, j in self.routes]
        self.say('carries', self.routes, 'unique columns', self.unique, 'foreign keys', self.foreign, 'ranks', ranks, 'clocks', [s.skew for s in self.sites],
                 'policies', {t: p.name for t, p in self.policy.items()})

    def say(self, *what):
        if self.trace:
            print(self.now, *[repr(tuple(w)) if isinstance(w, Change) else w for w in what])

    def run(self):
        """One history; what is wrong with it, or None."""
        rnd = self.rnd
        for self.now in range(1, self.steps + 1):
            dice = rnd.random()
            if dice < .5:
                rnd.choice(self.sites).application()
            elif dice < .93:
                rnd.choice(self.links).deliver(rnd.choice((1, 2, 5, 20)))
            elif dice < .97:
                rnd.choice(self.links).memory.restart()
            else:
                self.make_plans(rnd.choice(self.sites))
        if not self.drain():
            return None if self.may_stop and any(link.stopped for link in self.links) and not self.overwritten() else 'never settles'
        return self.overwritten() if self.may_stop else self.wrong()

    def drain(self):
        for self.now in range(self.steps + 1, self.steps + (30 if self.may_stop else 1000)):
            for link in self.rnd.sample(self.links, len(self.links)):
                link.deliver(self.rnd.choice((1, 3, 50)))
            for site in self.sites:
                self.make_plans(site)
            if all(link.is_idle() for link in self.links):
                return True
        return False

    def make_plans(self, site):
        """Without the rule `together`: deletes that were left for later, dropped if the row has changed meanwhile."""
        plans, site.plans = site.plans, []
        for key, row, ghost in plans:
            crash = self.rule == 'plan' and self.rnd.random() < .5
            if not crash and site.rows.get(key) == row:
                site.commit(site.deletes(site.rows, [key])[:-1] + [Change(key, ghost, None)], False)

    # checks

    def wrong(self):
        rows = self.sites[0].rows
        for site in self.sites:
            if site.rows != rows:
                return f'sites differ: {sorted(rows.items())} | {sorted(site.rows.items())}'
        if self.sites[0].violated():
            return f'constraint broken: {self.sites[0].violated()} of {sorted(rows.items())}'
        lost = set()
        for key, loser, winner in (r for site in self.sites for r in site.records):
            lost.add((key, loser))
            if saw(loser, winner) or saw(winner, loser):
                return f'false record of row {key}: {loser} and {winner}'
        writes = {}
        for txn in self.txns:
            for i, change in enumerate(txn.changes):
                writes.setdefault(change.key, []).append((txn, i, change))
        for key, writers in writes.items():
            row, makers = self.policy[key[0]].promise(writers)
            if rows.get(key) != row:
                return f'row {key} is {rows.get(key)}, promised {row}'
            for txn in {t for t, _, _ in writers if t.app and t not in makers and (key, t) not in lost}:
                if not any(saw(t, txn) for t, _, _ in writers):
                    return f'write {txn} of row {key} is gone without a record'
        return next((f'drift at site {site.id}: {site.drift[0]}' for site in self.sites if site.drift), None)

    def overwritten(self):
        for site in self.sites:
            last = {}
            for mark in (m for entry in site.log for m in entry.marks):
                before = last.get(mark.key, mark.txn)
                if before is not mark.txn and not saw(mark.txn, before):
                    return f'{mark.txn} overwrote {before} of row {mark.key} at site {site.id}'
                last[mark.key] = mark.txn
        return None
