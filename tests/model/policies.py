"""The policies: one class each, of three pure functions.

note      what the memory of last writers keeps of a row (slots: name -> transaction), from one mark of the target's log
settle    a write, and the row's writers that it had not seen -> the row that the target shall hold (None: no row), or KEEP, or STOP; and what to
          record, as pairs (loser, winner)
promise   what all sites must hold in the end, and whose writes that is, from all writes of a row in any order: the check's own view, written
          apart from the other two

causal: a transaction that touches such a table waits until all that it had seen has been applied at the target.
fine: the log must tell each transaction's deletes and columns; of a folded row the last transaction and the net change are not enough.
"""
from words import COLUMNS, N, later, saw

KEEP, STOP = object(), object()


def remember(slots, name, txn, fresh):
    """The slot's writer is txn; one that the link's source knows of need not be kept."""
    if fresh(txn):
        slots[name] = txn
    else:
        slots.pop(name, None)


def remember_later(slots, name, txn, fresh):
    if name not in slots or later(txn, slots[name]):
        remember(slots, name, txn, fresh)


def order(write):
    """Of (transaction, place in it, change)."""
    return write[0].id, write[1]


class Policy:
    causal = fine = False

    def __init__(self, ranks, rule):
        self.ranks, self.rule = ranks, rule


class LastWriteWins(Policy):
    """The later write keeps the row, whole. A delete is a write like any other."""
    name = 'last_write_wins'

    def note(self, slots, mark, fresh):
        remember(slots, 'row', mark.txn, fresh)

    def settle(self, unseen, write, row):
        txn, last = write.txn, unseen.get('row')
        if last is None:
            return write.change.after, []
        if self.rule != 'late' and saw(last, txn):
            return KEEP, []
        return (KEEP, [(txn, last)]) if later(last, txn) else (write.change.after, [(last, txn)])

    def promise(self, writes):
        last = max(writes, key=order)
        return last[2].after, {last[0]}


class Error(LastWriteWins):
    """A conflict stops the link: no write is overwritten by one that had not seen it."""
    name = 'error'

    def settle(self, unseen, write, row):
        last = unseen.get('row')
        if last is None:
            return write.change.after, []
        return (KEEP if saw(last, write.txn) else STOP), []


class SitePriority(Policy):
    """The writers of a row form a chain: the first site's last write, the second site's last write that had seen that one, the third site's last
    write that had seen both, and so on; its end holds the row. So a write wins if it had seen every writer of the chain above its own site,
    and then ends the chain below itself. Writes that lose are not remembered."""
    name = 'site_priority'
    causal = True

    def note(self, slots, mark, fresh):
        mine = self.ranks[mark.txn.origin]
        for origin in list(slots):
            if self.rule == 'origins' or (self.rule != 'erase' and self.ranks[origin] > mine):
                del slots[origin]
        remember(slots, mark.txn.origin, mark.txn, fresh)

    def settle(self, unseen, write, row):
        origins = sorted(unseen, key=lambda o: self.ranks[o])
        if origins and self.ranks[origins[0]] < self.ranks[write.txn.origin]:
            return KEEP, [(write.txn, unseen[origins[0]])]
        return write.change.after, [(unseen[o], write.txn) for o in origins[-1:]]

    def promise(self, writes):
        chain, row = [], None
        for origin in sorted({t.origin for t, _, _ in writes}, key=lambda o: self.ranks[o]):
            able = [w for w in writes if w[0].origin == origin and all(saw(w[0], t) for t in chain)]
            if able:
                last = max(able, key=order)
                chain.append(last[0])
                row = last[2].after
        return row, {chain[-1]}


class Epochs(Policy):
    """What delta and merge share: a delete ends the row for all writes that had not seen it, whatever their stamps; of two deletes of which
    neither had seen the other the later one counts, and the other one is void."""
    causal = fine = True

    def note(self, slots, mark, fresh):
        if not mark.deletes:
            return self.note_set(slots, mark, fresh)
        if self.rule != 'clear':
            slots.clear()
        remember(slots, 'end', mark.txn, fresh)

    def settle(self, unseen, write, row):
        end = unseen.get('end') if self.rule != 'epoch' else None
        if end and (write.change.after is not None or later(end, write.txn)):
            return KEEP, [(write.txn, end)]
        if write.change.after is None:
            return None, [(w, write.txn) for w in set(unseen.values())]
        return self.settle_set(unseen, write, row)

    def promise(self, writes):
        makers, deletes = set(), [w for w in writes if w[2].after is None]
        if deletes:
            end = max(deletes, key=order)
            makers.add(end[0])
            writes = [w for w in writes if saw(w[0], end[0]) or (w[0] is end[0] and w[1] > end[1])]
        makers.update(t for t, _, _ in writes)
        return self.promise_set(sorted(writes, key=order)) if writes else None, makers


class Delta(Epochs):
    """The number adds up; the other columns together go by last write."""
    name = 'delta'

    def note_set(self, slots, mark, fresh):
        remember(slots, 'any' if self.rule == 'adders' else mark.txn.origin, mark.txn, fresh)
        remember_later(slots, 'others', mark.txn, fresh)

    def settle_set(self, unseen, write, row):
        last, others, records = unseen.get('others'), write.change.after, []
        if last:
            keeps = later(last, write.txn)
            others = row if keeps and row else others
            records = [(write.txn, last) if keeps else (last, write.txn)]
        if self.rule == 'increments':
            return others, records
        return self.with_number(others, (row[N] if row else 0) + self.increment(write.change)), records

    def promise_set(self, writes):
        return self.with_number(writes[-1][2].after, sum(self.increment(c) for _, _, c in writes))

    @staticmethod
    def increment(change):
        return change.after[N] - (change.before[N] if change.before else 0)

    @staticmethod
    def with_number(row, number):
        return row[:N] + (number,) + row[N + 1:]


class Merge(Epochs):
    """Column by column: the later write of a column counts. An update writes the columns that it changes, an insert all."""
    name = 'merge'

    def note_set(self, slots, mark, fresh):
        for i in mark.columns:
            remember_later(slots, i, mark.txn, fresh)

    def settle_set(self, unseen, write, row):
        if row is None:
            return write.change.after, []
        new, records = list(row), []
        for i in COLUMNS if self.rule == 'columns' else write.columns:
            last = unseen.get(i)
            if last is None or later(write.txn, last):
                new[i] = write.change.after[i]
            if last:
                records.append((write.txn, last) if later(last, write.txn) else (last, write.txn))
        return tuple(new), records

    def promise_set(self, writes):
        row = {}
        for _, _, change in writes:
            row.update((i, change.after[i]) for i in COLUMNS if change.before is None or change.before[i] != change.after[i])
        return tuple(row[i] for i in COLUMNS)


POLICIES = {p.name: p for p in (LastWriteWins, Error, SitePriority, Delta, Merge)}
