#!/usr/bin/python3
"""Kill -9 at random moments and at every crash point, under load from both sides, and then count.

    killer.py [--kills N] [--pair mariadb-mysql] [--seed S]

Each side writes keys of its own, so there is nothing to settle: afterwards all rows are the same at both sides, every
transaction that a server acknowledged is there, and every counter shows as many transactions as there are: none twice,
none lost. Statements of DDL run exactly once: each adds a column, and a second time would fail.
"""

import argparse
import os
import pathlib
import random
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import pymysql                                                                      # noqa: E402

import compare                                                                      # noqa: E402
from scenario import Scenario, new_schema, unlogged                                 # noqa: E402
from load import Load                                                               # noqa: E402
from ringway import binary, make_user                                               # noqa: E402
from servers import FLAVOURS, start_all                                             # noqa: E402
from wait import wait_until                                                         # noqa: E402

TABLES = ('CREATE TABLE ack (site VARCHAR(8), i INT, PRIMARY KEY (site, i)) ENGINE=InnoDB',
          'CREATE TABLE counter (site VARCHAR(8) PRIMARY KEY, n INT NOT NULL) ENGINE=InnoDB',
          "INSERT INTO counter VALUES ('east', 0), ('west', 0)",
          'CREATE TABLE item (id INT PRIMARY KEY, u VARCHAR(30), v VARCHAR(200), n INT NOT NULL, UNIQUE KEY (u)) ENGINE=InnoDB',
          'CREATE TABLE part (id INT PRIMARY KEY, item INT, FOREIGN KEY (item) REFERENCES item (id)) ENGINE=InnoDB',
          'CREATE TABLE keyless (site VARCHAR(8), n INT) ENGINE=InnoDB',
          'CREATE TABLE ddl_east (id INT PRIMARY KEY) ENGINE=InnoDB', 'CREATE TABLE ddl_west (id INT PRIMARY KEY) ENGINE=InnoDB')
DB = 'killed'


def application(server, base, seed):
    """Transactions of several kinds on rows of one side. Each leaves an acknowledgement and raises a counter."""
    dice = random.Random(seed)
    present = []                    # ids that are there for certain
    undecided = {}

    def step(cursor, i):
        if i not in undecided:      # the same transaction again when it has to be repeated
            undecided.clear()
            undecided[i] = dice.random(), dice.randrange(1 << 30)
        kind, pick = undecided[i]
        cursor.execute('INSERT INTO ack VALUES (%s, %s)', (server.name, i))
        cursor.execute('UPDATE counter SET n = n + 1 WHERE site = %s', (server.name,))
        new = base + i * 10
        if kind < 0.4 or not present:
            for k in range(1 + pick % 3):
                cursor.execute('INSERT INTO item VALUES (%s, %s, %s, 0)', (new + k, f'{server.name}-{new + k}', 'x' * (pick % 150)))
            cursor.execute('INSERT INTO part VALUES (%s, %s)', (new, new))
            present.append(new)
        elif kind < 0.6:
            one = present[pick % len(present)]
            cursor.execute('UPDATE item SET n = n + 1, v = %s WHERE id = %s', (f'changed in {i}', one))
        elif kind < 0.7:            # a unique value moves on to a new row
            one = present[pick % len(present)]
            cursor.execute('UPDATE item SET u = NULL WHERE id = %s', (one,))
            cursor.execute('INSERT INTO item VALUES (%s, %s, NULL, 1)', (new, f'moved-{server.name}-{one}-{i}'))
            present.append(new)
        elif kind < 0.8:
            one = present.pop(pick % len(present))
            cursor.execute('DELETE FROM part WHERE id = %s', (one,))
            cursor.execute('DELETE FROM item WHERE id = %s', (one,))
        elif kind < 0.9:
            cursor.execute('INSERT INTO keyless VALUES (%s, %s), (%s, %s)', (server.name, pick % 3, server.name, pick % 3))
            cursor.execute('DELETE FROM keyless WHERE site = %s AND n = %s LIMIT 1', (server.name, (pick + 1) % 3))
        elif kind < 0.985:
            cursor.execute('UPDATE item SET n = n + 1 WHERE id >= %s AND id < %s ORDER BY id LIMIT 20', (base, base + 100_000_000))
        else:                       # one that does not fit into a window
            cursor.execute('INSERT INTO item VALUES ' + ', '.join(f"({base + 500_000_000 + i * 1000 + k}, NULL, REPEAT('y', 150), 0)" for k in range(700)))
    return step


class Killer:
    def __init__(self, pair, seed, log):
        self.dice = random.Random(seed)
        self.log = log
        self.seed = seed
        self.east, self.west = (FLAVOURS[f](name, n, durable=True) for f, name, n in zip(pair, ('east', 'west'), (1, 2)))
        self.db = DB
        self.done = {}
        self.columns = {'east': 0, 'west': 0}
        self.ringway = None
        self.points = []

    def start(self):
        start_all(self.east, self.west)
        for server in (self.east, self.west):
            make_user(server)
            unlogged(server, *new_schema(DB))
        self.ringway = Scenario(self, options={'window_bytes': '64K', 'retry_max_s': 1})
        self.ringway.both(*TABLES)
        self.ringway.begin()
        if b'RINGWAY_CRASH_AT' in binary().read_bytes():
            self.points = self.ringway.cmd('run', '--crash-points').stdout.split()
        if not self.points:
            self.log('no crash points: this is not a build with -Dcrash_points=true; only random moments')
        self.loads = [Load(server, DB, application(server, base, self.seed + n), patient=True, pause=0.003, read_timeout=60)
                      for n, (server, base) in enumerate(((self.east, 0), (self.west, 1_000_000_000)))]
        for load in self.loads:
            load.start()

    def moment(self, longest=0.6):
        """Some moment: when a kill hits is what this test is about."""
        time.sleep(self.dice.uniform(0, longest))

    def ddl(self):
        """One more column at one side; patient when that server was just killed."""
        server = self.dice.choice((self.east, self.west))
        self.columns[server.name] += 1
        name = f'c{self.columns[server.name]}'

        def added():
            try:
                if name not in compare.columns(server, DB, f'ddl_{server.name}'):
                    server.sql(f'ALTER TABLE `{DB}`.ddl_{server.name} ADD COLUMN {name} INT')
                server.sql(f'INSERT INTO `{DB}`.ddl_{server.name} (id, {name}) VALUES ({self.columns[server.name]}, 1)')
                return True
            except pymysql.err.MySQLError as e:
                return e.args[0] == 1062
        wait_until(added, 30, f'{name} at {server.name}')

    def kill_ringway(self):
        self.moment()
        self.ringway.kill9()
        self.moment(0.2)
        self.ringway.start(wait=False)

    def kill_servers(self, *names):
        self.moment()
        for name in names:
            getattr(self, name).kill9()
        self.moment(0.3)
        for name in names:
            getattr(self, name).start()

    def kill_all(self):
        self.moment()
        self.ringway.kill9()
        self.kill_servers(*self.dice.choice((('east',), ('west',), ('east', 'west'))))
        self.ringway.start(wait=False)

    def crash_at(self, point):
        """Ringway ends itself at this point, some time or other; whatever makes the point be reached is done."""
        self.ringway.kill9()
        nth = self.dice.choice((1, 1, 2, 3, 7))
        self.ringway.start(env={'RINGWAY_CRASH_AT': f'{point}:{nth}'}, wait=False)
        if point in ('announced', 'executed', 'closed'):
            for _ in range(nth):
                self.ddl()
        try:
            wait_until(lambda: not self.ringway.running(), 10, f'the crash at {point}:{nth}')
            reached = self.ringway.process.returncode == -9
        except AssertionError:
            reached = False
        self.ringway.kill9()
        self.ringway.start(wait=False)
        return reached

    def one(self, number):
        """The kill of that number. All kinds come in turn, so that few kills already mean all kinds."""
        kinds = [('ringway', self.kill_ringway), ('east', lambda: self.kill_servers('east')), ('west', lambda: self.kill_servers('west')),
                 ('ringway and servers', self.kill_all)]
        if self.points and number % 2:
            point = self.points[number // 2 % len(self.points)]
            name = f'at {point}' + ('' if self.crash_at(point) else ' (not reached)')
        else:
            name, kill = kinds[number // 2 % len(kinds)]
            kill()
        if self.dice.random() < 0.3:
            self.ddl()
        self.done[name] = self.done.get(name, 0) + 1
        return name

    def go_on(self):
        """Both links still move, and nobody has stopped."""
        self.ringway.caught_up(timeout=90)

    def finish(self):
        for load in self.loads:
            load.stop()
        self.ringway.same(timeout=120)
        compare.assert_same_structure(self.east, self.west, DB)
        written = 0
        for load in self.loads:
            site = load.server.name
            for server in (self.east, self.west):
                there = {row[0] for row in server.sql(f'SELECT i FROM `{DB}`.ack WHERE site = %s', (site,))}
                lost = set(load.acknowledged) - there
                assert not lost, f'{len(lost)} acknowledged transactions of {site} are not at {server.name}: {sorted(lost)[:10]}'
                extra = there - set(load.acknowledged) - set(load.unknown)
                assert not extra, f'transactions of {site} that nobody sent at {server.name}: {sorted(extra)[:10]}'
                n = server.one(f'SELECT n FROM `{DB}`.counter WHERE site = %s', (site,))
                assert n == len(there), f'counter of {site} at {server.name}: {n} for {len(there)} transactions'
            written += len(there)
        rows = {l['name']: l['state'] for l in self.ringway.links().values()}
        self.ringway.stop()
        return written, rows

    def close(self):
        for load in getattr(self, 'loads', []):
            load._over.set()
        if self.ringway:
            self.ringway.close()
        for server in (self.east, self.west):
            server.destroy()


def run(pair, kills, seed, log=print):
    """Raises AssertionError if anything is lost, doubled or different."""
    for flavour in pair:
        assert not FLAVOURS[flavour].missing(), FLAVOURS[flavour].missing()
    killer = Killer(pair, seed, log)
    try:
        killer.start()
        for number in range(kills):
            what = killer.one(number)
            if number % 5 == 4 or number == kills - 1:
                killer.go_on()
            log(f'kill {number + 1}/{kills}: {what}; {sum(len(l.acknowledged) for l in killer.loads)} transactions acknowledged')
            for load in killer.loads:
                if load.error:
                    raise load.error
        written, links = killer.finish()
        log(f'{kills} kills, {written} transactions: all there, once, and the same at both sides; {links}')
        log(', '.join(f'{what}: {n}' for what, n in sorted(killer.done.items())))
        return killer
    except BaseException:
        log(f'seed {seed}, kills {killer.done}')
        if killer.ringway:
            log(killer.ringway.tail(40))
        raise
    finally:
        killer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--kills', type=int, default=200)
    parser.add_argument('--pair', default='mariadb-mysql', help='flavours of east and west')
    parser.add_argument('--seed', type=int, default=None)
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else int.from_bytes(os.urandom(4), 'big')
    print(f'kill test: {args.pair}, {args.kills} kills, seed {seed}', flush=True)
    try:
        run(tuple(args.pair.split('-')), args.kills, seed, lambda text: print(text, flush=True))
    except AssertionError as e:
        print(f'FAILED: {e}', flush=True)
        return 1
    print('OK', flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
