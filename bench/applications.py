"""What a catch-up does to applications at the target: how long their transactions take while a link works off a backlog.

Run by `bench/run.sh applications`. The same backlog as in replication.py, the same target from the same saved data. Four
applications, each a few dozen transactions a second: one row changed and committed in a table of their own (disk), and one row
of the replicated tables locked and let go (row locks). First alone, then under the best native mode, then under Ringway, once at
full speed and once so that it leaves them room.
"""

import argparse
import os
import random
import sys
import threading
import time

import replication
from replication import DB, ROOT, Bench, native_modes, ringway_modes, say, servers, table

APPLICATIONS = 4
PAUSE_S = 0.02
ROWS = 1000
GENTLE = {'window_ms': 5, 'busy_percent': 30}


class Application(threading.Thread):
    """Its latencies, in seconds, until it is stopped."""

    def __init__(self, bench, number):
        super().__init__(daemon=True)
        self.bench, self.dice = bench, random.Random(number)
        self.writes, self.locks, self.over = [], [], threading.Event()

    def run(self):
        connection = self.bench.target.connect('application', autocommit=False)
        cursor = connection.cursor()
        while not self.over.wait(PAUSE_S):
            self.timed(self.writes, cursor, f'UPDATE application.t SET n = n + 1 WHERE id = {self.dice.randrange(ROWS)}', connection.commit)
            table, row = self.dice.randint(1, self.bench.o.tables), self.dice.randint(1, self.bench.o.rows)
            self.timed(self.locks, cursor, f'SELECT k FROM {DB}.sbtest{table} WHERE id = {row} FOR UPDATE', connection.rollback)
        connection.close()

    @staticmethod
    def timed(samples, cursor, statement, end):
        began = time.perf_counter()
        cursor.execute(statement)
        end()
        samples.append(time.perf_counter() - began)


class Applications(Bench):
    def restore(self):
        super().restore()
        rows = ', '.join(f'({id}, 0)' for id in range(ROWS))
        self.unlogged(self.target, 'CREATE DATABASE application', 'CREATE TABLE application.t (id INT PRIMARY KEY, n INT) ENGINE=InnoDB',
                      f'INSERT INTO application.t VALUES {rows}')

    def during(self, work):
        """work() is done; the latencies of the applications meanwhile."""
        applications = [Application(self, n) for n in range(APPLICATIONS)]
        for a in applications:
            a.start()
        result = work()
        for a in applications:
            a.over.set()
        for a in applications:
            a.join()
        return [sorted(sum((getattr(a, kind) for a in applications), [])) for kind in ('writes', 'locks')], result

    def alone(self):
        self.restore()
        return self.during(lambda: time.sleep(self.o.seconds))[0]

    def under(self, mode):
        self.restore()
        mode.prepare(self, self.place)

        def catch_up():
            began = time.monotonic()
            mode.start(self)
            while self.target.one(f'SELECT n FROM {DB}.mark WHERE id = 1') < self.mark:
                self.check(mode)
                time.sleep(0.05)
            return time.monotonic() - began
        latencies, seconds = self.during(catch_up)
        mode.stop(self)
        return latencies, seconds


def at(samples, part):
    return samples[min(len(samples) - 1, int(len(samples) * part))] * 1e3


def line(label, latencies, base, seconds):
    cells = [label, f'{seconds:.1f}' if seconds else '']
    for samples, alone in zip(latencies, base):
        cells += [f'{at(samples, 0.5):.2f}', f'{at(samples, 0.99):.2f}', f'{at(samples, 0.99) / at(alone, 0.99):.1f}']
    return cells


def run_pair(flavour, options):
    bench = Applications(flavour, options)
    ringway = ringway_modes(flavour)[0 if flavour == 'mysql' else 1]
    modes = [(native_modes(flavour)[-1], {}), (ringway, {}), (ringway, GENTLE)]
    try:
        bench.prepare()
        bench.backlog()
        base = bench.alone()
        rows = [line('nothing', base, base, 0)]
        for mode, gentle in modes:
            bench.ringway.write_conf(**gentle)
            label = ', '.join([mode.label, *(f'{k} = {v}' for k, v in gentle.items())])
            latencies, seconds = bench.under(mode)
            say(f'{flavour}, {label}: {seconds:.1f} s')
            rows.append(line(label, latencies, base, seconds))
        print(f'{flavour} {bench.source.version}: {APPLICATIONS} applications at the target while it catches up {options.transactions} transactions; milliseconds\n')
        table(['meanwhile', 's', 'write p50', 'p99', 'x alone', 'lock p50', 'p99', 'x alone'], rows)
    finally:
        bench.close()


def main():
    parser = argparse.ArgumentParser(prog='bench/run.sh applications', description=__doc__.splitlines()[0])
    parser.add_argument('--pair', choices=['mariadb', 'mysql', 'both'], default='both', help='which servers (default both)')
    parser.add_argument('--transactions', type=int, default=150000, metavar='N', help='of the backlog (default 150000: ten minutes at 250/s)')
    parser.add_argument('--seconds', type=float, default=8, help='that the applications run alone (default 8)')
    parser.add_argument('--ringway', type=replication.option_pair, action='append', metavar='KEY=VALUE', help='option of [ringway], such as window_transactions=200')
    parser.add_argument('--build', default=ROOT / 'build-bench', help=argparse.SUPPRESS)
    options = parser.parse_args(namespace=argparse.Namespace(tables=4, rows=50000, threads=8, rand_type='uniform', seed=1, server=None))
    options.build = (ROOT / options.build).resolve()
    os.environ['RINGWAY_BIN'] = str(options.build / 'ringway')
    for flavour in ['mariadb', 'mysql'] if options.pair == 'both' else [options.pair]:
        missing = servers.FLAVOURS[flavour].missing()
        if missing:
            print(f'{flavour}: left out: {missing}\n')
        else:
            run_pair(flavour, options)


if __name__ == '__main__':
    sys.exit(main())
