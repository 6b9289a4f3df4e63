"""One storm: servers, Ringway, writers, weather; then calm, and the checker.

    result = run(plan.make(seed=7, seconds=60, sites=3))
    assert not result.violations, result

A run that fails leaves its data directories, logs and history in result.kept.
"""

import collections
import json
import os
import pathlib
import shutil
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / 'live'), str(pathlib.Path(__file__).resolve().parent)]

import pymysql                                                                      # noqa: E402

import checker                                                                      # noqa: E402
import compare                                                                      # noqa: E402
import logs                                                                         # noqa: E402
import nodes                                                                        # noqa: E402
import tables as T                                                                  # noqa: E402
from history import History, Record, plain                                          # noqa: E402
from ringway import Ringway, make_user                                              # noqa: E402
from scenario import new_schema, unlogged                                           # noqa: E402
from servers import ROOT                                                            # noqa: E402
from wait import Timeout, wait_until                                                # noqa: E402
from weather import Clocks, Weather, library                                        # noqa: E402
from writer import Builder, Writer                                                  # noqa: E402

KEEP = pathlib.Path(os.environ.get('RINGWAY_STORM_KEEP') or ROOT / 'build-storm')


class Broken(Exception):
    """The storm cannot go on; what it met is in its troubles."""


class Storm:
    def __init__(self, plan):
        self.plan = plan
        self.sites, self.clocks = {}, {}
        self.ringway = None
        self.extra = []                 # columns that kv got meanwhile
        self.pause = 0.03               # longest pause between two transactions of a writer, seconds
        self.over, self.gate = threading.Event(), threading.Event()
        self.writers, self.builders = [], []
        self.weather = None
        self.hosts = {}                 # site: the address of that node of it which Ringway used last
        self.history = History(list(plan.sites))
        self.closed = False

    def trouble(self, kind, text):
        if (kind, text) not in self.history.troubles:
            self.history.troubles.append((kind, text))

    # ---- before

    def prepare(self):
        plan = self.plan
        for number, name in enumerate(plan.sites, 1):
            site = self.sites[name] = nodes.make(name, number, plan)
            if plan.clocks and library():
                self.clocks[name] = Clocks(site, plan.clocks[number - 1])
        nodes.start(*self.sites.values())
        for site in self.sites.values():
            make_user(site)
            unlogged(site, *new_schema(T.DB), f'USE {T.DB}', 'DELETE FROM mark', *T.fill(plan.sites, plan.writers),
                     'INSERT INTO mark VALUES ' + ', '.join(f"('{s}', 0)" for s in plan.sites))
            site.wait_applied()
        self.history.initial = self.rows(self.sites[plan.sites[0]])
        self.ringway = self.make_ringway()
        self.ringway.db = T.DB
        self.ringway.grant()
        self.ringway.init()
        self.ringway.start()

    def make_ringway(self):
        known = Ringway(self.sites).cmd('config', '--help').stdout
        options = {k: v for k, v in self.plan.options.items() if f'  {k} ' in known}
        sections = T.sections(self.plan.sites) if options.get('conflict') != 'error' else ''
        return Ringway(self.sites, options={'schemas': T.DB, **options}, sections=sections)

    # ---- during

    def blow(self):
        self.weather = Weather(self)
        for site in self.sites.values():
            self.writers += [Writer(self, site, n) for n in range(self.plan.writers)]
            if self.plan.builders:
                self.builders.append(Builder(self, site))
        self.gate.set()
        for client in self.clients():
            client.start()
        watch = threading.Thread(target=self.watch_links, daemon=True)
        watch.start()
        quiet = self.plan.quiet_at
        try:
            while self.weather.now() < self.plan.seconds:
                time.sleep(max(0.01, self.weather.step()))
                self.look()
                if quiet is not None and self.weather.now() >= quiet:
                    quiet = None
                    self.quiet()
        finally:
            self.over.set()
            self.gate.set()
            self.weather.clear()
            for client in self.clients():
                client.join(60)
        self.look()

    def clients(self):
        return [*self.writers, *self.builders]

    def look(self):
        for client in self.clients():
            if client.error:
                raise client.error
        if self.history.troubles:
            raise Broken

    def watch_links(self):
        """A link that stops in between is as bad as one that is stopped at the end."""
        while not self.over.is_set():
            try:
                status = self.ringway.status()
                self.hosts = {site['name']: site['host'] for site in status['sites']}
                for link in status['links']:
                    if link['state'] == 'stopped':
                        self.trouble('stopped', f"{link['name']}: {link['error']}")
            except Exception:                               # noqa: BLE001  nobody can be asked just now
                pass
            self.over.wait(1)

    def quiet(self):
        """Everybody stops, all is delivered, a hot table gets a column, that is delivered, everybody goes on."""
        since = self.weather.quiet()
        self.gate.clear()
        self.weather.clear()
        wait_until(lambda: all(c.parked.is_set() or c.error for c in self.clients()), 60, 'all writers wait')
        self.settle()
        site = self.sites[self.plan.dice('quiet').choice(self.plan.sites)]
        name = f'extra{len(self.extra)}'
        site.sql(f'ALTER TABLE {T.DB}.kv ADD COLUMN {name} INT NULL')
        self.settle()
        self.extra.append(name)
        self.weather.count('quiet DDL')
        self.weather.go_on(since)
        self.gate.set()

    # ---- after

    def settle(self, timeout=150):
        """All is delivered, and what that led to as well: no log grows any more."""
        names = [f'{a}->{b}' for a, b in self.plan.links]

        def ends():
            return [n.binlog_status() for n in self.nodes()]

        def calm():
            self.ringway.caught_up(timeout)
            before, since = ends(), time.monotonic()
            while time.monotonic() - since < 1.5:
                if ends() != before:
                    return False
                time.sleep(0.1)
            links = self.ringway.links()
            return sorted(links) == sorted(names) and all(l['state'] == 'running' for l in links.values())
        try:
            wait_until(calm, timeout, lambda: f'calm: {self.ringway.links()}')
        except (Timeout, AssertionError) as e:
            self.trouble('stopped' if ' stopped: ' in str(e) else 'drain', str(e))
            raise Broken from e

    def nodes(self):
        return [node for site in self.sites.values() for node in site.nodes]

    def rows(self, site):
        """All rows of all tables that the checker knows, as it knows them."""
        found = {}
        with site.connect(T.DB) as connection, connection.cursor() as cursor:
            for t in T.ALL:
                cursor.execute(f"SELECT {', '.join(t.columns)} FROM {t.name}")
                rows = [dict(zip(t.columns, map(plain, row))) for row in cursor.fetchall()]
                found[t.name] = {t.key_of(r): r for r in rows} if t.key else rows
        return found

    def conflicts(self, site):
        sites = list(self.plan.sites)

        def json_row(text):
            return json.loads(text) if text else None

        def stamp(us, origin):
            return (us, origin) if us is not None else None
        for r in self.ringway.conflicts(site):
            try:
                t = T.BY_NAME.get(r['table_name']) if r['schema_name'] == T.DB else None
                key = json_row(r['key_value']) or {}
                values = [key.get(c) for c in t.key] if t and isinstance(key, dict) else key
                yield Record(site.name, r['id'], r['link'], r['kind'], r['policy'], r['verdict'], r['table_name'] if t else '?',
                             t.key_text(values) if t else (), r['operation'], json_row(r['before_row']),
                             json_row(r['incoming_row']), json_row(r['current_row']), stamp(r['stamp_us'], r['origin']),
                             r['gtid'].lower(), stamp(r['current_stamp_us'], r['current_origin']),
                             (r['current_gtid'] or '').lower(), r['reason'] or '')
            except (ValueError, AttributeError) as e:
                self.trouble('nameless', f'{e} in {r} at {sites}')

    def collect(self):
        h, everybody = self.history, list(self.sites.values())
        h.txs = [tx for w in self.writers for tx in w.txs]
        h.records = [r for s in everybody for r in self.conflicts(s)]
        h.finals = {s.name: self.rows(s) for s in everybody}
        h.journals = {s.name: {'.'.join(k) for k in h.finals[s.name].pop('journal')} for s in everybody}
        h.links = self.ringway.links()
        for site in everybody:
            h.gtids.update(logs.of_site(site, h.vague))
        for r in h.records:             # a delete that Ringway made at a site comes with a window's transaction, and is nobody's
            h.gtids.update({g: [] for g in (r.gtid, r.current_gtid) if g.endswith('#own')})

    def compare(self):
        for site in self.sites.values():
            site.wait_applied()
        first, *others = self.nodes()
        for other in others:
            self.history.differences += compare.differences(first, other, [T.DB])
            try:
                compare.assert_same_structure(first, other, T.DB)
            except AssertionError as e:
                self.history.differences.append(str(e))
        for builder in self.builders:
            for table, ids in builder.there.items():
                there = {row[0] for row in first.sql(f'SELECT id FROM {T.DB}.{table}')} if table in compare.tables(first, T.DB) else set()
                if ids - there:
                    self.trouble('lost', f'{table}: {sorted(ids - there)}')

    def close(self):
        self.closed = True
        self.over.set()
        self.gate.set()
        for client in self.clients():
            if client.ident:
                client.join(40)
        if self.ringway:
            self.ringway.kill9()
        for node in self.nodes():
            node.kill9()

    def keep(self, violations):
        """Move everything that tells what happened to where it stays."""
        place = KEEP / f'seed-{self.plan.seed}-{len(self.plan.sites)}-{time.strftime("%H%M%S")}'
        place.mkdir(parents=True)
        (place / 'plan.txt').write_text('\n'.join(f'{k}: {v}' for k, v in vars(self.plan).items()) + '\n')
        (place / 'violations.txt').write_text('\n'.join(map(str, violations)) + '\n')
        self.history.save(place / 'history.json')
        for name, it in (*((n.name, n) for n in self.nodes()), ('ringway', self.ringway)):
            if it and it.dir.exists():
                shutil.move(it.dir, place / name)
        return place

    def remove(self):
        for node in self.nodes():
            shutil.rmtree(node.dir, ignore_errors=True)
        if self.ringway:
            shutil.rmtree(self.ringway.dir, ignore_errors=True)


class Result:
    """What became of a storm. violations is empty if all was as promised."""

    def __init__(self, storm, violations, error, seconds):
        h = storm.history
        self.plan, self.violations, self.error, self.seconds = storm.plan, violations, error, seconds
        self.skewed = bool(storm.clocks)
        self.acknowledged = sum(t.outcome == 'acked' for t in h.txs)
        self.unknown = sum(t.outcome == 'unknown' for t in h.txs)
        self.conflicts = collections.Counter(r.kind for r in h.records)
        self.weather = dict(storm.weather.done) if storm.weather else {}
        self.ddl = sum(b.statements for b in storm.builders)
        self.kept = None

    @property
    def ok(self):
        return not self.violations and not self.error

    def kinds(self):
        return collections.Counter(v.kind for v in self.violations)

    def __str__(self):
        def counted(counter):
            return ', '.join(f'{k} {n}' for k, n in sorted(counter.items())) or 'none'
        verdict = 'OK' if self.ok else 'FAILED: ' + (counted(self.kinds()) if self.violations else repr(self.error))
        clocks = '' if self.skewed else ' (clocks are right: not asked for, or no compiler)'
        return (f'seed {self.plan.seed}, {len(self.plan.sites)} sites {self.plan}{clocks}: {self.acknowledged} acknowledged, '
                f'{self.unknown} unknown, {self.ddl} DDL; conflicts {sum(self.conflicts.values())} ({counted(self.conflicts)}); '
                f'{counted(self.weather)}; {self.seconds:.0f} s: {verdict}')


def run(plan, make=Storm, log=print):
    """A Result; raises nothing that a storm can mean."""
    began, storm, violations, error = time.monotonic(), make(plan), [], None
    try:
        try:
            storm.prepare()
            storm.blow()
            storm.settle()
            storm.compare()
        except Broken:
            pass
        except Exception as e:                              # noqa: BLE001  an error of the storm itself, or a site in ruins
            error = e
        if storm.writers:
            try:
                storm.collect()
            except Exception as e:                          # noqa: BLE001
                error = error or e
        if storm.history.troubles:
            violations = [checker.Violation(*t) for t in storm.history.troubles]
        elif not error:
            violations = checker.check(storm.history)
        result = Result(storm, violations, error, time.monotonic() - began)
    finally:
        storm.close()
    if result.ok:
        storm.remove()
    else:
        result.kept = storm.keep([*violations, *([repr(error)] if error else [])])
    log(str(result))
    return result
