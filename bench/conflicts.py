"""What a conflict costs: two sites change N rows each while nothing runs between them, and then Ringway runs.

Run by `bench/run.sh conflicts`. Each kind of conflict is measured twice with the same number of transactions: once the two
sites' rows are other rows, once they are the same ones. What it takes longer, divided by N, is the cost of a conflict: it
is found, settled and recorded, at each of the two sites, durably.
"""

import argparse
import os
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 'tests' / 'live'))

import servers                                          # noqa: E402
from ringway import Ringway, make_user                  # noqa: E402
from scenario import new_schema, unlogged               # noqa: E402

DB = 'bench'
KINDS = {       # what a transaction does at east and at west, in table t{n} to row {id}
    'update/update': ('UPDATE {t} SET v = {id}, pad = "east" WHERE id = {id}', 'UPDATE {t} SET v = -{id}, pad = "west" WHERE id = {id}'),
    'insert/insert': ('INSERT INTO {t} VALUES ({id} + 1000000, 1, "east")', 'INSERT INTO {t} VALUES ({id} + 1000000, 2, "west")'),
    'update/delete': ('UPDATE {t} SET v = {id}, pad = "east" WHERE id = {id}', 'DELETE FROM {t} WHERE id = {id}'),
}


class Conflicts:
    def __init__(self, flavour, n):
        self.n, self.count = n, 0
        make = servers.FLAVOURS[flavour]
        self.sites = [make(name, server_id=id, durable=True) for id, name in enumerate(('east', 'west'), 1)]
        servers.start_all(*self.sites)
        for server in self.sites:
            make_user(server)
            unlogged(server, *new_schema(DB))
        self.ringway = Ringway(dict(zip(('east', 'west'), self.sites)), options={'schemas': DB, 'conflict': 'last_write_wins'})
        self.ringway.db = DB
        self.ringway.grant()

    def fill(self, table):
        statements = [f'CREATE TABLE {DB}.{table} (id INT PRIMARY KEY, v INT, pad VARCHAR(100)) ENGINE=InnoDB']
        for first in range(0, 2 * self.n, 1000):
            rows = ', '.join(f"({id}, 0, '{'x' * 60}')" for id in range(first, min(first + 1000, 2 * self.n)))
            statements.append(f'INSERT INTO {DB}.{table} VALUES {rows}')
        for server in self.sites:
            unlogged(server, *statements)

    def found(self):
        return sum(server.one('SELECT COUNT(*) FROM ringway.conflict') for server in self.sites)

    def settle(self, kind, apart):
        """Seconds from the start until all changes of both sites are at the other, and how many conflicts were recorded."""
        self.count += 1
        table = f't{self.count}'
        self.fill(table)
        self.ringway.init()
        for server, statement, first in zip(self.sites, KINDS[kind], (0, self.n if apart else 0)):
            for id in range(first, first + self.n):
                server.sql(statement.format(t=f'{DB}.{table}', id=id))
        before = self.found()
        began = time.monotonic()
        self.ringway.start()
        self.ringway.caught_up()
        seconds = time.monotonic() - began
        found = self.found() - before
        self.ringway.stop()
        one, other = (server.sql(f'CHECKSUM TABLE {DB}.{table}') for server in self.sites)
        if one != other:
            raise SystemExit(f'{kind}: the tables differ at the end')
        return seconds, found

    def run(self):
        for kind in KINDS:
            without, none = self.settle(kind, True)
            seconds, found = self.settle(kind, False)
            print(f'| {kind:<14} | {none:>9} | {without:>7.2f} | {found:>9} | {seconds:>7.2f} | {(seconds - without) / self.n * 1e3:>15.2f} |', flush=True)

    def close(self):
        self.ringway.close()
        for server in self.sites:
            server.destroy()


def main():
    parser = argparse.ArgumentParser(prog='bench/run.sh conflicts', description='What a conflict costs.')
    parser.add_argument('--pair', choices=['mariadb', 'mysql', 'both'], default='both', help='which servers (default both)')
    parser.add_argument('--conflicts', type=int, default=3000, metavar='N', help='of each kind (default 3000)')
    parser.add_argument('--build', type=pathlib.Path, default=ROOT / 'build-bench', help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ['RINGWAY_BIN'] = str(options.build.resolve() / 'ringway')
    for flavour in ['mariadb', 'mysql'] if options.pair == 'both' else [options.pair]:
        missing = servers.FLAVOURS[flavour].missing()
        if missing:
            print(f'{flavour}: left out: {missing}\n')
            continue
        conflicts = Conflicts(flavour, options.conflicts)
        try:
            print(f'{flavour} {conflicts.sites[0].version}, {options.conflicts} transactions of one row at each of two sites\n')
            print('| kind           | conflicts | seconds | conflicts | seconds | ms per conflict |')
            print('| -------------- | --------- | ------- | --------- | ------- | --------------- |', flush=True)
            conflicts.run()
            print(flush=True)
        finally:
            conflicts.close()


if __name__ == '__main__':
    main()
