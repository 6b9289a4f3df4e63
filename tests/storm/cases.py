"""Histories made by hand, each with what the checker must find in it. They prove the checker.

A case is a function that takes a Story and tells it; its decorator says which violations must be found: none means that
the history is right.
"""

from history import History, Record, Tx, Write
from tables import ALL, BY_NAME, INITIAL

CASES = []


def case(*wanted, sites=2):
    def add(tell):
        def run():
            story = Story(sites)
            tell(story)
            return story.history()
        CASES.append((tell.__name__.replace('_', ' '), run, set(wanted)))
        return tell
    return add


class Story:
    def __init__(self, sites):
        self.h = History(['east', 'west', 'north'][:sites])
        self.h.initial = {t.name: {} for t in ALL if t.key}
        self.rows = {t.name: {} for t in ALL if t.key}
        self.rows['trail'] = []
        self.here = None            # {site: tables}: what differs there
        self.now = 0
        for t in ALL:
            for values in t.rows:
                row = dict(zip(t.columns, values))
                self.h.initial[t.name][t.key_of(row)] = row
                self.rows[t.name][t.key_of(row)] = row

    def tx(self, site, *writes, saw=(), writer=0, outcome='acked'):
        """A transaction; `saw`: others, and all that they had seen. Writes are (table, before, after[, add])."""
        self.now += 1
        vector = {}
        for other in saw:
            for who, n in other.vector.items():
                vector[who] = max(n, vector.get(who, 0))
        n = 1 + max((t.n for t in self.h.txs if t.who == (site, writer)), default=0)
        vector[site, writer] = n
        tx = Tx(site, writer, n, outcome, vector, self.now)
        for table, before, after, *add in writes:
            t = BY_NAME[table]
            before, after = (r and {**r, 'tag': r['tag'] or tx.tag} if t.tag else r for r in (before, after))
            key = t.key_of(after or before) if t.key else ()
            tx.writes.append(Write(table, key, before, after, *add))
            if not t.key:
                self.rows[table].append(after)
        self.h.txs.append(tx)
        return tx

    def end(self, table, row, key=None):
        """The row at the end, at all sites."""
        t = BY_NAME[table]
        if row is None:
            self.rows[table].pop(key, None)
        else:
            self.rows[table][t.key_of(row)] = row

    def record(self, kind, verdict, table, incoming, current, stamps=(2, 1), at='west', policy='', key=None, operation='update',
               rows=None):
        """incoming and current: transactions. rows: what the record shows, default what they wrote."""
        def shown(tx):
            return next((w.after for w in tx.writes if w.table == table), None) if tx else None
        a, b = rows or (shown(incoming), shown(current))
        key = key or BY_NAME[table].key_of(a or b)
        ids = {s: i for i, s in enumerate(self.h.sites, 1)}
        for tx in (incoming, current):
            if tx:
                self.h.gtids[f'g-{tx.tag}'] = [tx.tag]
        self.h.records.append(Record(
            at, len(self.h.records) + 1, f'{incoming.site}->{at}', kind, policy, verdict, table, key, operation, None, a, b,
            (stamps[0], ids[incoming.site]), f'g-{incoming.tag}', current and (stamps[1], ids[current.site]),
            current and f'g-{current.tag}'))

    def history(self):
        self.h.finals = {s: self.rows for s in self.h.sites}
        tags = {t.tag for t in self.h.txs if t.outcome == 'acked'}
        self.h.journals = self.h.journals or {s: tags for s in self.h.sites}
        return self.h


def kv(tx=None, v='', id=1):
    """A row of kv by this transaction; without one, by the transaction that is just being told."""
    return {'id': id, 'tag': tx.tag if tx else None, 'v': v, 'num': None, 'bin': None, 'at': None}


def uniq(id, u, tx=None, n=None):
    return {'id': id, 'tag': tx.tag if tx else None, 'u': u, 'n': n, 'v': ''}


def word(k1, tx=None):
    return {'k1': k1, 'k2': 'x', 'tag': tx.tag if tx else None, 'v': ''}


def two_inserts(story, table='kv', v=('a', 'b')):
    """Neither had seen the other; west's is there at the end."""
    x = story.tx('east', (table, None, kv(v=v[0])))
    y = story.tx('west', (table, None, kv(v=v[1])))
    story.end(table, kv(y, v[1]))
    return x, y


@case()
def one_write_after_the_other(s):
    x = s.tx('east', ('kv', None, kv(v='a')))
    y = s.tx('west', ('kv', kv(x, 'a'), kv(v='b')), saw=[x])
    s.end('kv', kv(y, 'b'))


@case('lost')
def a_write_that_is_lost(s):
    two_inserts(s)


@case()
def a_write_that_is_recorded(s):
    x, y = two_inserts(s)
    s.record('insert/insert', 'target', 'kv', x, y, stamps=(1, 2))


@case('winner')
def the_wrong_winner(s):
    x, y = two_inserts(s)
    s.record('insert/insert', 'target', 'kv', x, y, stamps=(2, 1))


@case('disagree', 'winner')
def two_sites_that_disagree(s):
    x, y = two_inserts(s)
    s.record('insert/insert', 'target', 'kv', x, y, stamps=(1, 2))
    s.record('insert/insert', 'target', 'kv', y, x, stamps=(2, 1), at='east')


@case('false')
def a_record_without_a_conflict(s):
    x = s.tx('east', ('kv', None, kv(v='a')))
    y = s.tx('west', ('kv', kv(x, 'a'), kv(v='b')), saw=[x])
    s.end('kv', kv(y, 'b'))
    s.record('update/insert', 'source', 'kv', y, x, stamps=(2, 1), at='east')


@case('transitive', sites=3)
def a_record_of_one_seen_by_way_of_another(s):
    x = s.tx('east', ('kv', None, kv(v='a')))
    y = s.tx('west', ('kv', kv(x, 'a'), kv(v='b')), saw=[x])
    z = s.tx('north', ('kv', kv(y, 'b'), kv(v='c')), saw=[y])
    del z.vector['east', 0]
    s.end('kv', kv(z, 'c'))
    s.record('update/insert', 'source', 'kv', z, x, stamps=(3, 1), at='east')


@case('nameless')
def a_record_of_nobody(s):
    x, y = two_inserts(s)
    s.record('insert/insert', 'target', 'kv', x, y, stamps=(1, 2))
    s.h.records[0].current, s.h.records[0].current_gtid = None, 'g-what'


@case('nameless')
def a_record_that_names_one_and_shows_another(s):
    x, y = two_inserts(s)
    z = s.tx('west', ('kv', kv(y, 'b'), kv(v='c')), saw=[y])
    s.end('kv', kv(z, 'c'))
    s.record('insert/insert', 'target', 'kv', x, z, stamps=(1, 3))
    s.h.records[0].current = kv(y, 'b')


@case('lost', 'resurrected')
def an_overwritten_row_comes_back(s):
    x = s.tx('east', ('kv', None, kv(v='a')))
    s.tx('west', ('kv', kv(x, 'a'), kv(v='b')), saw=[x])
    s.end('kv', kv(x, 'a'))


@case('lost', 'resurrected')
def a_deleted_row_comes_back(s):
    x = s.tx('east', ('kv', None, kv(v='a')))
    s.tx('east', ('kv', kv(x, 'a'), None), saw=[x])
    s.end('kv', kv(x, 'a'))


@case()
def a_deleted_row_stays_away(s):
    x = s.tx('east', ('kv', None, kv(v='a')))
    s.tx('west', ('kv', kv(x, 'a'), None), saw=[x])


@case()
def a_row_is_made_again(s):
    x = s.tx('east', ('kv', None, kv(v='a')))
    d = s.tx('west', ('kv', kv(x, 'a'), None), saw=[x])
    y = s.tx('east', ('kv', None, kv(v='b')), saw=[d])
    s.end('kv', kv(y, 'b'))


@case('lost')
def a_delete_is_lost_against_an_update(s):
    x = s.tx('east', ('kv', None, kv(v='a')))
    s.tx('west', ('kv', kv(x, 'a'), None), saw=[x])
    y = s.tx('east', ('kv', kv(x, 'a'), kv(v='b')), saw=[x])
    s.end('kv', kv(y, 'b'))


@case()
def a_delete_is_recorded_against_an_update(s):
    x = s.tx('east', ('kv', None, kv(v='a')))
    d = s.tx('west', ('kv', kv(x, 'a'), None), saw=[x])
    y = s.tx('east', ('kv', kv(x, 'a'), kv(v='b')), saw=[x])
    s.end('kv', kv(y, 'b'))
    s.record('update/delete', 'source', 'kv', y, d, stamps=(3, 2))


@case('strange')
def a_row_of_parts_of_two(s):
    x, y = two_inserts(s)
    s.record('insert/insert', 'target', 'kv', x, y, stamps=(1, 2))
    s.end('kv', kv(y, 'a'))


@case('strange', 'lost')
def a_row_of_nobody(s):
    s.tx('east', ('kv', None, kv(v='a')))
    s.end('kv', {**kv(v='a'), 'tag': 'east.0.99'})


@case('strange')
def a_row_that_nobody_touched_changes(s):
    s.end('parent', {'id': 1, 'tag': INITIAL, 'v': 'x'})


@case('differ')
def sites_that_differ(s):
    s.h.differences.append('kv: only at east ...')


@case('vanished')
def an_acknowledged_transaction_is_not_everywhere(s):
    x = s.tx('east', ('kv', None, kv(v='a')))
    s.end('kv', kv(x, 'a'))
    s.h.journals = {'east': {x.tag}, 'west': set()}


@case('unsent')
def a_transaction_that_nobody_sent(s):
    s.h.journals = {'east': {'east.0.7'}, 'west': {'east.0.7'}}


@case()
def an_unknown_outcome_either_way(s):
    x = s.tx('east', ('kv', None, kv(v='a')), outcome='unknown')
    s.tx('east', ('kv', kv(x, 'a'), kv(v='b')), saw=[x], outcome='unknown')
    s.h.journals = {'east': {x.tag}, 'west': {x.tag}}
    s.end('kv', kv(x, 'a'))


@case('torn')
def a_row_is_seen_before_the_rest_of_its_transaction(s):
    x = s.tx('east', ('kv', None, kv(v='a')))
    y = s.tx('west', ('kv', kv(x, 'a'), kv(v='b')))
    s.end('kv', kv(y, 'b'))


@case('backwards')
def a_site_forgets(s):
    x = s.tx('east', ('kv', None, kv(v='a')))
    s.end('kv', kv(x, 'a'))
    s.tx('west', saw=[x])
    s.tx('west')


@case('stamp')
def a_stamp_below_what_was_seen(s):
    """The clock of east is ahead. West saw its write; by west's clock alone the next stamp is lower."""
    x = flips(s, 1)[0]
    z = s.tx('west', ('flip', {'id': 1, 'v': 0}, {'id': 1, 'v': 2}), writer=1)
    s.record('update/update', 'target', 'flip', x, z, stamps=(100, 101))
    s.end('flip', {'id': 1, 'v': 2})
    other = s.tx('east', ('kv', None, kv(v='a')))
    y = s.tx('west', ('kv', None, kv(v='b')), saw=[x])
    s.record('insert/insert', 'target', 'kv', other, y, stamps=(40, 50))
    s.end('kv', kv(y, 'b'))


@case('stamp')
def two_stamps_for_one_transaction(s):
    x, y = two_inserts(s)
    s.record('insert/insert', 'target', 'kv', x, y, stamps=(1, 3))
    s.record('insert/insert', 'source', 'kv', y, x, stamps=(2, 1), at='east')


@case('stamp')
def a_stamp_without_regard_to_the_clock(s):
    x, y = two_inserts(s)
    x.clock = 1000.0
    y.clock = 1000.5
    s.record('insert/insert', 'target', 'kv', x, y, stamps=(1, 1_000_500_000))


# ---- unique values


@case()
def a_unique_value_claimed_twice(s):
    x = s.tx('east', ('uniq', None, uniq(1, 'u')))
    y = s.tx('west', ('uniq', None, uniq(2, 'u')))
    s.record('unique', 'target', 'uniq', x, y, stamps=(1, 2))
    s.end('uniq', uniq(2, 'u', y))


@case()
def one_row_claims_the_values_of_two(s):
    x = s.tx('east', ('uniq', None, uniq(1, 'u', n=7)), ('uniq', None, uniq(2, 'w')))
    y = s.tx('west', ('uniq', None, uniq(3, 'w', n=7)))
    s.end('uniq', uniq(3, 'w', y, 7))
    for gone in (uniq(1, 'u', x, 7), uniq(2, 'w', x)):
        s.record('unique', 'source', 'uniq', y, x, at='east', stamps=(2, 1), rows=(uniq(3, 'w', y, 7), gone))


@case('lost')
def a_unique_value_claimed_twice_without_a_record(s):
    s.tx('east', ('uniq', None, uniq(1, 'u')))
    y = s.tx('west', ('uniq', None, uniq(2, 'u')))
    s.end('uniq', uniq(2, 'u', y))


@case()
def a_key_in_two_spellings(s):
    x = s.tx('east', ('word', None, word('beta')))
    y = s.tx('west', ('word', None, word('Beta')))
    s.end('word', word('Beta', y))
    s.record('unique', 'target', 'word', x, y, stamps=(1, 2))


@case('lost')
def a_key_in_two_spellings_without_a_record(s):
    s.tx('east', ('word', None, word('beta')))
    y = s.tx('west', ('word', None, word('Beta')))
    s.end('word', word('Beta', y))


@case()
def a_row_is_spelled_otherwise_while_it_is_deleted(s):
    x = s.tx('east', ('word', None, word('beta')))
    y = s.tx('east', ('word', word('beta', x), None), ('word', None, word('Beta')), saw=[x])
    z = s.tx('west', ('word', word('beta', x), None), saw=[x])
    s.end('word', word('Beta', y))
    s.record('delete/delete', 'target', 'word', y, z, stamps=(1, 2), key=('beta', 'x'), rows=(None, None))


@case('false')
def a_unique_record_without_a_common_value(s):
    x = s.tx('east', ('uniq', None, uniq(1, 'u')))
    y = s.tx('west', ('uniq', None, uniq(2, 'w')))
    s.record('unique', 'target', 'uniq', x, y, stamps=(1, 2))
    s.end('uniq', uniq(2, 'w', y))


@case()
def a_row_that_went_for_a_unique_value_meets_an_update(s):
    """East's row goes; the delete by which it goes meets an update of that row."""
    x = s.tx('east', ('uniq', None, uniq(1, 'u')))
    y = s.tx('west', ('uniq', None, uniq(2, 'u')))
    z = s.tx('east', ('uniq', uniq(1, 'u', x), uniq(1, 'v')), saw=[x])
    s.record('unique', 'target', 'uniq', x, y, stamps=(1, 2))
    s.record('delete/update', 'source', 'uniq', z, z, stamps=(4, 3), at='east', rows=(None, z.writes[0].after))
    s.h.records[-1].gtid = 'g-by-ringway'
    s.h.records[-1].stamp = (4, 2)
    s.h.gtids['g-by-ringway'] = []
    s.end('uniq', uniq(2, 'u', y))


@case('nameless', 'lost')
def a_delete_of_nobody_without_a_clash(s):
    x = s.tx('east', ('uniq', None, uniq(1, 'u')))
    z = s.tx('east', ('uniq', uniq(1, 'u', x), uniq(1, 'v')), saw=[x])
    s.record('delete/update', 'target', 'uniq', z, z, stamps=(2, 3), at='east', rows=(None, z.writes[0].after))
    s.h.records[-1].gtid = 'g-by-ringway'
    s.h.records[-1].stamp = (2, 2)
    s.h.gtids['g-by-ringway'] = []


# ---- foreign keys


def child(tx=None, parent=1):
    return {'id': 1, 'parent': parent, 'tag': tx.tag if tx else None, 'v': ''}


@case()
def a_child_whose_parent_goes_at_the_same_time(s):
    p = s.h.initial['parent'][('1',)]
    d = s.tx('east', ('parent', p, None))
    c = s.tx('west', ('child', None, child()))
    s.end('parent', None, ('1',))
    s.record('foreign_key', 'source', 'child', d, c, stamps=(2, 1), key=('1',), operation='delete', rows=(None, child(c)))


@case('false', 'lost')
def a_child_whose_parent_was_never_gone(s):
    c = s.tx('west', ('child', None, child()))
    c2 = s.tx('west', ('child', child(c), child()), saw=[c])
    s.record('foreign_key', 'target', 'child', c, c2, stamps=(1, 2), rows=(child(c), None))


# ---- counters


def account(balance, hits, tx=None, note=None):
    return {'id': 1, 'tag': tx.tag if tx else None, 'balance': balance, 'hits': hits, 'note': note}


def two_additions(s):
    first = s.h.initial['account'][('1',)]
    add = {'balance': '10.00', 'hits': 1}
    x = s.tx('east', ('account', first, account('1010.00', 1), add))
    y = s.tx('west', ('account', first, account('1010.00', 1), add))
    s.record('update/update', 'add', 'account', x, y, stamps=(1, 2))
    return y


@case()
def additions_add_up(s):
    s.end('account', account('1020.00', 2, two_additions(s)))


def a_note_and_an_addition(s):
    """The addition is later and leaves the note as it was."""
    first = s.h.initial['account'][('1',)]
    add = {'balance': '10.00', 'hits': 1}
    noted = s.tx('east', ('account', first, account('1010.00', 1, note='first'), add))
    x = s.tx('east', ('account', account('1010.00', 1, noted, 'first'), account('1020.00', 2, note='second'), add), saw=[noted])
    y = s.tx('west', ('account', account('1010.00', 1, noted, 'first'), account('1020.00', 2, note='first'), add), saw=[noted])
    s.record('update/update', 'add', 'account', x, y, stamps=(1, 2))
    return y


@case()
def a_note_of_another_write_stays(s):
    s.end('account', account('1030.00', 3, a_note_and_an_addition(s), 'second'))


@case('strange')
def a_note_is_nobodys(s):
    s.end('account', account('1030.00', 3, a_note_and_an_addition(s), 'third'))


@case('counter')
def an_addition_is_lost(s):
    s.end('account', account('1010.00', 2, two_additions(s)))


@case('counter')
def an_addition_counts_twice(s):
    s.tx('east', ('tally', {'id': 1, 'n': 0}, {'id': 1, 'n': 5}, {'n': 5}))
    s.end('tally', {'id': 1, 'n': 10})


# ---- merge


def doc(**values):
    return {'id': 1, **{c: INITIAL for c in 'abcd'}, **values}


def two_columns(s, other):
    x = s.tx('east', ('doc', doc(), doc(a='east.0.1')))
    y = s.tx('west', ('doc', doc(), doc(**{other: 'west.0.1'})))
    return x, y


@case()
def columns_of_both_are_kept(s):
    two_columns(s, 'b')
    s.end('doc', doc(a='east.0.1', b='west.0.1'))


@case('lost', 'resurrected')
def a_column_is_lost(s):
    two_columns(s, 'b')
    s.end('doc', doc(b='west.0.1'))


@case('merge')
def a_column_is_discarded_that_only_one_changed(s):
    x, y = two_columns(s, 'b')
    s.record('update/update', 'target', 'doc', x, y, stamps=(1, 2))
    s.end('doc', doc(b='west.0.1'))


@case()
def the_same_column_by_last_write(s):
    x, y = two_columns(s, 'a')
    s.record('update/update', 'merge', 'doc', x, y, stamps=(1, 2))
    s.end('doc', doc(a='west.0.1'))


def a_merge(s, end):
    """A row whose columns are by two transactions of east, the later of which won against what comes in."""
    x = s.tx('east', ('doc', doc(), doc(b='east.0.1')))
    y = s.tx('east', ('doc', doc(b='east.0.1'), doc(a='east.0.2', b='east.0.1')), saw=[x])
    m = s.tx('west', ('doc', doc(), doc(b='west.0.1')))
    s.record('update/update', 'merge', 'doc', m, y, stamps=(2, 3), at='east')
    s.end('doc', end)


@case()
def a_column_is_taken_from_a_row_written_later(s):
    a_merge(s, doc(a='east.0.2', b='west.0.1'))


@case('lost', 'resurrected')
def a_column_that_no_record_is_about(s):
    a_merge(s, doc(b='west.0.1'))


# ---- rows that change and change back


def flips(s, *values, site='east', first=0):
    before, txs = first, []
    for v in values:
        txs.append(s.tx(site, ('flip', {'id': 1, 'v': before}, {'id': 1, 'v': v}), saw=txs))
        before = v
    return txs


@case('lost')
def changed_back_and_taken_for_untouched(s):
    flips(s, 1, 0)
    flips(s, 2, site='west')
    s.end('flip', {'id': 1, 'v': 2})


@case()
def changed_back_and_recorded(s):
    x = flips(s, 1, 0)[-1]
    y = flips(s, 2, site='west')[-1]
    s.record('update/update', 'target', 'flip', x, y, stamps=(2, 3))
    s.end('flip', {'id': 1, 'v': 2})


@case('resurrected', 'lost')
def an_overwritten_value_comes_back(s):
    flips(s, 1, 2)
    s.end('flip', {'id': 1, 'v': 1})


# ---- the rest


@case('lost')
def a_row_without_a_key_is_missing(s):
    s.tx('east', ('trail', None, {'tag': None, 'v': 1}))
    s.rows['trail'].clear()


def status(**more):
    rows = {'captured': 4, 'applied': 3, 'filtered': 0, 'discarded': 1}
    return {'state': 'running', 'error': None, 'drift': 0, 'conflicts': 0, 'rows': rows, **more}


@case()
def counts_of_a_link_add_up(s):
    s.h.links = {'east->west': status()}


@case('ledger')
def counts_of_a_link_do_not_add_up(s):
    s.h.links = {'east->west': status(rows={'captured': 4, 'applied': 3, 'filtered': 0, 'discarded': 0})}


@case('ledger')
def a_conflict_is_counted_and_not_recorded(s):
    s.h.links = {'east->west': status(conflicts=1)}


@case('ledger')
def a_conflict_is_recorded_twice(s):
    x, y = two_inserts(s)
    s.record('insert/insert', 'target', 'kv', x, y, stamps=(1, 2))
    s.record('insert/insert', 'target', 'kv', x, y, stamps=(1, 2))


@case('drift')
def drift_is_never_right(s):
    s.h.links = {'east->west': status(drift=1)}


@case('stopped')
def a_link_that_stopped(s):
    s.h.links = {'east->west': status(state='stopped', error='why')}
