"""A link: reads its source's log in order and applies it at its target, in windows.

A window in which no row is in trouble is applied folded: per row the first before-image, the last after-image, the last transaction. Trouble of
a row: the memory has a writer that the change had not seen, or the row is not the expected one, or a constraint would break. The window
ends before a transaction with such a row, and that transaction is settled by itself (settle.py).
"""
from memory import Memory
from settle import FIRST, WRITE, Settlement
from words import Entry, Unit, columns_of, mark, put


class Link:
    def __init__(self, world, source, target):
        self.world, self.source, self.target = world, source, target
        self.place, self.stopped = 0, False     # place: in the source's log
        self.carries = world.routes[source.id, target.id]   # whose transactions come this way
        self.memory = Memory(self)
        target.links.append(self)

    def read(self, most):
        """The next units of the source's log: its own transactions, and of the windows that were applied there what this link carries."""
        units, log, place = [], self.source.log, self.place
        while place < len(log) and len(units) < most:
            entry, place = log[place], place + 1
            writes = [self.handed_on(w, entry.seen) for w in entry.writes if w.txn.origin in self.carries]
            if self.world.rule == 'trace' and not entry.own:
                writes = [w for w in writes if w.change.before != w.change.after]
            if entry.own or writes or any(entry.seen[o] > self.target.seen[o] for o in self.carries):
                units.append(Unit(entry.stamp, entry.seen, writes, place))
        return units

    def handed_on(self, write, seen):
        """The before-image is the source's, which may not have seen yet what the first transaction had seen."""
        return write._replace(first=tuple(map(min, write.first, seen)) if self.world.rule != 'relay' else write.first)

    def is_idle(self):
        return self.stopped or not self.read(1)

    def has_gap(self, unit):
        """Had the source seen something that has not arrived here? What this link carries came before."""
        others = set(range(self.world.n)) - self.carries - {self.target.id}
        return any(unit.seen[o] > self.target.seen[o] for o in others)

    def must_wait(self, unit):
        causal = any(self.world.policy[w.change.key[0]].causal for w in unit.writes)
        return causal and self.world.rule != 'causal' and self.has_gap(unit)

    def deliver(self, most):
        units = [] if self.stopped else self.read(most)
        while units:
            units = units[:next((i for i, u in enumerate(units) if self.must_wait(u)), most)]
            n = self.without_trouble(units)
            if n:
                self.apply(units[:n])
            elif units:
                n = (self.world.folded and self.settle(units, True)) or self.settle(units[:1], False)
            if not n:
                break
            units = units[n:]

    def without_trouble(self, units):
        """How many units, from the first on."""
        rows, site, aba, origins = dict(self.target.rows), self.target, self.world.rule == 'aba', {}
        for n, unit in enumerate(units):
            for (key, before, after), txn, _, _, first in unit.writes:
                if rows.get(key) != before or (key in self.memory.rows and not aba and self.memory.unseen(key, first)):
                    return n
                # One site's changes may be told apart by another link, so they are not folded with another's.
                if origins.setdefault(key, txn.origin) != txn.origin and n and self.world.rule != 'mixed':
                    return n
                if after is None and site.children(rows, key):
                    return n
                if after is not None and (site.holders(rows, key, after) or site.lacks_parent(rows, key, after)):
                    return n
                put(rows, key, after)
        return len(units)

    def apply(self, units):
        net, every, rows = {}, [], dict(self.target.rows)
        for w in (w for unit in units for w in unit.writes):
            key = w.change.key
            if self.world.policy[key[0]].fine and self.world.rule != 'fold':
                every.append(w._replace(change=w.change._replace(before=rows.get(key))))
            else:
                was = net.get(key, w._replace(change=w.change._replace(before=rows.get(key))))
                change = w.change._replace(before=was.change.before)
                net[key] = w._replace(change=change, columns=columns_of(change), first=tuple(map(min, was.first, w.first)))
            put(rows, key, w.change.after)
        writes = every + list(net.values())
        self.commit(units, rows, writes, [mark(w) for w in writes])

    def commit(self, units, rows, writes, marks):
        """The window: rows, progress, and what the log says of it."""
        site, last = self.target, units[-1]
        if self.world.rule == 'invisible':
            marks = [m for m in marks if rows.get(m.key) != site.rows.get(m.key)]
        site.rows, self.place, self.memory.known = rows, last.next, last.seen
        for origin in self.carries:
            site.seen[origin] = max(site.seen[origin], last.seen[origin])
        site.append(Entry(False, max(u.stamp for u in units), tuple(site.seen), writes, marks))
        self.memory.forget()
        self.world.say(f'site {site.id} applies up to {last.stamp} of {self.source.id}:', *[w.change for w in writes])

    def settle(self, units, folded):
        """In one window; how many: 0 to wait, or (folded) because they must be settled one by one."""
        for _ in range(100):
            settlement = Settlement(self, units, folded)
            act = settlement.run()
            if act == WRITE:
                settlement.commit()
                return len(units)
            if act != FIRST or folded:
                return 0
            self.target.commit(self.target.deletes(self.target.rows, settlement.first), False)
            if self.world.rnd.random() < .3:
                return 0        # something comes between
        raise AssertionError('the same transaction clashes for ever')
