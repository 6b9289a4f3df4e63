"""The building blocks of scenarios: pairs of servers, a fresh schema, and a Ringway between them with helpers."""

import pymysql
import pytest

import compare
from load import Load
from ringway import Ringway, make_user
from servers import FLAVOURS, start_all

PAIRS = [('mariadb', 'mariadb'), ('mysql', 'mysql'), ('mariadb', 'mysql')]


def need(*flavours):
    for flavour in flavours:
        if FLAVOURS[flavour].missing():
            pytest.skip(FLAVOURS[flavour].missing())


class Pair:
    """Two running servers, east and west, and the schema of the current test at both."""

    def __init__(self, flavours):
        self.name = '-'.join(flavours)
        self.flavours = flavours
        self.east = FLAVOURS[flavours[0]]('east', server_id=1)
        self.west = FLAVOURS[flavours[1]]('west', server_id=2)
        self.tests = 0
        self.db = None

    def servers(self):
        return [self.east, self.west]

    def start(self):
        start_all(*self.servers())
        for server in self.servers():
            make_user(server)
        return self

    def fresh(self):
        """Whatever the last test left: both run, accept writes, and hold nothing but a new schema with the marker."""
        for server in self.servers():
            if server.process is None:
                server.start()
            server.thaw()
            server.make_read_only(False)
        self.tests += 1
        self.db = f't{self.tests:03}'
        for server in self.servers():
            unlogged(server, *(f'DROP DATABASE `{name}`' for name in server.schemas()),
                     'DROP DATABASE IF EXISTS ringway', *new_schema(self.db))
        return self

    def destroy(self):
        for server in self.servers():
            server.destroy()


def unlogged(server, *statements):
    """Run statements at one server only: they do not reach its binary log."""
    server.sql('SET SESSION sql_log_bin=0')
    try:
        for statement in statements:
            server.sql(statement)
    finally:
        server.sql('SET SESSION sql_log_bin=1')


def new_schema(db, names=('east', 'west')):
    """A schema with the table by which the harness knows that a link has caught up. The collation is one that both
    flavours know."""
    return [f'CREATE DATABASE `{db}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
            f'CREATE TABLE `{db}`.`mark` (site VARCHAR(16) PRIMARY KEY, n BIGINT NOT NULL) ENGINE=InnoDB',
            f"INSERT INTO `{db}`.`mark` VALUES {', '.join(f'({name!r}, 0)' for name in names)}"]


class Scenario(Ringway):
    """A Ringway between the servers of a pair, with helpers that read well in tests. Statements without a schema
    mean the test's own."""

    def __init__(self, pair, **more):
        super().__init__({'east': pair.east, 'west': pair.west}, **more)
        self.db = pair.db
        self.connections = {}

    def both(self, *statements):
        """As if it had always been there: at both sites, in no binary log."""
        for server in self.sites.values():
            server.sql(f'USE `{self.db}`')
            unlogged(server, *statements)

    def app(self, server):
        """An application's connection: the test's schema, autocommit."""
        connection = self.connections.get(server.name)
        if connection is None or not connection.open:
            connection = self.connections[server.name] = server.connect(self.db)
        return connection

    def run(self, server, *statements, args=None):
        """Statements of an application at one site, each a transaction of its own unless it says BEGIN. What a deadlock
        undid is tried again, as applications do."""
        with self.app(server).cursor() as cursor:
            for statement in statements:
                self._patiently(lambda: cursor.execute(statement, args))
            return cursor.fetchall()

    def transaction(self, server, *statements):
        with self.app(server).cursor() as cursor:
            self._patiently(lambda: [cursor.execute(s) for s in ('BEGIN', *statements, 'COMMIT')])

    @staticmethod
    def _patiently(work, times=20):
        for left in range(times - 1, -1, -1):
            try:
                return work()
            except pymysql.err.OperationalError as e:
                if e.args[0] not in Load.AGAIN or not left:
                    raise

    def rows(self, server, table, columns='*', order='1'):
        with server.connect(self.db) as connection, connection.cursor() as cursor:
            cursor.execute(f'SELECT {columns} FROM {table} ORDER BY {order}')
            return list(cursor.fetchall())

    def begin(self, *args, **kw):
        """Grants, init, run: the usual start."""
        self.grant()
        self.init(*args)
        return self.start(**kw)

    def same(self, timeout=60):
        """Everything has arrived, and all rows are the same."""
        self.caught_up(timeout)
        compare.assert_same(self.east, self.west, [self.db])

    def close(self):
        for connection in self.connections.values():
            try:
                connection.close()
            except Exception:                   # a server that was killed took it along
                pass
        super().close()
