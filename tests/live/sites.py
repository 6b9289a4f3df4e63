"""More than two sites: their servers, and a Ringway between them in any topology."""

import compare
from ringway import Ringway, make_user
from scenario import new_schema, unlogged
from servers import FLAVOURS, start_all

NAMES = ('east', 'west', 'north', 'south')      # the order of a ring; the first is the hub of a star


class Sites:
    """Servers, one a site, shared by the tests of a module."""

    def __init__(self, flavours):
        self.servers = {name: FLAVOURS[flavour](name, server_id=number) for number, (name, flavour) in enumerate(zip(NAMES, flavours), 1)}
        self.tests = 0

    def start(self):
        start_all(*self.servers.values())
        for server in self.servers.values():
            make_user(server)
        return self

    def destroy(self):
        for server in self.servers.values():
            server.destroy()

    def topology(self, shape, policies=(), options=None, sections='', start=True):
        """A Ringway with a fresh schema at every site, running. policies: (table, conflict), ..."""
        self.tests += 1
        db = f'm{self.tests:03}'
        for server in self.servers.values():
            if not server.alive():
                server.start()
            unlogged(server, *(f'DROP DATABASE `{name}`' for name in server.schemas()), 'DROP DATABASE IF EXISTS ringway', *new_schema(db, self.servers))
        sections = '\n'.join([f'[table {db}.{table}]\nconflict = {policy}\n' for table, policy in policies] + [sections])
        ringway = Several(self.servers, options={'topology': shape, 'conflict': 'last_write_wins', **(options or {})}, sections=sections)
        ringway.db = db
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

    def kinds(self, names=None):
        return sorted(row[0] for server in ([self.sites[n] for n in names] if names else self.sites.values()) for row in server.sql('SELECT kind FROM ringway.conflict'))
