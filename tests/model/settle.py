"""How a transaction with a row in trouble is settled at a target, change by change, in order.

1. The policy says what row the target shall hold, from the writers in the memory that the change had not seen.
2. If the row is not the expected one and nobody unseen explains it: a gap, if the source had seen something that has not arrived here (wait
   for it, or go on); else drift, which must not happen here.
3. Constraints. Rows that must go for the incoming one are deleted by a transaction of the target's own, committed before the window (with
   --one: together with it, as below): holders of its unique values, if the incoming write is later than the last unseen writer of each;
   children of a parent that goes.
   An incoming row that must not be written (a holder is later; its parent is missing) goes instead: what the target holds under its key is
   deleted by a transaction of the target's own that has seen the window, committed together with it. The memory takes the incoming row
   for written all the same, and the delete's before-image is the row as it would stand had it been written.
"""
from policies import KEEP, STOP
from words import PARENT, Change, Write, later, mark, put

WAIT, FIRST, GOES, WRITE = 'wait', 'first', 'goes', 'write'


class Settlement:
    def __init__(self, link, units, folded):
        self.link, self.site, self.world, self.rule = link, link.target, link.world, link.world.rule
        self.units, self.folded = units, folded
        self.rows = dict(self.site.rows)
        self.ghosts = {}                # rows that go, as they would be
        self.gone = []                  # (key, what the target held)
        self.slots = {}                 # the memory, as this transaction changes it
        self.writes, self.marks, self.records, self.drift, self.first = [], [], [], [], []
        self.gap = any(link.has_gap(u) for u in units) and self.rule != 'gap'
        self.waits = self.world.rnd.random() < .5

    def policy(self, key):
        return self.world.policy[key[0]]

    def unseen(self, key, seen):
        if key not in self.slots:
            return self.link.memory.unseen(key, seen)
        return {name: w for name, w in self.slots[key].items() if w.stamp > seen[w.origin]}

    def run(self):
        """WRITE: to be committed. FIRST: the rows in `first` must go before. WAIT: not now."""
        for write in self.net_writes() if self.folded else [w for u in self.units for w in u.writes]:
            act = self.settle(write)
            if act != WRITE:
                return act
        return WRITE

    def settle(self, write):
        change, txn, _, seen, first = write
        key, expected, unseen = change.key, change.before, self.unseen(change.key, seen)
        row = self.ghosts[key] if key in self.ghosts else self.rows.get(key)
        if self.rule == 'aba' and row == expected:
            unseen = {}
        # In a folded window the last transaction may have seen what the first before-image does not show yet.
        if row != expected and not unseen and key not in self.ghosts and not (self.folded and key in self.link.memory.rows) \
                and (self.rule == 'hidden' or not self.unseen(key, first)):
            if self.gap and self.waits:
                return WAIT
            if not self.gap and self.rule != 'aba':
                self.drift.append((key, row, change, txn))
        new, records = self.policy(key).settle(unseen, write, row)
        self.records += [(key, loser, winner) for loser, winner in records]
        if new is KEEP:
            return WRITE
        act = STOP if new is STOP else GOES if key in self.ghosts else self.between_rows(key, new, txn, seen)
        if act == STOP or (act in (FIRST, GOES) and self.policy(key).name == 'error'):
            self.link.stopped = True
            return WAIT
        if act == KEEP:
            return WRITE
        if act == WAIT or (act != WRITE and self.folded):
            return act
        if act == FIRST and self.rule == 'compensate':
            for c in self.site.deletes(self.rows, self.first):
                put(self.rows, c.key, None)
                self.writes.append(Write(c, txn, (), seen, seen))
        elif act == FIRST and not self.world.one:
            return FIRST
        elif act == FIRST:
            for other in self.first:
                self.let_go(other)
        if act != GOES:
            put(self.rows, key, new)
        elif self.rule != 'compensate':
            self.let_go(key)
            self.ghosts[key] = new
        self.writes.append(write._replace(change=Change(key, row, new)))
        if act != GOES or self.rule != 'unwritten':
            self.marks.append(mark(write))
        slots = self.slots.setdefault(key, dict(self.link.memory.rows.get(key, {})))
        self.policy(key).note(slots, mark(write), self.link.memory.fresh)
        return WRITE

    def between_rows(self, key, new, txn, seen):
        """What the constraints say to a new row."""
        site, rows = self.site, self.rows

        def writer(k):
            return max(self.unseen(k, seen).values(), key=lambda t: t.id, default=None)

        if new is None:
            self.first = site.children(rows, key)
            if self.rule == 'child' and any(writer(k) and later(writer(k), txn) for k in self.first):
                return KEEP
            return FIRST if self.first else WRITE
        if site.lacks_parent(rows, key, new):
            parent = (PARENT, new[-1])
            if self.gap:
                return WAIT if self.waits else WRITE
            if self.rule == 'orphan' and not writer(parent):
                self.drift.append((key, 'lacks its parent', new, txn))
            return WRITE if self.rule == 'child' and writer(parent) and later(txn, writer(parent)) else GOES
        self.first = site.holders(rows, key, new)
        writers = [writer(k) for k in self.first]       # None: the source had seen it, so txn is later
        if self.gap and self.waits and None in writers:
            return WAIT
        if any(w and later(w, txn) for w in writers):
            return GOES
        return FIRST if self.first else WRITE

    def let_go(self, key):
        """The row under this key goes, its children with it."""
        if key in self.ghosts:
            return
        if self.rule in ('together', 'plan'):
            self.gone.append((key, self.rows.get(key)))
            return
        for c in self.site.deletes(self.rows, [key]):
            self.gone.append((c.key, c.before))
            self.ghosts[c.key] = c.before
            put(self.rows, c.key, None)

    def commit(self):
        site = self.site
        site.records += self.records
        site.drift += self.drift
        self.link.commit(self.units, self.rows, self.writes, self.marks)
        if self.rule in ('together', 'plan'):
            site.plans += [(key, row, self.ghosts[key]) for key, row in self.gone]
        elif self.gone:
            site.commit([Change(key, self.ghosts[key], None) for key, _ in self.gone], False)

    def net_writes(self):
        """Per row of a last-write-wins table the net change; other policies settle every change and write once."""
        net, every = {}, []
        for w in (w for u in self.units for w in u.writes):
            key = w.change.key
            if self.policy(key).name == 'last_write_wins':
                net[key] = w._replace(change=w.change._replace(before=net.get(key, w).change.before))
            else:
                every.append(w)
        return list(net.values()) + every
