"""A site: a database with rows, a log in commit order, a clock that is wrong, and applications that write to it.

It keeps its constraints, as a server does: unique columns, and children that need their parent. What a site makes by itself is a
transaction like an application's.
"""
from words import CHILD, COLUMNS, N, P, PARENT, U, V, W, Change, Entry, Txn, Write, columns_of, mark, put


class Site:
    def __init__(self, number, world):
        self.id, self.world, self.rnd = number, world, world.rnd
        self.rows, self.log = {}, []
        self.seen = [0] * world.n       # by origin: the stamp up to which its log is applied here
        self.top = 0                    # highest stamp in the log
        self.skew = self.rnd.randrange(-200, 200)
        self.links = []                 # into this site: their memories follow its log
        self.records, self.drift = [], []
        self.plans = []                 # deletes to be made after a window, where they are not made with it

    def append(self, entry):
        self.log.append(entry)
        self.top = max(self.top, entry.stamp)
        for link in self.links:
            link.memory.follow(entry)

    def commit(self, changes, app):
        """A transaction of this site. Its stamp is higher than any in the log before it."""
        before = self.seen[self.id] if self.world.rule == 'stamp' else self.top
        self.seen[self.id] = max(self.world.now + self.skew, before + 1)
        txn = Txn(self.id, self.seen[self.id], tuple(self.seen), changes, app)
        writes = [Write(c, txn, columns_of(c), txn.seen, txn.seen) for c in changes]
        for c in changes:
            put(self.rows, c.key, c.after)
        self.append(Entry(True, txn.stamp, txn.seen, writes, [mark(w) for w in writes]))
        self.world.txns.append(txn)
        self.world.say(f'site {self.id} {"commits" if app else "makes"} {txn}:', *changes)

    # constraints, of any set of rows

    def holders(self, rows, key, row):
        """The other rows that hold a unique value of this one."""
        if not self.world.unique:
            return []
        return [k for k, r in rows.items() if k != key and k[0] == key[0]
                and ((row[U] is not None and row[U] == r[U]) or (row[W] is not None and row[W] == r[W]))]

    def children(self, rows, key):
        if not self.world.foreign or key[0] != PARENT:
            return []
        return [k for k, r in rows.items() if k[0] == CHILD and r[P] == key[1]]

    def lacks_parent(self, rows, key, row):
        return self.world.foreign and key[0] == CHILD and row[P] is not None and (PARENT, row[P]) not in rows

    def violated(self):
        return [k for k, r in self.rows.items() if self.holders(self.rows, k, r) or self.lacks_parent(self.rows, k, r)]

    def deletes(self, rows, keys):
        """The changes that delete rows: their children first."""
        every = [k for key in keys for k in self.children(rows, key)] + list(keys)
        return [Change(k, rows.get(k), None) for k in dict.fromkeys(every)]

    # applications

    def application(self):
        """One random transaction that the constraints allow; it may change a row more than once."""
        rows, changes, key = dict(self.rows), [], None
        for _ in range(self.rnd.choice((1, 1, 1, 2, 3, 4))):
            if key is None or self.rnd.random() < .65:
                key = self.rnd.choice(self.world.keys)
            for change in self.random_changes(rows, key):
                put(rows, change.key, change.after)
                changes.append(change)
        if changes:
            self.commit(changes, True)

    def random_changes(self, rows, key):
        rnd, old = self.rnd, rows.get(key)
        if old and rnd.random() < .25:
            return self.deletes(rows, [key]) if rnd.random() < .6 or not self.children(rows, key) else []
        new = list(old or (None, None, 0, rnd.randrange(1, 4), None))
        for i in rnd.sample(COLUMNS, rnd.choice((1, 1, 2, 5))) if old else COLUMNS:
            if i in (U, W):
                new[i] = rnd.choice((None, 1, 2, 3, 4))
            elif i == V:
                new[i] = rnd.randrange(3)
            elif i == N and old:
                new[i] += rnd.choice((-2, 1, 3))
            elif i == P and key[0] == CHILD:
                new[i] = rnd.choice([None] + [k[1] for k in rows if k[0] == PARENT] * 2)
        new = tuple(new)
        if new == old or self.holders(rows, key, new):
            return []
        if (old is None or old[P] != new[P]) and self.lacks_parent(rows, key, new):
            return []
        return [Change(key, old, new)]
