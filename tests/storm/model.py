"""Sites in memory that settle conflicts by the rules of the design, or with one rule broken.

    history = storm(seed, sites=3, broken=None)

The checker must find nothing in a history made by all rules, and something in most of those made with a broken one.
This proves the checker where histories made by hand are too small; it says nothing about Ringway.

BROKEN: stamp (a site's own clock instead of one above all it had), aba (rows are compared instead of what was seen),
late (a write that comes after one that had seen it is taken for a conflict), compensate (a clash of unique values is
settled on the spot instead of by a new delete), lose (a row is left out now and then), policy (the lower stamp wins at
one site), delta (counters are written instead of added), record (a conflict too many), twice (an addition counts twice),
gap (a write is applied before one that it had seen, and unique values clash that never were there together).
"""

import collections
import dataclasses
import random

from history import History, Record, Tx, Write
from tables import ALL, BY_NAME

BROKEN = ('stamp', 'aba', 'late', 'compensate', 'lose', 'policy', 'delta', 'record', 'twice', 'gap')
WRITERS = 2
KINDS = ('kv', 'uniq', 'flip', 'account')


@dataclasses.dataclass
class Done:
    """A transaction in the log of its origin. rows: (table, key, before, after, add, seen by this row's history)."""
    tag: str
    site: str
    seq: int
    stamp: tuple
    seen: dict
    vector: tuple           # (writer, n), or None for Ringway's own
    rows: list


@dataclasses.dataclass
class Version:
    done: Done
    seen: dict


def most(*dicts):
    out = {}
    for d in dicts:
        for k, v in d.items():
            out[k] = max(v, out.get(k, 0))
    return out


class Site:
    def __init__(self, model, name, number):
        self.m, self.name, self.number = model, name, number
        self.skew = model.dice.randrange(-60, 60)
        self.rows = {t.name: {} for t in ALL if t.key}
        for t in ALL:
            for values in t.rows:
                row = dict(zip(t.columns, values))
                self.rows[t.name][t.key_of(row)] = row
        self.versions = {}
        self.log, self.top = [], 0
        self.seen, self.vector = {}, {}
        self.records = []

    def clash(self, table, row, but):
        t = BY_NAME[table]
        return any(k != but and any(r[c] is not None and r[c] == row[c] for c in t.unique) for k, r in self.rows[table].items())

    def put(self, table, key, row, version):
        self.versions[table, key] = version
        if row is None:
            self.rows[table].pop(key, None)
        else:
            self.rows[table][key] = row

    def commit(self, tag, rows, vector=None):
        now = self.m.now + self.skew
        us = max(now, self.top + 1) if self.m.broken != 'stamp' else now
        self.top = max(self.top, us)
        seq = len(self.log) + 1
        self.seen = {**self.seen, self.name: seq}
        done = Done(tag, self.name, seq, (us, self.number), self.seen, vector, [])
        for table, key, before, after, add in rows:
            old = self.versions.get((table, key))
            seen = most(self.seen, old.seen if old else {})
            done.rows.append((table, key, before, after, add, seen))
            self.put(table, key, after, Version(done, seen))
        self.log.append(done)
        self.m.gtids[tag] = [tag] if vector else []

    def application(self):
        m, dice = self.m, self.m.dice
        writer = dice.randrange(WRITERS)
        n = m.numbers[self.name, writer] = m.numbers[self.name, writer] + 1
        tag = f'{self.name}.{writer}.{n}'
        rows, taken = [], set()
        for _ in range(dice.choice((1, 1, 2, 3))):
            table = dice.choice(KINDS)
            t, key = BY_NAME[table], (str(dice.randrange(4)),)
            if (table, key) in taken:
                continue
            taken.add((table, key))
            before = self.rows[table].get(key)
            after, add = self.change(table, int(key[0]), tag, before)
            if after == before or (after and t.unique and self.clash(table, after, key)):
                continue
            rows.append((table, key, before, after, add))
        if sum(t == 'uniq' for t, *_ in rows) > 1:
            return
        self.vector = {**self.vector, (self.name, writer): n}
        self.commit(tag, rows, (self.name, writer, n))
        m.history.txs.append(Tx(self.name, writer, n, 'acked', self.vector, m.now,
                                writes=[Write(*r) for r in rows]))

    def change(self, table, id, tag, before):
        dice = self.m.dice
        if table == 'account':
            d = dice.randrange(1, 9)
            return {**before, 'tag': tag, 'balance': float(before['balance']) + d, 'hits': before['hits'] + 1,
                    'note': tag}, {'balance': d, 'hits': 1}
        if table == 'flip':
            return {'id': id, 'v': (before['v'] + dice.choice((1, 2))) % 3}, None
        if before and dice.random() < 0.25:
            return None, None
        if table == 'uniq':
            u = f'u{dice.randrange(4)}' if not before or dice.random() < 0.6 else before['u']
            return {'id': id, 'tag': tag, 'u': u, 'n': None, 'v': tag}, None
        return {'id': id, 'tag': tag, 'v': tag, 'num': None, 'bin': None, 'at': None}, None

    def apply(self, window):
        m, net = self.m, {}
        for done in window:
            self.top = max(self.top, done.stamp[0])
            for table, key, before, after, add, seen in done.rows:
                if (table, key) in net:
                    before = net[table, key][0]
                    if add:
                        add = {c: v + net[table, key][2][c] for c, v in add.items()}
                net[table, key] = before, after, add, Version(done, seen)
            self.seen = {**self.seen, done.site: done.seq}
            if done.vector:
                self.vector = {**self.vector, done.vector[:2]: done.vector[2]}
        for (table, key), (before, after, add, theirs) in net.items():
            if m.broken != 'lose' or m.dice.random() > 0.01:
                self.settle(table, key, before, after, add, theirs)
        self.unique()

    def settle(self, table, key, before, after, add, theirs):
        m, mine, row = self.m, self.versions.get((table, key)), self.rows[table].get(key)
        if m.broken == 'aba':
            unseen = row != before
        else:
            unseen = mine and theirs.seen.get(mine.done.site, 0) < mine.done.seq
        had_seen = mine and mine.seen.get(theirs.done.site, 0) >= theirs.done.seq
        if add:
            if m.broken == 'twice' and m.dice.random() < 0.02:
                add = {c: 2 * v for c, v in add.items()}
            sums = {c: float(row[c]) + v for c, v in add.items()} if m.broken != 'delta' else {c: after[c] for c in add}
        wins = not mine or theirs.done.stamp > mine.done.stamp
        if m.broken == 'policy' and self.number == 1 and unseen and not had_seen and m.dice.random() < 0.1:
            wins = not wins
        if had_seen and m.broken != 'late':
            if add:
                self.rows[table][key] = {**row, **sums}
            return
        if m.broken == 'record' and mine and not unseen and mine.done.site != theirs.done.site and m.dice.random() < 0.02:
            self.record('update/update', table, key, 'source', before, after, theirs, row, mine)
        if unseen and mine:
            self.record('update/update', table, key, 'add' if add else 'source' if wins else 'target', before, after, theirs, row, mine)
            if not wins:
                if add:
                    self.put(table, key, {**row, **sums}, Version(mine.done, most(mine.seen, theirs.seen)))
                return
        if add:
            after = {**after, **sums}
            theirs = Version(theirs.done, most(theirs.seen, mine.seen if mine else {}))
        self.put(table, key, after, theirs)

    def unique(self):
        while True:
            clash = next(((a, b) for a in self.rows['uniq'] for b in self.rows['uniq']
                          if a < b and self.rows['uniq'][a]['u'] == self.rows['uniq'][b]['u']), None)
            if clash is None:
                return
            low, high = sorted(clash, key=lambda k: self.versions['uniq', k].done.stamp)
            a, b = (self.versions['uniq', k] for k in (low, high))
            self.record('unique', 'uniq', low, 'target', None, self.rows['uniq'][low], a, self.rows['uniq'][high], b)
            if self.m.broken == 'compensate':
                self.rows['uniq'].pop(low)
            else:
                self.commit(f'ringway-{self.name}-{len(self.log)}', [('uniq', low, self.rows['uniq'][low], None, None)])

    def record(self, kind, table, key, verdict, before, after, theirs, row, mine):
        self.records.append(Record(
            self.name, len(self.records) + 1, f'{theirs.done.site}->{self.name}', kind, '', verdict, table, key, '', before, after,
            row, theirs.done.stamp, theirs.done.tag, mine.done.stamp, mine.done.tag))


class Model:
    def __init__(self, seed, sites, broken):
        self.dice = random.Random(f'{seed}/{sites}')
        self.broken, self.now = broken, 1000
        self.numbers = collections.Counter()
        self.gtids = {}
        self.history = History(['east', 'west', 'north'][:sites])
        self.sites = [Site(self, n, i) for i, n in enumerate(self.history.sites, 1)]
        self.history.initial = {t: dict(rows) for t, rows in self.sites[0].rows.items()}

    def deliver(self, a, b, limit):
        have = b.seen.get(a.name, 0)
        window = a.log[have:have + limit]
        if self.broken not in ('gap', 'late'):        # what it had seen comes first; else only what it had seen here
            ready = [all(b.seen.get(s, 0) >= n for s, n in d.seen.items() if s not in (a.name, b.name)) for d in window]
            window = window[:(ready + [False]).index(False)]
        if window:
            b.apply(window)
        return bool(window)

    def run(self, steps):
        links = [(a, b) for a in self.sites for b in self.sites if a is not b]
        for _ in range(steps):
            self.now += 1
            if self.dice.random() < 0.5:
                self.dice.choice(self.sites).application()
            else:
                self.deliver(*self.dice.choice(links), self.dice.choice((1, 2, 5, 20)))
        while True:
            self.now += 1
            moved = [self.deliver(a, b, self.dice.choice((1, 3, 50))) for a, b in self.dice.sample(links, len(links))]
            if not any(moved):
                break
        h = self.history
        h.gtids = self.gtids
        h.records = [r for s in self.sites for r in s.records]
        h.finals = {s.name: s.rows for s in self.sites}
        h.journals = {s.name: {t.tag for t in h.txs} for s in self.sites}
        first = self.sites[0]
        for s in self.sites[1:]:
            h.differences += [f'{t}: {first.rows[t]} and {s.rows[t]}' for t in KINDS if s.rows[t] != first.rows[t]]
        return h


def storm(seed, sites=3, broken=None, steps=300):
    return Model(seed, sites, broken).run(steps)
