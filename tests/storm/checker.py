"""Was everything settled as promised? Written apart from the engine: it knows only what writers did and what they had
seen, the records of conflicts, and the rows at the end.

    for violation in check(history): print(violation)

Every transaction says what it had seen (History, Tx.vector); every write says which row it found. From that follows,
for any two writes of a row, whether one had seen the other. If neither had, they were in conflict.

What may be wrong:

    differ       sites do not hold the same rows
    vanished     an acknowledged transaction is not at a site
    unsent       a transaction that nobody sent, or that was rolled back
    torn         a row of a transaction was seen without the rest of it
    backwards    a site no longer had what it had had
    lost         a write is not visible, was not overwritten by one that saw it, and is in no record as discarded
    resurrected  the row at the end was overwritten by a write that saw it
    strange      the row at the end is not as anybody wrote it
    counter      a counter is not the sum of all additions
    merge        a column was discarded though nobody else changed it at the same time
    false        a record of two writes one of which had seen the other, or of rows that have no value in common
    transitive   the same, where it had seen the other only by way of a third write
    nameless     a record that does not say of which writes it speaks, or names others than it shows
    winner       a record in which the policy was not followed
    disagree     two records of the same two writes with different verdicts
    stamp        stamps that are not the same everywhere, or that do not grow with what was seen
    ledger       the counts of a link do not add up
    and drift, stopped, skipped
"""

import bisect
import collections
import dataclasses
import decimal

from history import plain
from tables import ALL, BY_NAME, CHILD, INITIAL

CLOCK_SLACK_S = 3           # a log may know the time of a commit to the second only, and as of its beginning


@dataclasses.dataclass
class Violation:
    kind: str
    text: str

    def __str__(self):
        return f'{self.kind}: {self.text}'


def tag_of(row):
    return row.get('tag') if row else None


class Checker:
    def __init__(self, history):
        self.h = history
        self.found = []
        self.ids = {site: i for i, site in enumerate(history.sites, 1)}
        self.txs = {t.tag: t for t in history.txs if t.outcome == 'acked' or self._came_through(t)}
        self.writes = collections.defaultdict(list)     # (table, key): [(tx, write)] in order of time
        self.on_row = {}                                # (tag, table, key): write
        self.successors = collections.defaultdict(list)     # (table, key, tag): [tx] that overwrote that write
        for tx in sorted(self.txs.values(), key=lambda t: t.at):
            for w in tx.writes:
                self.writes[w.table, w.key].append((tx, w))
                self.on_row[tx.tag, w.table, w.key] = w
                if BY_NAME[w.table].tag and w.before:
                    self.successors[w.table, w.key, tag_of(w.before)].append(tx)
        self.closures = {}
        self.recorded = collections.defaultdict(set)    # (table, key): tags of writes that a record says were discarded
        self.recorded_columns = collections.defaultdict(set)    # (table, key): (column, value) of the same
        self.compensated = set()                        # (table, key) of rows that went for a constraint
        self.no_place = set()                           # (link, GTID, table, key): changes that a constraint did not allow
        self.stamps = collections.defaultdict(dict)     # tag: {stamp that a record gives it: that record}
        self.verdicts = collections.defaultdict(set)    # (table, two keys and tags): who won, where

    def _came_through(self, tx):
        return tx.tag in self.h.journals.get(tx.site, ())

    def wrong(self, kind, text):
        self.found.append(Violation(kind, text))

    def run(self):
        self.troubles()
        self.journal()
        self.reading()
        self.records()
        self.stamp_order()
        for (table, key), writes in self.writes.items():
            t = BY_NAME[table]
            if t.merge:
                self.columns(t, key, writes)
            elif not t.key:
                continue
            elif t.tag and not (t.delta and t.deletes):     # an addition to a row that is deleted is anybody's guess
                self.row(t, key, writes)
            elif not t.delta:
                self.untagged(t, key, writes)
            if t.delta and not t.deletes:
                self.counters(t, key, writes)
        self.nobody_wrote()
        self.trail()
        return self.found

    # ---- what the storm saw by itself, and the counts of links

    def troubles(self):
        for text in self.h.differences:
            self.wrong('differ', text)
        for kind, text in self.h.troubles:
            self.wrong(kind, text)
        for name, link in self.h.links.items():
            r = link['rows']
            if r['captured'] != r['applied'] + r['filtered'] + r['discarded']:
                self.wrong('ledger', f'{name}: {r}')
            if link['state'] != 'running' or link['error']:
                self.wrong('stopped', f"{name} is {link['state']}: {link['error']}")
            if link['drift']:
                self.wrong('drift', f"{name}: {link['drift']}")
            rows = sum(r.link == name and r.kind not in ('skipped', 'drift') for r in self.h.records)
            if link['conflicts'] != rows:
                self.wrong('ledger', f"{name}: counted {link['conflicts']} conflicts, recorded {rows}")

    # ---- transactions

    def journal(self):
        sent = {t.tag: t for t in self.h.txs}
        for site, journal in self.h.journals.items():
            for tag in (t for t, tx in sent.items() if tx.outcome == 'acked' and t not in journal):
                self.wrong('vanished', f'{tag} was acknowledged and is not at {site}')
            for tag in journal - set(self.txs):
                self.wrong('unsent', f'{tag} at {site}' + ('' if tag in sent else ', which nobody sent'))

    def reading(self):
        """What writers found when they read."""
        last = {}
        for tx in sorted(self.txs.values(), key=lambda t: (t.who, t.n)):
            before = last.get(tx.who)
            if before is not None:
                gone = {k: (n, tx.vector.get(k, 0)) for k, n in before.vector.items() if tx.vector.get(k, 0) < n}
                if gone:
                    self.wrong('backwards', f'between {before.tag} and {tx.tag} at {tx.site}: {gone}')
            last[tx.who] = tx
            for w in tx.writes:
                if not BY_NAME[w.table].tag or not w.before or tag_of(w.before) == INITIAL:
                    continue
                found = self.txs.get(tag_of(w.before))
                if found is None:
                    self.wrong('unsent', f'{tx.tag} found a row of {w.before} in {w.table}{w.key}')
                elif found is not tx and not tx.saw(found):
                    self.wrong('torn', f'{tx.tag} found a row of {found.tag} in {w.table}{w.key}, and not its number in seen')

    # ---- who had seen whom

    def seen_by(self, tx, rows):
        """{writer: n}: what was seen by the writes that this one found in these rows, and by those that they found."""
        if (tx.tag, rows) not in self.closures:
            seen, todo, done = {}, [tx], {tx.tag}
            while todo:
                for w in todo.pop().writes:
                    if (w.table, w.key) in rows and tag_of(w.before) in self.txs and tag_of(w.before) not in done:
                        found = self.txs[tag_of(w.before)]
                        done.add(found.tag)
                        todo.append(found)
                        for who, n in found.vector.items():
                            seen[who] = max(n, seen.get(who, 0))
            self.closures[tx.tag, rows] = seen
        return self.closures[tx.tag, rows]

    def saw(self, x, y, *rows):
        """None, 'false' or 'transitive': had x seen y, and how."""
        if x.saw(y):
            return 'false'
        return 'transitive' if self.seen_by(x, frozenset(rows)).get(y.who, 0) >= y.n else None

    def concurrent(self, x, y, *rows):
        return x is not y and not self.saw(x, y, *rows) and not self.saw(y, x, *rows)

    # ---- records of conflicts

    def place(self, record, side):
        """(table, key) of the row that stands on this side of a record."""
        row = getattr(record, side)
        table = BY_NAME.get(record.table)
        if row is None or table is None or record.kind not in ('unique', 'foreign_key'):
            return record.table, record.key
        if record.kind == 'foreign_key':
            table = CHILD if CHILD.parent[0] in row else BY_NAME[CHILD.parent[1]]
        return table.name, table.key_of(row)

    def named(self, record, side):
        """(transaction or None, is it one at all): who made the row of this side, by GTID and by tag."""
        table, key = self.place(record, side)
        row, gtid = getattr(record, side), record.gtid if side == 'incoming' else record.current_gtid
        in_log = self.h.gtids.get((gtid or '').lower())
        t = BY_NAME[table]
        by_tag = self.txs.get(tag_of(row)) if row and t.tag else None
        named = [self.txs[tag] for tag in in_log or () if (tag, table, key) in self.on_row]     # a window may hold several
        if side == 'incoming' and self.handed_on(record):       # of one site, and which of them does not always show
            named = [tx for tx in named if self.ids[tx.site] == record.stamp[1]]
            if by_tag not in named and len(named) > 1:
                return None, 'one of several'
        if (gtid or '').lower() in self.h.vague and by_tag not in named and len(named) > 1:
            return None, 'one of several'
        by_gtid = by_tag if by_tag in named else max(named, key=lambda tx: tx.at, default=None)
        if by_gtid and by_tag and by_gtid is not by_tag and t.policy is None:
            self.wrong('nameless', f'GTID of {by_gtid.tag}, row of {by_tag.tag}: {record}')
        tx = by_gtid or by_tag
        return tx, tx is not None or in_log is not None

    def handed_on(self, record):
        """By another site than that which made it: its GTID is that of a window."""
        return self.ids[record.link.split('->')[0]] != record.stamp[1]

    def losers(self, record):
        if record.verdict in ('add', 'merge'):
            if record.current_stamp is None:
                return 'incoming', 'current'
            return ('incoming',) if record.stamp < record.current_stamp else ('current',)
        return {'source': ('current',), 'target': ('incoming',), 'delete': ('incoming', 'current')}.get(record.verdict, ())

    def records(self):
        judged = []
        for record in self.h.records:
            if record.kind in ('drift', 'skipped'):
                self.wrong(record.kind, str(record))
            elif record.table not in BY_NAME:
                self.wrong('nameless', str(record))
            else:
                judged.append(record)
                if record.kind in ('unique', 'foreign_key'):
                    for side in self.losers(record):
                        self.compensated.add(self.place(record, side))
                    self.no_place.add((record.link, record.gtid, record.table, record.key))
        for record in judged:
            self.record(record)
        # One row may clash with two of one transaction, by two of its values.
        same = collections.Counter((r.link, r.kind, r.table, r.key, r.gtid, r.current_gtid, self.place(r, 'current'), self.handed_on(r))
                                   for r in judged if r.current_gtid)
        for what, times in same.items():
            table, key, gtid = what[2:5]
            writes = [self.on_row.get((tag, table, key)) for tag in self.h.gtids.get(gtid, ())]
            if times > (sum if what[-1] else max)([w.times for w in writes if w] or [1]):
                self.wrong('ledger', f'recorded {times} times: {what}')
        for pair, winners in self.verdicts.items():
            if len({w for w, _ in winners}) > 1:
                self.wrong('disagree', f'{pair}: {sorted(winners)}')

    def record(self, record):
        t = BY_NAME[record.table]
        mixed = bool(t.delta or t.merge)
        sides = {}
        for side, stamp in (('incoming', record.stamp), ('current', record.current_stamp)):
            tx, known = self.named(record, side)
            sides[side] = tx
            # Under the other policies a record names one of several writers whose values the present row may hold.
            if tx and stamp and (side == 'incoming' or t.policy is None) and self.by_gtid(record, side, tx):
                self.stamps[tx.tag].setdefault(tuple(stamp), record)
            # A delete by which Ringway settled a clash is nobody's write. A second change of a row by one transaction may
            # leave it to the record of the first to say what was there.
            if tx is None and known != 'one of several' and not (known and self.place(record, side) in self.compensated) \
                    and not (record.kind == 'foreign_key' and getattr(record, side) is None) \
                    and not (side == 'current' and self.again(record)):
                self.wrong('nameless', f'{side} change of nobody: {record}')
        if record.verdict == 'merge' and record.incoming and record.current:
            self.excuse_columns(t, record)
        else:
            for side in self.losers(record):
                self.excuse(record, side, sides[side])
        if record.kind == 'unique':
            self.same_value(t, record)
        if record.kind == 'foreign_key':
            self.no_parent(record)
        elif sides['incoming'] and sides['current']:
            self.real(t, record, sides['incoming'], sides['current'], mixed)
            self.policy(t, record, sides['incoming'], sides['current'])

    def again(self, record):
        # Or the first fell to a constraint, whose record names the row that stood against it.
        return any(r is not record and (r.current_gtid or r.kind in ('foreign_key', 'unique')) and (r.site, r.link, r.gtid, r.table, r.key) ==
                   (record.site, record.link, record.gtid, record.table, record.key) for r in self.h.records)

    def by_gtid(self, record, side, tx):
        """A stamp belongs to the transaction that its GTID names. With a foreign key that may be another than that of the row."""
        # A window of a link holds many, and which of them wrote a row that is gone does not show.
        return self.h.gtids.get((record.gtid if side == 'incoming' else record.current_gtid or '').lower()) == [tx.tag]

    def excuse(self, record, side, tx):
        place = self.place(record, side)
        if tx:
            self.recorded[place].add(tx.tag)
        if BY_NAME[place[0]].merge and getattr(record, side):
            self.recorded_columns[place] |= set(getattr(record, side).items())

    def excuse_columns(self, t, record):
        """The columns that both sides wrote at the same time, whoever wrote the rows last: one of the two is discarded."""
        place = record.table, record.key
        for c in t.columns:
            sides = [(c, row[c]) for row in (record.incoming, record.current)]
            x, y = (self.txs.get(tag) for _, tag in sides)
            if c not in t.key and x and y and self.concurrent(x, y, place):
                self.recorded_columns[place] |= set(sides)

    def real(self, t, record, x, y, mixed):
        rows = {self.place(record, 'incoming'), self.place(record, 'current')}
        how = 'false' if x is y else self.saw(x, y, *rows) or self.saw(y, x, *rows)
        if how and mixed:       # the present row is of several writes: one that is in conflict is enough
            place = self.place(record, 'current')
            others = self.writes[place]
            if t.merge and record.current:
                shown = set(record.current.values())
                others = [(o, w) for o, w in others if o.tag in shown or w.after is None]
            if any(self.concurrent(x, o, *rows) for o, _ in others):
                return
        if how:
            self.wrong(how, f'{x.tag} and {y.tag}: {record}')

    def same_value(self, t, record):
        def same(columns):
            return all(a[c] is not None and str(a[c]).lower() == str(b[c]).lower() for c in columns)
        a, b = record.incoming, record.current
        values = [t.key] if t.fold else [(c,) for c in t.unique]
        if not a or not b or t.key_of(a) == t.key_of(b) or not any(map(same, values)):
            self.wrong('false', f'no unique value in common: {record}')

    def no_parent(self, record):
        """A child whose parent was deleted by somebody who had not seen it, nor was seen."""
        column, parents = CHILD.parent
        child = next((r for r in (record.incoming, record.current, record.before) if r and column in r), None)
        if child:
            parent, children = str(child[column]), [(self.txs.get(tag_of(child)), CHILD.key_of(child))]
        else:
            parent = record.key[0]
            children = [(tx, key) for (table, key), ws in self.writes.items() if table == CHILD.name
                        for tx, w in ws if w.after and str(w.after[column]) == parent]
        deletes = [tx for tx, w in self.writes[parents, (parent,)] if w.after is None]
        if not any(c and self.concurrent(c, d, (CHILD.name, key), (parents, (parent,))) for c, key in children for d in deletes):
            self.wrong('false', f'nobody deleted a parent at the same time: {record}')

    def policy(self, t, record, x, y):
        lost = self.losers(record)
        if len(lost) != 1:
            return
        if (record.link, record.gtid, record.table, record.key) in self.no_place:
            return                              # it may have won, and then had no place
        winner, loser = (y, x) if lost[0] == 'incoming' else (x, y)
        if record.kind != 'unique':
            self.verdicts[t.name, record.key, frozenset((x.tag, y.tag))].add((winner.tag, record.site))
        by_stamp = record.kind in ('unique', 'foreign_key') or t.policy is None
        if by_stamp and record.stamp and record.current_stamp:
            kept, gone = (record.stamp, record.current_stamp) if winner is x else (record.current_stamp, record.stamp)
            if tuple(kept) <= tuple(gone):
                self.wrong('winner', f'{winner.tag} has the lower stamp: {record}')
        if t.policy == 'site_priority' and len(self.h.sites) == 2 and record.kind not in ('unique', 'foreign_key') \
                and self.ids[winner.site] > self.ids[loser.site]:
            self.wrong('winner', f'{winner.site} has the lower priority: {record}')

    def stamp_order(self):
        """One stamp for one transaction; higher than that of all that its site had before; not below its clock."""
        known = {}
        for tag, stamps in self.stamps.items():
            tx = self.txs[tag]
            if len(stamps) > 1:
                self.wrong('stamp', f'{tag} has several: ' + '; '.join(f'{s} in {r}' for s, r in sorted(stamps.items())))
            known[tag] = max(stamps)
            if known[tag][1] != self.ids[tx.site]:
                self.wrong('stamp', f'{tag} is of site {self.ids[tx.site]}, its stamp is {known[tag]}')
        by_writer = collections.defaultdict(list)
        for tag, stamp in known.items():
            by_writer[self.txs[tag].who].append((self.txs[tag].n, stamp[0], tag))
        for who, list_ in by_writer.items():
            list_.sort()
            highest = (0, None)
            for i, (n, us, tag) in enumerate(list_):
                highest = max(highest, (us, tag))
                list_[i] = n, highest
        for tag, (us, _) in known.items():
            tx = self.txs[tag]
            for who, n in tx.vector.items():
                list_ = by_writer.get(who, [])
                i = bisect.bisect_left(list_, (n - (who == tx.who) + 1,))
                if i and list_[i - 1][1][0] >= us:
                    self.wrong('stamp', f'{tag} ({us}) had seen {list_[i - 1][1][1]} ({list_[i - 1][1][0]})')
                    break
        self.clocks(known)

    def clocks(self, known):
        by_server = collections.defaultdict(list)
        for tx in self.txs.values():
            by_server[tx.site, tx.node].append((tx.at, tx.clock - tx.at))
        for offsets in by_server.values():
            offsets.sort()
        for tag, (us, _) in known.items():
            tx = self.txs[tag]
            offsets = by_server[tx.site, tx.node]
            since = tx.since or tx.at
            near = offsets[bisect.bisect_left(offsets, (since - 1,)):bisect.bisect_left(offsets, (tx.at + 5,))]
            least = since + min(offset for _, offset in near) - CLOCK_SLACK_S      # a clock may have jumped back meanwhile
            if tx.clock and us < least * 1e6:
                self.wrong('stamp', f'{tag} ({us}) was made at {tx.clock:.6f} by the clock of {tx.site}')

    # ---- rows

    def final(self, table, key):
        return self.h.finals[self.h.sites[0]].get(table, {}).get(key)

    def row(self, t, key, writes):
        """A table in which the row as a whole is settled."""
        final = self.final(t.name, key)
        place = t.name, key
        for tx, w in writes:
            if tx.tag in self.recorded[place]:
                continue
            if w.after is None:
                ok = final is None or any(o.after and (o.before is None or not t.tag) and x.saw(tx) for x, o in writes)
            else:
                ok = tag_of(final) == tx.tag or self.successors.get((t.name, key, tx.tag))
            if not ok:
                self.wrong('lost', f'{tx.tag} wrote {t.name}{key}: {w.before} -> {w.after}; at the end {final}')
        if final is None:
            return
        after = [x for x in self.successors.get((t.name, key, tag_of(final)), ())
                 if not (x.tag in self.recorded[place] and t.name == CHILD.parent[1])]      # a parent may come back
        if after:
            self.wrong('resurrected', f'{t.name}{key} is {final} at the end, which {after[0].tag} overwrote')
        writer = self.on_row.get((tag_of(final), t.name, key))
        written = writer.after if writer else self.h.initial.get(t.name, {}).get(key) if tag_of(final) == INITIAL else None
        if written is None or not all(self.as_written(t, c, writes, written, final) for c in written if c not in t.delta):
            self.wrong('strange', f'{t.name}{key} is {final} at the end; {tag_of(final)} wrote {written}')

    def as_written(self, t, column, writes, written, final):
        """In a table of counters each other column goes by its own last write, too: that may have been another's."""
        value = plain(final.get(column))
        if plain(written[column]) == value or not t.delta or column == 'tag':
            return plain(written[column]) == value
        changes = [(x, w.after) for x, w in writes if w.after is None or w.before is None or w.before[column] != w.after[column]]
        return any(after and plain(after[column]) == value and not any(o.saw(x) for o, _ in changes) for x, after in changes)

    def untagged(self, t, key, writes):
        """A table whose rows do not say who wrote them: by what was seen alone."""
        final, place = self.final(t.name, key), (t.name, key)
        kept = [(x, w) for x, w in writes if x.tag not in self.recorded[place]]
        for x, w in kept:
            if w.after != final and not any(o.saw(x) for o, _ in writes):
                self.wrong('lost', f'{x.tag} wrote {t.name}{key}: {w.before} -> {w.after}; at the end {final}')
        if not any(w.after == final for _, w in writes):
            self.wrong('strange', f'{t.name}{key} is {final} at the end, which nobody wrote')
        elif not any(w.after == final and not any(self.saw(o, x, place) for o, _ in writes) for x, w in writes):
            self.wrong('resurrected', f'{t.name}{key} is {final} at the end; whoever wrote that was overwritten')

    def columns(self, t, key, writes):
        """A table in which each column is settled by itself. A column holds the tag of the transaction that wrote it."""
        final, place = self.final(t.name, key), (t.name, key)
        columns = [c for c in t.columns if c not in t.key]
        changes = collections.defaultdict(list)         # column: [(tx, before, after)]
        for tx, w in writes:
            for c in columns:
                before, after = w.before and w.before[c], w.after and w.after[c]
                if before != after:
                    changes[c].append((tx, before, after))
        for c, list_ in changes.items():
            overwritten = {before for _, before, _ in list_}
            for tx, before, after in list_:
                if after is None:
                    ok = final is None or tx.tag in self.recorded[place] or \
                        any(b is None and x.saw(tx) for x, b, _ in list_)
                else:
                    ok = (final and final[c] == after) or after in overwritten
                    if not ok and (tx.tag in self.recorded[place] or (c, after) in self.recorded_columns[place]):
                        ok = True
                        if not any(self.concurrent(tx, x, place) for x, _, _ in list_):
                            self.wrong('merge', f'{t.name}{key}.{c} of {tx.tag} was discarded, but nobody else changed it')
                if not ok:
                    self.wrong('lost', f'{tx.tag} wrote {t.name}{key}.{c}: {before} -> {after}; at the end {final}')
            overwriters = [x for x, before, _ in list_ if final and before == final[c]]
            if any(x.tag not in self.recorded[place] for x in overwriters) and not any(w.after is None for _, w in writes):
                self.wrong('resurrected', f'{t.name}{key}.{c} is {final[c]} at the end, which {overwriters[0].tag} overwrote')

    def counters(self, t, key, writes):
        final, first = self.final(t.name, key), self.h.initial[t.name][key]
        for c in t.delta:
            wanted = decimal.Decimal(first[c]) + sum(decimal.Decimal(w.add[c]) for _, w in writes)
            if final is None or decimal.Decimal(final[c]) != wanted:
                self.wrong('counter', f'{t.name}{key}.{c} is {final and final[c]}, {len(writes)} additions make {wanted}')

    def nobody_wrote(self):
        """Rows that no writer ever touched are as they were."""
        for t in (t for t in ALL if t.key and t.name not in ('journal', 'seen')):
            initial, final = self.h.initial.get(t.name, {}), self.h.finals[self.h.sites[0]].get(t.name, {})
            for key in set(initial) | set(final):
                if (t.name, key) not in self.writes and initial.get(key) != final.get(key):
                    self.wrong('strange', f'{t.name}{key} is {final.get(key)} at the end; nobody wrote it')

    def trail(self):
        """A table without a key that only gets rows."""
        def count(rows):
            return collections.Counter(tuple(sorted(r.items())) for r in rows)
        written = count(w.after for tx in self.txs.values() for w in tx.writes if w.table == 'trail')
        for site, tables in self.h.finals.items():
            there = count(tables.get('trail', []))
            if there != written:
                self.wrong('lost', f'trail at {site}: missing {list((written - there).elements())[:3]}, '
                                   f'too many {list((there - written).elements())[:3]}')


def check(history):
    return Checker(history).run()
