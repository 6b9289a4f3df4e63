#!/usr/bin/python3
"""The demo: two servers, writers at both, Ringway between them. Started by demo.sh, which installs and builds."""

import json
import os
import pathlib
import shutil
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'tests' / 'live'))

import compare                                                                      # noqa: E402
import servers                                                                      # noqa: E402
from load import Load                                                               # noqa: E402
from ringway import Ringway, make_user                                              # noqa: E402
from servers import MariaDB, MySQL                                                  # noqa: E402
from wait import wait_until                                                         # noqa: E402

KEEP = '--keep' in sys.argv[1:]
COLOURS = sys.stdout.isatty() and not os.environ.get('NO_COLOR')
DB = 'shop'
PERSONA = ('CREATE TABLE persona (id INT AUTO_INCREMENT PRIMARY KEY, first_name VARCHAR(40), last_name VARCHAR(40), '
           'email VARCHAR(80), city VARCHAR(40), created TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP(3)) ENGINE=InnoDB')
STOCK = 'CREATE TABLE stock (item VARCHAR(20) PRIMARY KEY, pieces INT) ENGINE=InnoDB'
LINKS = ('east->west', 'west->east')


def paint(code, text):
    return f'\033[{code}m{text}\033[0m' if COLOURS else text


def scene(text):
    print('\n' + paint('1;36', f'== {text}'), flush=True)


def say(text):
    print('   ' + text, flush=True)


def command(text):
    print('   ' + paint('1', f'$ {text}'), flush=True)


def thousand(cursor, i):
    """What an application writes: a thousand new persons, without a thought about the other site."""
    cursor.execute('INSERT INTO persona (first_name, last_name, email, city) VALUES ' + ', '.join(
        f"('Name {k}', 'Family {i}', 'p{k}@example.org', 'City {k % 50}')" for k in range(1000)))


def count(server):
    try:
        return server.one(f'SELECT COUNT(*) FROM {DB}.persona') if server.alive() else None
    except Exception:           # it is on its way down or up
        return None


class Demo:
    def __init__(self):
        self.ringway = None
        self.loads = []

    def show(self, note=''):
        """One line: the counts side by side, and the links."""
        counts = [count(s) for s in (self.east, self.west)]
        text = '   '.join(f'{s.name} {paint("1", f"{n:>8,}") if n is not None else paint("31", "    down")}'
                          for s, n in zip((self.east, self.west), counts))
        links = '   '.join(f"{l['name']} {paint('32' if l['state'] in ('running', 'catching_up') else '33', l['state']):<10}"
                           for l in self.ringway.links().values())
        say(f'{time.strftime("%H:%M:%S")}   {text}   {links} {note}')
        return counts

    def watch(self, seconds, note=''):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.show(note)
            time.sleep(min(1.0, max(0, end - time.monotonic())))

    def meet(self, timeout=60):
        """Show lines until the counts are the same."""
        shown = [0.0]

        def same():
            if time.monotonic() - shown[0] >= 1:
                shown[0] = time.monotonic()
                counts = self.show()
                return counts[0] is not None and counts[0] == counts[1]
            return False
        wait_until(same, timeout, 'the counts meet', every=0.1)

    def servers(self):
        scene('Two servers that know nothing of each other')
        west_class = MySQL
        if MySQL.missing():
            say(paint('33', f'{MySQL.missing()}; a second MariaDB stands in'))
            west_class = MariaDB
        odd_even = [['--auto-increment-increment=2', f'--auto-increment-offset={n}'] for n in (1, 2)]
        self.east = MariaDB('east', 1, durable=True, args=odd_even[0])
        self.west = west_class('west', 2, durable=True, args=odd_even[1])
        servers.start_all(self.east, self.west)
        for server in (self.east, self.west):
            name = 'MariaDB' if server.flavour == 'mariadb' else 'MySQL'
            say(f'{server.name}: {name} {server.version}, 127.0.0.1:{server.port}')
            make_user(server)

    def start(self):
        scene('Ringway between them')
        port = servers.free_port()
        self.ringway = Ringway({'east': self.east, 'west': self.west},
                               options={'name': 'demo', 'http': f'127.0.0.1:{port}', 'retry_max_s': 1,
                                        'conflict': 'last_write_wins'},
                               sections=f'[table {DB}.stock]\nconflict = delta(pieces)\n')
        self.page = f'http://127.0.0.1:{port}/'
        say(f'configuration {self.ringway.conf}: ' + ', '.join(f'site {s.name} = {s.address}' for s in (self.east, self.west)))
        command('ringway init --print | mysql      (the grants; no SUPER)')
        self.ringway.grant()
        command('ringway init')
        self.ringway.init()
        command('ringway run &')
        self.ringway.start()
        self.east.sql(f'CREATE DATABASE {DB} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci')
        for statement in (PERSONA, STOCK, "INSERT INTO stock VALUES ('pencil', 100)"):
            self.east.sql(statement, db=DB)
        wait_until(lambda: DB in self.west.schemas() and 'stock' in compare.tables(self.west, DB) and self.stock(self.west), 30,
                   'the tables at west')
        say('CREATE TABLE persona and stock at east: they are at west, too')

    def load(self):
        scene('An application at each site writes 1000 rows every 2 seconds')
        self.loads = [Load(s, DB, thousand, patient=True, pause=2.0) for s in (self.east, self.west)]
        for load in self.loads:
            load.start()
        self.watch(8)

    def kill(self):
        scene('kill -9 of west, under load')
        self.west.kill9()
        self.watch(6, paint('31', 'west is dead, east goes on'))
        self.west.start()
        say('west is back')
        self.watch(3)
        say('the applications pause, so that the counts can be read')
        written = 1000 * sum(load.stop() for load in self.loads)
        unknown = 1000 * sum(len(load.unknown) for load in self.loads)
        self.meet()
        rows = count(self.east)
        assert written <= rows <= written + unknown, (written, rows, unknown)
        say(f'the counts meet again: {rows:,} at both; {written:,} were acknowledged')

    def stock(self, server):
        return server.one(f"SELECT pieces FROM {DB}.stock WHERE item = 'pencil'")

    def conflict(self):
        scene('A conflict: both sites write the same rows before they hear of each other')
        sites = (self.east, self.west)
        row = self.east.one(f'SELECT MIN(id) FROM {DB}.persona')

        def city(server):
            return server.one(f'SELECT city FROM {DB}.persona WHERE id = {row}')

        def both(note):
            say(f'{note:<8}' + '   '.join(f"{s.name}: persona {row} lives in {paint('1', f'{city(s):<8}')} "
                                           f"pencils {paint('1', f'{self.stock(s):>3}')}" for s in sites))
        for name in LINKS:
            command(f"ringway pause --link '{name}'")
            self.ringway.cmd('pause', '--link', name)
            self.ringway.wait_state('paused', link=name)
        both('before')
        for server, there, sold in ((self.east, 'Nairobi', 3), (self.west, 'Lima', 5)):
            for statement in (f"UPDATE persona SET city = '{there}' WHERE id = {row}",
                              f"UPDATE stock SET pieces = pieces - {sold} WHERE item = 'pencil'"):
                server.sql(statement, db=DB)
                say(f'{server.name}: {statement}')
            time.sleep(1.1 if server is self.east else 0)        # a MariaDB logs whole seconds
        both('apart')
        for name in LINKS:
            command(f"ringway resume --link '{name}'")
            self.ringway.cmd('resume', '--link', name)
        wait_until(lambda: all(len(self.ringway.conflicts(s)) >= 2 for s in sites), 30, 'both sites have settled both rows')
        both('settled')
        assert [city(s) for s in sites] == ['Lima'] * 2 and [self.stock(s) for s in sites] == [92] * 2
        say('persona: the later write won (last_write_wins); stock: what both took away counts (delta); '
            'what was overwritten is kept:')
        self.records()

    def records(self):
        def run(*args):
            command('ringway conflicts ' + ' '.join(args))
            for line in self.ringway.cmd('conflicts', *args).stdout.splitlines():
                say(line)
        run('list')
        found = self.ringway.cmd('conflicts', 'list', '--json', '--table', f'{DB}.persona', '--site', 'west').stdout
        run('show', json.loads(found)['conflicts'][-1]['ref'])

    def compare(self):
        scene('Every row of both sites, compared')
        for server in (self.east, self.west):
            server.sql(f"INSERT INTO {DB}.persona (first_name, last_name) VALUES ('the', 'last')")
        self.meet()
        found = compare.differences(self.east, self.west)
        if found:
            raise AssertionError('\n'.join(found))
        say(paint('1;32', f'{count(self.east):,} rows, all the same'))
        command('ringway status')
        for line in self.ringway.cmd('status').stdout.splitlines():
            say(line)
        for name, link in self.ringway.links().items():
            rows = link['rows']
            assert rows['captured'] == rows['applied'] + rows['filtered'] + rows['discarded'], rows
            say(f"{name}: {rows['captured']:,} row changes read = {rows['applied']:,} applied + {rows['filtered']:,} filtered + "
                f"{rows['discarded']:,} discarded")

    def keep(self):
        """Leave everything running; a script beside it ends it."""
        directory = servers.workspace()
        pids = [self.ringway.process.pid, self.east.process.pid, self.west.process.pid]
        stop = directory / 'stop.sh'
        stop.write_text('#!/bin/sh\n# ends what demo.sh --keep left running\n'
                        f'kill {" ".join(map(str, pids))} 2>/dev/null\n'
                        f'for pid in {" ".join(map(str, pids))}; do\n'
                        '    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done\ndone\n'
                        f"rm -rf '{directory}'\n")
        stop.chmod(0o700)
        scene('It stays, as you asked')
        say(f'status page  {self.page}')
        say(f'status       build/ringway status --watch -c {self.ringway.conf}')
        for server in (self.east, self.west):
            say(f'{server.name}         mariadb --no-defaults -u root -S {server.socket} {DB}' if server.flavour == 'mariadb' else
                f'{server.name}         mariadb --no-defaults -u ringway -p{"…"} -h 127.0.0.1 -P {server.port} {DB}   (password: see {self.ringway.conf})')
        say(f'end it       {stop}')
        servers.leave_running()

    def end(self):
        scene('Everything is taken down')
        self.ringway.stop()
        for server in (self.east, self.west):
            server.destroy()
        shutil.rmtree(servers.workspace(), ignore_errors=True)


def main():
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))       # by the way of atexit: no server stays behind
    if KEEP:
        servers.outlive_parent()
    started = time.monotonic()
    demo = Demo()
    try:
        for step in (demo.servers, demo.start, demo.load, demo.kill, demo.conflict, demo.compare):
            step()
        if KEEP:
            demo.keep()
        else:
            demo.end()
    except KeyboardInterrupt:
        print('\ninterrupted; everything is taken down', file=sys.stderr)
        return 130
    except Exception as e:
        print(paint('1;31', f'demo: {type(e).__name__}: {e}'), file=sys.stderr)
        if demo.ringway:
            print(demo.ringway.tail(), file=sys.stderr)
        return 1
    finally:
        if not (KEEP and servers.left()) and demo.ringway:
            demo.ringway.kill9()
    say(f'done in {time.monotonic() - started:.0f} s')
    return 0


if __name__ == '__main__':
    sys.exit(main())
