"""How fast Ringway is, as a ratio to the servers' own replication of the same binary log between the same two servers.

Run by bench/run.sh. Nothing here passes or fails by a number: what is asserted is that both sides hold the same rows.

    source: sysbench tables, copied to the target; then a backlog of sysbench transactions; then it only serves its log
    target: for each mode the same saved data directory, started afresh
"""

import argparse
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 'tests' / 'live'))

import servers                                          # noqa: E402
from ringway import Ringway, make_user                  # noqa: E402
from wait import wait_until                             # noqa: E402

DB = 'sbtest'
LINK = 'east->west'
REPL = ('repl', 'for-the-benchmark')
ROUNDS = 3              # of the latency
TICK = os.sysconf('SC_CLK_TCK')

COMMON_ARGS = ['--innodb-buffer-pool-size=1G']
ARGS = {'mariadb': ['--innodb-log-file-size=512M'], 'mysql': ['--innodb-redo-log-capacity=512M']}


def say(text):
    print(text, file=sys.stderr, flush=True)


def table(heads, rows):
    widths = [max(len(str(row[i])) for row in [heads, *rows]) for i in range(len(heads))]
    for row in [heads, ['-' * w for w in widths], *rows]:
        cells = [str(c).ljust(w) if i == 0 else str(c).rjust(w) for i, (c, w) in enumerate(zip(row, widths))]
        print('| ' + ' | '.join(cells) + ' |')
    print(flush=True)


def cpu_seconds(pid):
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


# ---- the servers' own replication, each as: prepare the target, start, stop

class Native:
    """One connection of the target to its source, from a place in the source's log on."""

    wants_privilege = False
    memory_kib = None
    process = None

    def __init__(self, label, *settings):
        self.label, self.settings = label, settings

    def prepare(self, bench, place):
        for statement in self.settings:
            bench.target.sql(f'SET GLOBAL {statement}')
        bench.target.sql(self.CHANGE.format(port=bench.source.port, user=REPL[0], password=REPL[1], file=place[0], offset=place[1]))

    def start(self, bench):
        bench.target.sql(f'START {self.WORD}')

    def stop(self, bench):
        bench.target.sql(f'STOP {self.WORD}')
        bench.target.sql(f'RESET {self.WORD} ALL')

    def trouble(self, bench):
        target = bench.target
        connection = target.connect(cursorclass=servers.pymysql.cursors.DictCursor)
        with connection.cursor() as cursor:
            cursor.execute(f'SHOW {self.WORD} STATUS')
            row = cursor.fetchone() or {}
        connection.close()
        return {k: v for k, v in row.items() if 'Error' in k and v not in (None, '', 0)}


class NativeMariaDB(Native):
    WORD = 'SLAVE'
    CHANGE = ("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={port}, MASTER_USER='{user}', MASTER_PASSWORD='{password}', "
              "MASTER_LOG_FILE='{file}', MASTER_LOG_POS={offset}, MASTER_USE_GTID=no")


class NativeMySQL(Native):
    WORD = 'REPLICA'
    CHANGE = ("CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={port}, SOURCE_USER='{user}', "
              "SOURCE_PASSWORD='{password}', SOURCE_LOG_FILE='{file}', SOURCE_LOG_POS={offset}, SOURCE_AUTO_POSITION=0, "
              'GET_SOURCE_PUBLIC_KEY=1')


def native_modes(flavour):
    """[(mode, ...)], the single thread first."""
    if flavour == 'mysql':
        parallel = ['replica_preserve_commit_order=ON']
        return [NativeMySQL('native, 1 worker', 'replica_parallel_workers=1')] + \
               [NativeMySQL(f'native, {n} workers, LOGICAL_CLOCK', f'replica_parallel_workers={n}', *parallel) for n in (4, 8)]
    return [NativeMariaDB('native, single thread', 'slave_parallel_threads=0')] + \
           [NativeMariaDB(f'native, {n} threads, {mode}', f'slave_parallel_threads={n}', f'slave_parallel_mode={mode}')
            for mode in ('conservative', 'optimistic') for n in (4, 8)]


class RingwayMode:
    """`ringway run` between the two servers; privilege: with GRANT BINLOG ADMIN on the target; both: the link back runs, too."""

    def __init__(self, label, privilege=False, both=False):
        self.label, self.wants_privilege, self.both = label, privilege, both
        self.memory_kib = None

    def prepare(self, bench, place):
        if self.wants_privilege:
            bench.unlogged(bench.target, "GRANT BINLOG ADMIN ON *.* TO 'ringway'@'%'")
        if place != bench.place:
            bench.ringway.init('--link', LINK, '--from', f'{place[0]}:{place[1]}')

    def start(self, bench):
        bench.ringway.start(*([] if self.both else ['--link', LINK]), wait=False)
        self.process = bench.ringway.process

    def stop(self, bench):
        self.memory_kib = bench.ringway.memory_peak_kib()
        bench.ringway.stop()

    def trouble(self, bench):
        return {} if bench.ringway.running() else {'ringway': bench.ringway.tail()}


def ringway_modes(flavour):
    if flavour == 'mysql':
        return [RingwayMode('Ringway'), RingwayMode('Ringway, both ways', both=True)]
    return [RingwayMode('Ringway'), RingwayMode('Ringway, BINLOG ADMIN', privilege=True),
            RingwayMode('Ringway, BINLOG ADMIN, both ways', privilege=True, both=True)]


# ---- one pair of servers

class Bench:
    def __init__(self, flavour, options):
        self.flavour, self.o = flavour, options
        make = servers.FLAVOURS[flavour]
        args = COMMON_ARGS + ARGS[flavour] + (options.server or [])
        self.source = make('east', server_id=1, durable=True, args=args)
        self.target = make('west', server_id=2, durable=True, args=args)
        self.saved = self.target.dir / 'saved'
        self.marks = 0
        self.place = None           # in the source's log, where the backlog begins

    @staticmethod
    def unlogged(server, *statements):
        server.sql('SET SESSION sql_log_bin=0')
        for statement in statements:
            server.sql(statement)
        server.sql('SET SESSION sql_log_bin=1')

    def sysbench(self, command, *more):
        o = self.o
        args = ['sysbench', 'oltp_write_only', '--db-driver=mysql', f'--mysql-socket={self.source.socket}', '--mysql-user=root',
                f'--mysql-db={DB}', f'--tables={o.tables}', f'--table-size={o.rows}', f'--rand-type={o.rand_type}', f'--rand-seed={o.seed}',
                *more, command]
        result = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if result.returncode:
            raise SystemExit(f'sysbench {command} failed:\n{result.stdout}')
        return result.stdout

    def prepare(self):
        """Both servers hold the same tables, and the links' start is recorded; the target is saved."""
        source = self.source.start()
        self.unlogged(source, f'CREATE DATABASE {DB}', f'CREATE TABLE {DB}.mark (id INT PRIMARY KEY, n BIGINT NOT NULL, pad CHAR(100) NOT NULL)',
                      f"INSERT INTO {DB}.mark VALUES (1, 0, ''), (2, 0, '')", f"CREATE USER '{REPL[0]}'@'%' IDENTIFIED BY '{REPL[1]}'",
                      f"GRANT REPLICATION SLAVE ON *.* TO '{REPL[0]}'@'%'")
        make_user(source)
        self.sysbench('prepare', f'--threads={min(self.o.tables, 4)}')
        source.sql('RESET MASTER' if self.flavour == 'mariadb' else 'RESET BINARY LOGS AND GTIDS')
        source.stop()
        subprocess.run(['cp', '-a', str(source.data), str(self.target.data)], check=True)
        (self.target.data / 'auto.cnf').unlink(missing_ok=True)
        servers.start_all(source, self.target)
        self.ringway = Ringway({'east': source, 'west': self.target}, options={'schemas': DB, **dict(self.o.ringway or [])})
        self.ringway.grant()
        self.ringway.init()
        self.target.stop()
        self.target.data.rename(self.saved)

    def backlog(self):
        o = self.o
        self.place = self.source.binlog_status()
        began = time.monotonic()
        self.sysbench('run', f'--threads={o.threads}', f'--events={o.transactions}', '--time=0')
        self.mark = self.next_mark()
        self.source.sql(f'UPDATE {DB}.mark SET n = {self.mark} WHERE id = 1')
        seconds = time.monotonic() - began
        end = self.source.binlog_status()
        files = self.source.binlog_files()
        self.files = [self.source.data / name for name in files[files.index(self.place[0]):]]
        self.bytes = sum(f.stat().st_size for f in self.files)
        self.sums = self.checksums(self.source)
        say(f'{self.flavour}: backlog of {o.transactions} transactions, {self.bytes / 1e6:.0f} MB up to {end[0]}:{end[1]}, '
            f'made at {o.transactions / seconds:.0f}/s')

    def next_mark(self):
        self.marks += 1
        return self.marks

    def checksums(self, server):
        names = ','.join(f'{DB}.sbtest{i}' for i in range(1, self.o.tables + 1))
        return server.sql(f'CHECKSUM TABLE {names}')

    def restore(self):
        """The target as it was when the backlog began."""
        if self.target.process is not None:
            self.target.kill9()
        shutil.rmtree(self.target.data, ignore_errors=True)
        subprocess.run(['cp', '-a', '--reflink=auto', str(self.saved), str(self.target.data)], check=True)
        subprocess.run(['sync', '-f', str(self.target.data)], check=True)
        self.target.start()

    def check(self, mode):
        trouble = mode.trouble(self)
        if trouble:
            raise SystemExit(f'{self.flavour}, {mode.label}: {trouble}')

    def catch_up(self, mode):
        """Seconds from the start command until the end of the backlog is visible at the target."""
        self.restore()
        mode.prepare(self, self.place)
        connection = self.target.connect(DB)
        cursor = connection.cursor()
        before = {name: cpu_seconds(s.process.pid) for name, s in (('source', self.source), ('target', self.target))}
        began = checked = time.monotonic()
        mode.start(self)
        while True:
            cursor.execute('SELECT n FROM mark WHERE id = 1')
            now = time.monotonic()
            if cursor.fetchone()[0] >= self.mark:
                break
            if now - checked > 2:
                self.check(mode)
                checked = now
            time.sleep(0.002)
        seconds = now - began
        cpu = {name: cpu_seconds(s.process.pid) - before[name] for name, s in (('source', self.source), ('target', self.target))}
        cpu['ringway'] = cpu_seconds(mode.process.pid) if mode.process else 0.0
        connection.close()
        window = max((link['window'] for link in self.ringway.status()['links']), default=0) if mode.process else 0
        mode.stop(self)
        if self.checksums(self.target) != self.sums:
            raise SystemExit(f'{self.flavour}, {mode.label}: the tables differ at the end')
        rate = (self.o.transactions + 1) / seconds
        say(f'{self.flavour}, {mode.label}: {seconds:.2f} s, {rate:.0f}/s' + (f', last window {window}' if window else ''))
        return {'mode': mode, 'rate': rate, 'seconds': seconds, 'cpu': cpu}

    def latency(self, mode):
        """Seconds from an acknowledged commit at the source until its row is visible at the target, sorted."""
        mode.prepare(self, self.source.binlog_status())
        mode.start(self)
        source, target = self.source.connect(DB).cursor(), self.target.connect(DB).cursor()
        samples, pad = [], 'x' * 60

        def one(patience):
            n = self.next_mark()
            source.execute(f"UPDATE mark SET n = {n}, pad = '{pad}' WHERE id = 2")
            began = time.perf_counter()
            while True:
                target.execute('SELECT n FROM mark WHERE id = 2')
                now = time.perf_counter()
                if target.fetchone()[0] == n:
                    return now - began
                if now - began > patience:
                    self.check(mode)
                    raise SystemExit(f'{self.flavour}, {mode.label}: a change did not arrive in {patience} s')
        for _ in range(20):
            one(30)
        for _ in range(self.o.samples // ROUNDS):
            samples.append(one(30))
        mode.stop(self)
        return sorted(samples)

    def latencies(self, modes):
        """[(mode, samples)]: the modes take turns, so that a disturbance does not meet one alone; each mode's best round counts."""
        rounds = [[self.latency(mode) for mode in modes] for _ in range(ROUNDS)]
        return [(mode, min((r[i] for r in rounds), key=lambda samples: samples[len(samples) // 2])) for i, mode in enumerate(modes)]

    def decode(self):
        """MB/s; the best of three."""
        program = self.o.build / 'bench' / 'bench-decode'
        runs = max(1, int(1e9 / self.bytes))

        def once():
            result = subprocess.run([program, '-r', str(runs), *map(str, self.files)], stdout=subprocess.PIPE, text=True, check=True)
            sizes = [(float(mb), int(size)) for mb, size in re.findall(r': (\d+) MB/s, (\d+) bytes', result.stdout)]
            return sum(size for _, size in sizes) / sum(size / mb for mb, size in sizes)
        return max(once() for _ in range(3))

    def close(self):
        self.ringway.close()
        for server in (self.source, self.target):
            server.destroy()


# ---- the report

def print_settings(bench):
    o = bench.o
    names = ['sync_binlog', 'innodb_flush_log_at_trx_commit', 'log_slave_updates' if bench.flavour == 'mariadb' else 'log_replica_updates',
             'innodb_buffer_pool_size', 'binlog_row_image', 'binlog_format']
    settings = ', '.join(f'{name}={bench.source.variable(name)}' for name in names)
    print(f'## {bench.flavour} {bench.source.version} -> {bench.flavour}\n')
    print(f'{o.transactions} transactions of sysbench oltp_write_only, {o.tables} tables of {o.rows} rows, rand-type={o.rand_type}, '
          f'made by {o.threads} threads; {bench.bytes / 1e6:.0f} MB of log. {settings}.\n', flush=True)


def print_catch_up(results, natives):
    best = max(r['rate'] for r in results if r['mode'] in natives)
    single = results[0]['rate']
    rows = [[r['mode'].label, f"{r['rate']:.0f}", f"{r['rate'] / single:.2f}", f"{r['rate'] / best:.2f}",
             *(f"{r['cpu'][who]:.1f}" for who in ('source', 'target', 'ringway')),
             f"{r['mode'].memory_kib / 1024:.0f}" if r['mode'].memory_kib else '-'] for r in results]
    table(['catch-up', 'tx/s', 'x single', 'x best native', 'CPU s source', 'target', 'ringway', 'peak MiB'], rows)


def print_latency(latencies, natives):
    def at(samples, part):
        return samples[min(len(samples) - 1, int(len(samples) * part))] * 1e6
    best = min(at(samples, 0.5) for mode, samples in latencies if mode in natives)
    best99 = min(at(samples, 0.99) for mode, samples in latencies if mode in natives)
    rows = [[mode.label, f'{at(samples, 0.5):.0f}', f'{at(samples, 0.99):.0f}', f'{at(samples, 0.5) / best:.2f}', f'{at(samples, 0.99) / best99:.2f}']
            for mode, samples in latencies]
    table(['commit to visible', 'p50 us', 'p99 us', 'p50 x best native', 'p99 x best native'], rows)


def run_pair(flavour, options):
    bench = Bench(flavour, options)
    natives, ours = native_modes(flavour), ringway_modes(flavour)
    if options.only:
        natives = [m for m in natives if re.search(options.only, m.label)]
        ours = [m for m in ours if re.search(options.only, m.label)]
    try:
        bench.prepare()
        bench.backlog()
        print_settings(bench)
        results = [max((bench.catch_up(mode) for _ in range(options.repeat)), key=lambda r: r['rate']) for mode in natives + ours]
        if natives and ours:
            print_catch_up(results, natives)
        shown = natives[:2] + [m for m in ours if not m.both]
        latencies = bench.latencies(shown) if options.samples else []
        if natives and ours and latencies:
            print_latency(latencies, natives)
        print(f'decoder, with checksums, on this log: {bench.decode():.0f} MB/s\n', flush=True)
    finally:
        bench.close()


def option_pair(text):
    key, _, value = text.partition('=')
    return key.strip(), value.strip()


def main():
    parser = argparse.ArgumentParser(prog='bench/run.sh', description=__doc__.splitlines()[0])
    parser.add_argument('--pair', choices=['mariadb', 'mysql', 'both'], default='both', help='which servers (default both)')
    parser.add_argument('--transactions', type=int, default=30000, metavar='N', help='of the backlog (default 30000)')
    parser.add_argument('--tables', type=int, default=4, help='default 4')
    parser.add_argument('--rows', type=int, default=50000, help='a table (default 50000)')
    parser.add_argument('--threads', type=int, default=8, help='that make the backlog (default 8)')
    parser.add_argument('--rand-type', default='uniform', help="sysbench's choice of rows: uniform (default), special, pareto ...")
    parser.add_argument('--seed', type=int, default=1, help='of the choice of rows')
    parser.add_argument('--samples', type=int, default=1000, help='of the latency (default 1000; 0: none)')
    parser.add_argument('--repeat', type=int, default=1, help='catch-ups a mode; the best counts (default 1)')
    parser.add_argument('--ringway', type=option_pair, action='append', metavar='KEY=VALUE', help='option of [ringway], such as window_transactions=200')
    parser.add_argument('--server', action='append', metavar='OPTION', help='further option of both servers, such as --server=--innodb-buffer-pool-size=64M')
    parser.add_argument('--only', metavar='REGEX', help='only modes whose name has this')
    parser.add_argument('--build', type=pathlib.Path, default=ROOT / 'build-bench', help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.build = options.build.resolve()
    os.environ['RINGWAY_BIN'] = str(options.build / 'ringway')

    cpu = re.search(r'model name\s*: (.*)', pathlib.Path('/proc/cpuinfo').read_text())
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores ({cpu.group(1) if cpu else platform.machine()}), Linux {platform.release()}\n", flush=True)
    began = time.monotonic()
    for flavour in ['mariadb', 'mysql'] if options.pair == 'both' else [options.pair]:
        missing = servers.FLAVOURS[flavour].missing()
        if missing:
            print(f'{flavour}: left out: {missing}\n')
        else:
            run_pair(flavour, options)
    say(f'{time.monotonic() - began:.0f} s in all')


if __name__ == '__main__':
    main()
