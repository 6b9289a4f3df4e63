"""Writers: applications that change hot rows at their site, and write down what they found, what they wrote, and whether
the server acknowledged it.

A writer locks and reads every row before it changes it, so it knows whose write it overwrites. As the last thing before
COMMIT it reads `seen`: at READ COMMITTED that shows every transaction that wrote one of its rows before it, and none that
came later, because it holds the locks of its rows by then.
"""

import datetime
import decimal
import threading
import time

import pymysql

import tables as T
from history import Tx, Write, plain
from load import Load

LOST = (*Load.LOST, *Load.READ_ONLY, 1047, 1180)        # and: the node of a cluster has no quorum, or lost it at COMMIT
AGAIN = (*Load.AGAIN, 1412)     # and: the table was changed
SESSION = ('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED', 'SET SESSION innodb_lock_wait_timeout = 3')
ABANDON = (1062, 1451, 1452)    # the key or the value is taken, a parent or a child is in the way: this is not to be


class Attempt:
    """One transaction under way: what it did so far, net for each row."""

    def __init__(self, cursor, tag):
        self.cursor, self.tag = cursor, tag
        self.net = {}           # (table, key): [before, after, add, times]

    def select(self, t, where, args):
        """Rows that are locked from now on."""
        self.cursor.execute(f"SELECT {', '.join(t.columns)} FROM {t.name} WHERE {where} FOR UPDATE", args)
        return [dict(zip(t.columns, row)) for row in self.cursor.fetchall()]

    def read(self, t, *key):
        rows = self.select(t, ' AND '.join(f'{c} = %s' for c in t.key), key)
        return rows[0] if rows else None

    def touched(self, t, *key):
        return (t.name, t.key_text(key)) in self.net

    def note(self, t, before, after, add=None):
        def known(row):
            return row and {c: plain(row.get(c)) for c in t.columns}
        key = t.key_of(after or before) if t.key else (str(len(self.net)),)
        entry = self.net.setdefault((t.name, key), [known(before), None, None, 0])
        entry[1] = known(after)
        entry[3] += 1
        if add:
            had = entry[2] or dict.fromkeys(add, 0)
            entry[2] = {c: str(decimal.Decimal(had[c]) + v) for c, v in add.items()}

    def insert(self, t, row, verb='INSERT', before=None):
        self.cursor.execute(f"{verb} INTO {t.name} ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})", list(row.values()))
        self.note(t, before, row)

    def update(self, t, before, changes, add=None):
        sets = [f'{c} = %s' for c in changes] + [f'{c} = {c} + %s' for c in add or ()]
        self.cursor.execute(f"UPDATE {t.name} SET {', '.join(sets)} WHERE {' AND '.join(f'{c} = %s' for c in t.key)}",
                            [*changes.values(), *(add or {}).values(), *(before[c] for c in t.key)])
        after = {**before, **changes, **{c: before[c] + v for c, v in (add or {}).items()}}
        if t.key_of(after) != t.key_of(before):
            self.note(t, before, None)
            self.note(t, None, after)
        else:
            self.note(t, before, after, add)
        return after

    def delete(self, t, before):
        self.cursor.execute(f"DELETE FROM {t.name} WHERE {' AND '.join(f'{c} = %s' for c in t.key)}", [before[c] for c in t.key])
        self.note(t, before, None)

    def writes(self):
        return [Write(name, key if T.BY_NAME[name].key else (), *net) for (name, key), net in self.net.items()]


# ---- what writers do, by table; `dice` decides everything that the rows found do not


def hot(dice, n):
    """One of n keys; the first ones much more often."""
    return int(n * dice.random() ** 1.8)


def kv_row(a, dice, id, extra):
    v = dice.choice((None, '', 'x' * dice.randrange(60), 'žluťoučký 🐎', f'line\nof {a.tag}', '\\ " \' ` \0'))
    if dice.random() < 0.01:
        v = 'long ' * dice.randrange(2000, 12000)
    return {'id': id, 'tag': a.tag, 'v': v, 'num': dice.choice((None, decimal.Decimal(dice.randrange(-10**9, 10**9)).scaleb(-3))),
            'bin': dice.choice((None, dice.randbytes(dice.randrange(40)))),
            'at': dice.choice((None, datetime.datetime(dice.randrange(1990, 2200), 2, 3, 4, 5, 6, 1000 * dice.randrange(1000)))),
            **{c: dice.randrange(1000) for c in extra}}


def kv(a, dice, storm, _):
    t, n = T.KV, 24
    kind, id, to = dice.random(), hot(dice, n), dice.randrange(n)
    row = kv_row(a, dice, id, storm.extra)
    if kind < 0.08:             # one statement, many rows
        for before in a.select(t, 'id BETWEEN %s AND %s', (to, to + 4)):
            if not a.touched(t, before['id']):
                a.update(t, before, {'tag': a.tag, 'v': f'range of {a.tag}'})
        return
    before = a.read(t, id)
    if before is None:
        a.insert(t, row)
    elif kind < 0.22:
        a.delete(t, before)
    elif kind < 0.32 and to != id and a.read(t, to) is None:
        a.update(t, before, {'id': to, 'tag': a.tag})
    elif kind < 0.40:
        a.insert(t, row, 'REPLACE', before)
    else:
        some = ['v', 'num', 'bin', 'at', *storm.extra]
        a.update(t, before, {'tag': a.tag, **{c: row[c] for c in dice.sample(some, dice.randrange(1, 1 + len(some)))}})


def word(a, dice, *_):
    t = T.WORD

    def some():
        case = dice.choice((str.lower, str.upper, str.capitalize))
        return case(('alpha', 'beta', 'gamma', 'delta')[hot(dice, 4)]), case('xyz'[dice.randrange(3)])
    kind, key, to = dice.random(), some(), some()
    before = a.read(t, *key)
    if before is None:
        a.insert(t, {'k1': key[0], 'k2': key[1], 'tag': a.tag, 'v': f'new {kind}'})
    elif kind < 0.2:
        a.delete(t, before)
    elif kind < 0.35 and a.read(t, *to) is None:
        a.update(t, before, {'k1': to[0], 'k2': to[1], 'tag': a.tag})
    elif kind < 0.55:           # the same key in other letters
        a.update(t, before, {'k1': key[0], 'k2': key[1], 'tag': a.tag})
    else:
        a.update(t, before, {'tag': a.tag, 'v': f'{kind}'})


def uniq(a, dice, *_):
    t = T.UNIQ
    kind, id, to = dice.random(), hot(dice, 12), dice.randrange(12)
    u, n = f'u{dice.randrange(16)}', dice.choice((None, dice.randrange(10)))
    before = a.read(t, id)
    other = a.read(t, to) if kind < 0.35 and to != id else None
    if before is None:
        a.insert(t, {'id': id, 'tag': a.tag, 'u': u, 'n': n, 'v': f'new {kind}'})
    elif other and kind < 0.15:         # the two change places
        a.update(t, before, {'u': f'~{a.tag}', 'n': None, 'tag': a.tag})
        a.update(t, other, {'u': before['u'], 'n': before['n'], 'tag': a.tag})
        a.update(t, {**before, 'tag': a.tag}, {'u': other['u'], 'n': other['n']})
    elif other and kind < 0.25:         # a value is handed over
        a.update(t, before, {'n': None, 'tag': a.tag})
        a.update(t, other, {'n': before['n'], 'tag': a.tag})
    elif other and kind < 0.35:         # one goes, the other takes its value
        a.delete(t, before)
        a.update(t, other, {'u': before['u'], 'tag': a.tag})
    elif kind < 0.5:
        a.delete(t, before)
    elif kind < 0.6:
        a.update(t, before, {'v': f'{kind}', 'tag': a.tag})
    else:
        a.update(t, before, {'u': u, 'n': n, 'tag': a.tag} if kind < 0.8 else {'n': n, 'tag': a.tag})


def money(dice):
    return decimal.Decimal(dice.randrange(-5000, 5000)).scaleb(-2)


def account(a, dice, *_):
    t, d = T.ACCOUNT, money(dice)
    ids = dice.sample(range(len(t.rows)), dice.choice((1, 2)))
    for id, sum in zip(ids, (d, -d)):
        if not a.touched(t, id):
            note = {'note': f'{dice.random()}'} if dice.random() < 0.5 else {}
            a.update(t, a.read(t, id), {'tag': a.tag, **note}, {'balance': sum, 'hits': 1})


def account2(a, dice, *_):
    t, id, kind, d = T.ACCOUNT2, dice.randrange(len(T.ACCOUNT2.rows)), dice.random(), money(dice)
    if a.touched(t, id):
        return
    before = a.read(t, id)
    if before is None:
        a.insert(t, {'id': id, 'tag': a.tag, 'balance': d, 'hits': 1, 'note': None})
    elif kind < 0.15:
        a.delete(t, before)
    else:
        a.update(t, before, {'tag': a.tag}, {'balance': d, 'hits': 1})


def tally(a, dice, *_):
    t, id = T.TALLY, dice.randrange(len(T.TALLY.rows))
    if not a.touched(t, id):
        a.update(t, a.read(t, id), {}, {'n': dice.randrange(1, 10)})


def doc(a, dice, *_):
    t, id, kind = T.DOC, hot(dice, len(T.DOC.rows)), dice.random()
    some = dice.sample('abcd', dice.choice((1, 1, 2, 3)))
    if a.touched(t, id):
        return
    before = a.read(t, id)
    if before is None:
        a.insert(t, {'id': id, **dict.fromkeys('abcd', a.tag)})
    elif kind < 0.03:
        a.delete(t, before)
    else:
        a.update(t, before, dict.fromkeys(some, a.tag))


def prio(a, dice, *_):
    t, id, kind = T.PRIO, hot(dice, 10), dice.random()
    before = a.read(t, id)
    if before is None:
        a.insert(t, {'id': id, 'tag': a.tag, 'v': f'{kind}'})
    elif kind < 0.15:
        a.delete(t, before)
    else:
        a.update(t, before, {'tag': a.tag, 'v': f'{kind}'})


def flip(a, dice, *_):
    t, id, step = T.FLIP, hot(dice, len(T.FLIP.rows)), dice.choice((1, 2))
    if not a.touched(t, id):
        before = a.read(t, id)
        a.update(t, before, {'v': (before['v'] + step) % 3})


def family(a, dice, *_):
    p, c = T.PARENT, T.CHILD
    kind, id, to, kid = dice.random(), hot(dice, 8), dice.randrange(8), hot(dice, 20)
    if kind < 0.3:
        before = a.read(p, id)
        if before is None:
            a.insert(p, {'id': id, 'tag': a.tag, 'v': None})
            if kind < 0.15 and a.read(c, kid) is None:
                a.insert(c, {'id': kid, 'parent': id, 'tag': a.tag, 'v': 'with its parent'})
        else:
            a.update(p, before, {'tag': a.tag, 'v': f'{kind}'})
    elif kind < 0.42:           # with all its children
        for child in a.select(c, 'parent = %s', (id,)):
            a.delete(c, child)
        before = a.read(p, id)
        if before:
            a.delete(p, before)
    else:
        before = a.read(c, kid)
        if before is None:
            if a.read(p, id):
                a.insert(c, {'id': kid, 'parent': id, 'tag': a.tag, 'v': None})
        elif kind < 0.55:
            a.delete(c, before)
        elif kind < 0.75 and to != before['parent'] and a.read(p, to):
            a.update(c, before, {'parent': to, 'tag': a.tag})
        else:
            a.update(c, before, {'tag': a.tag, 'v': f'{kind}'})


def cold(a, dice, storm, writer):
    t, kind = T.COLD, dice.random()
    base = (storm.plan.sites.index(writer.site.name) * 100 + writer.number) * 10**9
    if kind < 0.03:             # more than fits into a small window
        first = base + 10**6 + 1000 * writer.n
        rows = [{'id': first + k, 'tag': a.tag, 'v': 'y' * 150} for k in range(dice.randrange(100, 600))]
        a.cursor.executemany(f"INSERT INTO {t.name} ({', '.join(t.columns)}) VALUES (%s, %s, %s)", [tuple(r.values()) for r in rows])
        for row in rows:
            a.note(t, None, row)
        return
    id = base + dice.randrange(100)
    before = a.read(t, id)
    if before is None:
        a.insert(t, {'id': id, 'tag': a.tag, 'v': f'{kind}'})
    elif kind < 0.3:
        a.delete(t, before)
    else:
        a.update(t, before, {'tag': a.tag, 'v': f'{kind}'})


def trail(a, dice, *_):
    for _ in range(dice.choice((1, 1, 2))):
        a.insert(T.TRAIL, {'tag': a.tag, 'v': dice.randrange(3)})


DEEDS = {f.__name__: f for f in (kv, word, uniq, account, account2, tally, doc, prio, flip, family, cold, trail)}


class Client(threading.Thread):
    """Something that writes at a site until the storm is over, waits while the gate is closed, and lives through losses
    of its server. At a cluster it keeps to one node until that is lost, then goes on at the next."""

    def __init__(self, storm, site, node=0):
        super().__init__(daemon=True)
        self.storm, self.site = storm, site
        self.node = node % len(site.nodes)
        self.connection = None
        self.parked = threading.Event()
        self.error = None

    def over(self):
        return self.storm.over.is_set()

    def wait_at_gate(self):
        if not self.storm.gate.is_set():
            self.parked.set()
            while not self.storm.gate.wait(0.1) and not self.over():
                pass
            self.parked.clear()

    def connect(self):
        if self.connection is None:
            self.connection = self.site.nodes[self.node].connect(T.DB, autocommit=False, read_timeout=30)
            with self.connection.cursor() as cursor:
                for statement in (*SESSION, *self.site.session):
                    cursor.execute(statement)
        return self.connection

    def drop(self):
        if self.connection is not None:
            try:
                self.connection.close()
            except (pymysql.err.MySQLError, OSError):
                pass
            self.connection = None

    def lost(self):
        """The server is."""
        self.drop()
        self.node = (self.node + 1) % len(self.site.nodes)

    def undo(self):
        """After an error within a transaction."""
        try:
            self.connection.rollback()
        except (pymysql.err.MySQLError, OSError, AttributeError):
            self.drop()

    def run(self):
        try:
            self.work()
        except Exception as e:                              # noqa: BLE001  reported by the storm
            self.error = e
        finally:
            self.parked.set()
            self.drop()


def code_of(e):
    return e.args[0] if e.args and isinstance(e.args[0], int) else 0


class Writer(Client):
    def __init__(self, storm, site, number):
        super().__init__(storm, site, number)
        self.number, self.n = number, 0
        self.txs = []
        self.abandoned, self.repeated = 0, 0

    def planned(self):
        """What transaction n is to do: names of tables, and dice for each."""
        dice = self.storm.plan.dice(self.site.name, self.number, self.n)
        weights = self.storm.plan.weights
        names = dice.choices(list(weights), list(weights.values()), k=dice.choice((1, 1, 1, 2, 2, 3, 4)))
        return [(name, dice.random()) for name in names], dice.random()

    def work(self):
        while not self.over():
            self.n += 1
            deeds, pause = self.planned()
            while not self.over():
                self.wait_at_gate()
                if self.over() or self.once(deeds):
                    break
                self.repeated += 1
            self.storm.over.wait(pause * self.storm.pause)

    def once(self, deeds):
        """True if the transaction of this number is done with, one way or the other."""
        tx, committing = None, False
        try:
            connection = self.connect()
            with connection.cursor() as cursor:
                tx = self.transaction(cursor, deeds)
                committing = True
                connection.commit()
            self.txs.append(tx)
            return True
        except (pymysql.err.MySQLError, OSError) as e:
            code = code_of(e)
            if code in AGAIN:
                self.undo()
                return False
            if code in ABANDON:
                self.undo()
                self.abandoned += 1
                return True
            if not isinstance(e, OSError) and code not in LOST:
                raise
            self.lost()
            if committing:
                tx.outcome = 'unknown'
                self.txs.append(tx)
                return True
            self.storm.over.wait(0.05)
            return False

    def transaction(self, cursor, deeds):
        site = self.site.name
        tag = f'{site}.{self.number}.{self.n}'
        attempt = Attempt(cursor, tag)
        began = time.monotonic()
        cursor.execute('INSERT INTO journal VALUES (%s, %s, %s)', (site, self.number, self.n))
        cursor.execute('UPDATE seen SET n = %s WHERE site = %s AND writer = %s', (self.n, site, self.number))
        for name, seed in deeds:
            DEEDS[name](attempt, self.storm.plan.dice(seed), self.storm, self)
        cursor.execute('SELECT site, writer, n, UNIX_TIMESTAMP(NOW(6)) FROM seen')
        rows = cursor.fetchall()
        return Tx(site, self.number, self.n, 'acked', {(s, w): n for s, w, n, _ in rows if n}, time.monotonic(),
                  float(rows[0][3]), self.node, began if self.site.stamped_early else 0.0, attempt.writes())


class Builder(Client):
    """DDL at one site, on tables that only this site changes: made, filled, given more columns, filled, dropped."""

    def __init__(self, storm, site):
        super().__init__(storm, site)
        self.there = {}         # table: ids that it must hold
        self.statements = 0

    def column(self, table, name):
        with self.connect().cursor() as cursor:
            cursor.execute('SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = %s AND table_name = %s '
                           'AND column_name = %s', (T.DB, table, name))
            return cursor.fetchone()[0]

    def patiently(self, done, *statements):
        """Each statement until it is done; after a lost connection only those that were not."""
        for statement in statements:
            while not self.over():
                self.wait_at_gate()
                if self.over():
                    return False
                try:
                    if done():
                        break
                    with self.connect().cursor() as cursor:
                        cursor.execute(statement)
                    self.connection.commit()
                    self.statements += not statement.startswith('REPLACE')
                    break
                except (pymysql.err.MySQLError, OSError) as e:
                    if code_of(e) in AGAIN:
                        self.drop()
                    elif isinstance(e, OSError) or code_of(e) in LOST:
                        self.lost()
                    else:
                        raise
                    self.storm.over.wait(0.1)
            else:
                return False
        return True

    def fill(self, table, first, columns):
        for id in range(first, first + 3):
            values = ', '.join([str(id)] * len(columns))
            if not self.patiently(lambda: False, f"REPLACE INTO {table} ({', '.join(columns)}) VALUES ({values})"):
                return
            self.there[table].add(id)

    def work(self):
        k = 0
        while not self.over():
            dice = self.storm.plan.dice('ddl', self.site.name, k)
            table, columns = f'side_{self.site.name}_{k}', ['id', 'v']
            if self.patiently(lambda: self.column(table, 'id'), f'CREATE TABLE {table} (id INT PRIMARY KEY, v INT) ENGINE=InnoDB'):
                self.there[table] = set()
                self.fill(table, 1, columns)
            for step in range(dice.randrange(3)):
                new = f'c{step}'
                if not self.patiently(lambda: self.column(table, new), f'ALTER TABLE {table} ADD COLUMN {new} BIGINT NULL'):
                    break
                columns.append(new)
                self.fill(table, 10 * (step + 1), columns)
            if k and dice.random() < 0.6:
                old = f'side_{self.site.name}_{k - 1}'
                gone = self.there.pop(old, None)        # from now on it may be there or not
                if gone is not None:
                    self.patiently(lambda: not self.column(old, 'id'), f'DROP TABLE {old}')
            k += 1
            self.storm.over.wait(dice.uniform(0.3, 2))
