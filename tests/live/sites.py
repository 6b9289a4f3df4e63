"""More than two sites: their servers, and a Ringway between them in any topology."""

import compare
from ringway import Ringway, make_user
from scenario import new_schema, unlogged
from servers import FLAVOURS, start_all

NAMES = ('east', 'west', 'north', 'south', 'middle')    # the order of a ring; the first is the hub of a star

# What counting() writes.
COUNTED = ('CREATE TABLE k (site VARCHAR(10), n INT) ENGINE=InnoDB', 'CREATE TABLE total (site VARCHAR(10) PRIMARY KEY, n INT) ENGINE=InnoDB',
           'CREATE TABLE shared (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB', "INSERT INTO shared VALUES (0, ''), (1, ''), (2, '')",
           *(f"INSERT INTO total VALUES ('{name}', 0)" for name in NAMES))


def counting(name, sign=1):
    """For Load: rows that show by their number if something was applied twice, or not at all, and some that all sites write."""
    def step(cursor, i):
        cursor.execute('INSERT INTO k VALUES (%s, %s)', (name, sign * (i + 1)))
        cursor.execute('UPDATE total SET n = n + 1 WHERE site = %s', (name,))
        if i % 5 == 0:
            cursor.execute('UPDATE shared SET v = %s WHERE id = %s', (f'{name} {i}', i % 3))
    return step


# What adding() writes, under delta(balance), besides.
ACCOUNT = ('CREATE TABLE account (id INT PRIMARY KEY, balance INT) ENGINE=InnoDB', 'INSERT INTO account VALUES (1, 0)')


def adding(name):
    """What counting() does, and a row to which all sites add."""
    count = counting(name)

    def step(cursor, i):
        count(cursor, i)
        cursor.execute('UPDATE account SET balance = balance + 1')
    return step


class Sites:
    """Servers, one a site, shared by the tests of a module."""

    def __init__(self, flavours, network=None):
        self.servers = {name: FLAVOURS[flavour](name, server_id=number) for number, (name, flavour) in enumerate(zip(NAMES, flavours), 1)}
        self.network = network
        self.tests = 0
        for name, server in self.servers.items() if network else ():
            server.host, server.inside = network.address(name), network.inside(name)

    def start(self):
        start_all(*self.servers.values())
        for server in self.servers.values():
            make_user(server)
        return self

    def destroy(self):
        for server in self.servers.values():
            server.destroy()

    def topology(self, shape, policies=(), options=None, sections='', start=True):
        """A Ringway with a fresh schema at every site, running. policies: (table, conflict), ... In a network it is at the first site."""
        self.tests += 1
        db = f'm{self.tests:03}'
        for server in self.servers.values():
            if not server.alive():
                server.start()
            unlogged(server, *(f'DROP DATABASE `{name}`' for name in server.schemas()), 'DROP DATABASE IF EXISTS ringway', *new_schema(db, self.servers))
        sections = '\n'.join([f'[table {db}.{table}]\nconflict = {policy}\n' for table, policy in policies] + [sections])
        ringway = Several(self.servers, options={'topology': shape, 'conflict': 'last_write_wins', **(options or {})}, sections=sections)
        ringway.db = db
        if self.network:
            ringway.inside = self.network.inside(NAMES[0])
        ringway.grant()
        if start:
            ringway.init()
            ringway.start()
        return ringway


class Several(Ringway):
    def everywhere(self, *statements):
        """As if it had always been there: at every site, in no binary log."""
        for server in self.sites.values():
            server.sql(f'USE `{self.db}`')
            unlogged(server, *statements)

    def run(self, name, *statements):
        """Statements of an application at one site."""
        with self.sites[name].connect(self.db) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def rows(self, name, query):
        with self.sites[name].connect(self.db) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def pause(self, *names):
        for name in names:
            self.cmd('pause', '--link', name)
            self.wait_state('paused', link=name)

    def resume(self, *names):
        for name in names:
            self.cmd('resume', '--link', name)

    def same(self, timeout=60):
        self.caught_up(timeout)
        first, *others = self.sites.values()
        for other in others:
            compare.assert_same(first, other, [self.db])

    def counted(self, counts):
        """All sites are the same, and hold what was acknowledged, each transaction once. counts: {site: transactions}"""
        self.same()
        for name in self.sites:
            assert dict(self.rows(name, 'SELECT site, COUNT(*) FROM k GROUP BY site')) == counts
            assert {site: n for site, n in self.rows(name, 'SELECT site, n FROM total') if n} == counts
            assert self.rows(name, 'SELECT COUNT(*), COUNT(DISTINCT site, n) FROM k') == [(sum(counts.values()),) * 2]

    def kinds(self, names=None):
        return sorted(row[0] for server in ([self.sites[n] for n in names] if names else self.sites.values()) for row in server.sql('SELECT kind FROM ringway.conflict'))
