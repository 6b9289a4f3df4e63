"""A site of two servers, a primary and its replica: the primary goes away, the replica is promoted, and the links go on there by themselves,
by a list of hosts or by one address behind which the server changes. Nothing is lost, nothing comes twice."""

import contextlib
import os
import pathlib

import pytest

from cluster import Application, Cluster
from load import Load
from ringway import Ringway, make_user
from scenario import Scenario, need, new_schema, unlogged
from servers import FLAVOURS, ROOT, start_all
from test_persona import PERSONA, thousand
from wait import wait_until
from wire import Wire

CRASH_BIN = pathlib.Path(os.environ.get('RINGWAY_CRASH_BIN') or ROOT / 'build-crash/ringway')
TABLES = (PERSONA, 'CREATE TABLE trail (site VARCHAR(8), i INT) ENGINE=InnoDB')         # without a key, what comes twice stays twice
QUICK = {'heartbeat_s': 1, 'deadline_s': 2, 'connect_timeout_s': 1, 'retry_max_s': 1}


class Sites:
    def __init__(self, flavour):
        self.east = FLAVOURS[flavour]('east', server_id=1)
        self.west = Cluster(flavour, 'west', (2, 3))
        self.tests = 0
        self.db = None

    def start(self):
        start_all(self.east, *self.west.servers)
        unlogged(self.east, "CREATE USER 'app'@'%' IDENTIFIED BY 'app-and-replication'", "GRANT SELECT, INSERT, UPDATE, DELETE ON *.* TO 'app'@'%'")
        make_user(self.east)
        self.west.prepare()
        for server in self.west.servers:            # a replica that is read-only could not be granted anything
            once = Ringway({'east': self.east, 'west': server})
            once.grant()
            once.close()
        return self

    def fresh(self):
        self.west.restore()
        self.tests += 1
        self.db = f'f{self.tests:03}'
        statements = [*(f'DROP DATABASE `{name}`' for name in self.east.schemas()), 'DROP DATABASE IF EXISTS ringway', *new_schema(self.db), f'USE `{self.db}`', *TABLES]
        unlogged(self.east, *statements)
        for statement in statements:                # the replica gets it, too
            self.west.sql(statement)
        return self

    def destroy(self):
        self.east.destroy()
        self.west.destroy()


class Failover(Scenario):
    def grant(self):
        """Done for all servers."""

    def app(self, server):                          # the primary may be another one by now
        return server.connect(self.db)

    def host(self, site='west'):
        return {s['name']: s['host'] for s in self.status()['sites']}[site]

    def again(self):
        """Ringway ends and starts; what it logs from then on."""
        before = len(self.log())
        self.stop()
        self.start()
        return self.log()[before:]


@pytest.fixture(scope='module')
def started():
    """By flavour, each started once, whatever the order of the tests."""
    started = {}
    yield started
    for sites in started.values():
        sites.destroy()


@pytest.fixture(params=['mysql', 'mariadb'])
def sites(request, started):
    need(request.param)
    if request.param not in started:
        started[request.param] = Sites(request.param).start()
    return started[request.param]


@pytest.fixture
def failover(sites):
    scenario = Failover(sites.fresh(), options=QUICK)
    yield scenario
    scenario.west.thaw()
    if scenario.running():
        scenario.stop()
    scenario.close()


def step(site, base):
    rows = thousand(base)

    def write(cursor, i):
        rows(cursor, i)
        cursor.execute(f"INSERT INTO trail VALUES ('{site}', {i})")
    return write


def only(*flavours):
    return pytest.mark.parametrize('sites', flavours, indirect=True)


@contextlib.contextmanager
def loads(failover, west_port):
    """A thousand rows every two seconds into both sites."""
    east = Load(Application('east', lambda: failover.east.port), failover.db, step('east', 0), patient=True, pause=0.5)
    west = Load(Application('west', west_port), failover.db, step('west', 10_000_000), patient=True, pause=0.5)
    with east, west:
        yield east, west


def assert_complete(failover, *all_loads):
    """Every acknowledged transaction is at both sites, once."""
    failover.same(timeout=60)
    for load in all_loads:
        there = [i for (i,) in failover.rows(failover.east, f"trail WHERE site = '{load.server.name}'", 'i')]
        assert len(there) == len(set(there)), 'a transaction came twice'
        assert set(load.acknowledged) <= set(there) <= set(load.acknowledged) | set(load.unknown)
    assert not failover.conflicts(failover.east) and not failover.conflicts(failover.west)


@only('mysql')
def test_one_address(failover):
    """As Aurora does it: a writer endpoint, whose server changes while the old one goes on answering and refuses to write."""
    west, old, new = failover.west, failover.west.primary, failover.west.replica
    with contextlib.closing(Wire(old)) as wire:
        failover.conf.write_text(failover.conf.read_text().replace(west.address, wire.address))
        failover.begin()
        with loads(failover, lambda: wire.port) as (east_load, west_load):
            east_load.wait_for(2)
            west_load.wait_for(2)
            move(west, new)
            wire.switch(new)
            east_load.wait_for(2)
            west_load.wait_for(2)
        assert_complete(failover, east_load, west_load)
        assert failover.log().count('goes on at host') == 2, 'one line for each link'
        failover.again()
        failover.run(failover.east, "INSERT INTO trail VALUES ('more', 1)")
        failover.same()
        failover.stop()


def test_the_primary_is_killed(failover):
    """The list of hosts. What the replica had not received of our windows is applied again; then the old primary comes back, read-only, and
    writable by mistake, and is passed over."""
    west, old, new = failover.west, failover.west.primary, failover.west.replica
    failover.begin()
    with loads(failover, lambda: west.primary.port) as (east_load, west_load):
        east_load.wait_for(2)
        west_load.wait_for(2)
        west_load.stop()
        west.caught_up(new)
        old.kill9()
        west.promote(new)
        with Load(Application('again', lambda: west.primary.port), failover.db, step('again', 20_000_000), patient=True, pause=0.5) as again:
            again.wait_for(2)
            east_load.wait_for(2)
    assert_complete(failover, east_load, west_load, again)
    assert failover.host() == new.address
    failover.run(failover.east, 'ALTER TABLE trail ADD more INT')
    failover.run(failover.east, "INSERT INTO trail VALUES ('east', -1, 1)")
    failover.same()

    old.start()
    old.make_read_only(True)
    log = failover.again()
    failover.run(failover.west, "INSERT INTO trail VALUES ('west', -2, 2)")
    failover.same()
    assert f'is used, and not {old.address}: ' in log and 'read_only is ON' in log
    old.make_read_only(False)
    before = failover.log()
    failover.again()
    failover.run(failover.east, "INSERT INTO trail VALUES ('east', -3, 3)")
    failover.same()
    log = failover.log()[len(before):]
    assert 'lacks transactions that ' in log and old.address in log
    assert failover.host() == new.address


@only('mysql')
def test_the_primary_is_frozen(failover):
    """No connection ends, nobody answers: the link does not wait for ever. When the old primary wakes up, nobody minds it."""
    west, old, new = failover.west, failover.west.primary, failover.west.replica
    failover.begin()
    with Load(Application('east', lambda: failover.east.port), failover.db, step('east', 0), pause=0.1) as load:
        load.wait_for(3)
        west.caught_up(new)
        old.freeze()
        west.promote(new)
        failover.wait_state('retrying', link='east->west')
        load.wait_for(3)
        failover.wait_state('running', 'catching_up')
        old.thaw()
        load.wait_for(3)
    assert_complete(failover, load)
    assert failover.host() == new.address


def move(west, new):
    """Without haste: the old primary stays, read-only."""
    west.primary.make_read_only(True)
    west.caught_up(new)
    west.promote(new)


@pytest.mark.parametrize('sites, windows', [('mysql', 'many'), ('mysql', 'one'), ('mysql', 'none'), ('mariadb', 'many')], indirect=['sites'])
def test_a_conflict_across_a_failover(failover, windows):
    """What the old primary's log told about who wrote which row last is told by the new one's: found behind one of the link's windows, or before
    there is one by what the other site holds."""
    west, new = failover.west, failover.west.replica
    failover.write_conf(conflict='last_write_wins')
    for server in (failover.east, west):
        failover.run(server, "INSERT INTO persona (id, first_name, created) VALUES (1, 'first', '2026-01-01')")
    failover.begin()
    for i in range({'many': 20, 'one': 1, 'none': 0}[windows]):
        failover.run(failover.east, f"INSERT INTO trail VALUES ('east', {i})")
        wait_until(lambda: len(failover.rows(west, "trail WHERE site = 'east'")) > i, 20, 'a window')
        if windows == 'many':
            failover.run(west, f"INSERT INTO trail VALUES ('west', {i})")
            failover.same()
    failover.stop()
    if windows == 'many':                           # the other site keeps its last windows only: they do not help
        last = failover.east.one('SELECT MAX(seq) FROM ringway.progress WHERE source = 2')
        failover.east.sql('DELETE FROM ringway.progress WHERE source = 2 AND seq < %s', (last,))
    if windows == 'one':                            # as if no window stood before the place
        west.sql('UPDATE ringway.progress SET memory_seq = 0')
    place = west.sql("SELECT memory_seq > 0, memory_file <> '' FROM ringway.progress WHERE source = 1 ORDER BY seq DESC LIMIT 1")[0]
    assert place == {'many': (1, 1), 'one': (0, 1), 'none': (0, 1)}[windows]
    failover.run(west, "UPDATE persona SET first_name = 'west' WHERE id = 1")
    move(west, new)
    failover.run(failover.east, "UPDATE persona SET first_name = 'east' WHERE id = 1")
    failover.start()
    failover.same()
    assert failover.rows(failover.east, 'persona', 'first_name') == [('east',)] or failover.east.flavour == 'mariadb'
    assert 'changed while this link was not running' in failover.log()
    assert {c['kind'] for c in failover.conflicts(west)} == {'update/update'}
    assert {c['kind'] for c in failover.conflicts(failover.east)} == {'update/update'}


@pytest.mark.parametrize('sites, point', [('mysql', 'announced'), ('mysql', 'executed'), ('mariadb', 'executed')], indirect=['sites'])
def test_a_statement_across_a_failover(failover, point, monkeypatch):
    """Ringway dies around a DDL statement, and the primary with it: the new one's log tells whether it was executed."""
    if not CRASH_BIN.exists():
        pytest.skip(f'no build with crash points at {CRASH_BIN}')
    monkeypatch.setenv('RINGWAY_BIN', str(CRASH_BIN))
    west, new = failover.west, failover.west.replica
    failover.begin(env={'RINGWAY_CRASH_AT': f'{point}:1'})
    failover.run(failover.east, "INSERT INTO trail VALUES ('east', 1)", 'ALTER TABLE trail ADD more INT')
    failover.wait_end()
    move(west, new)
    failover.start()
    failover.run(failover.east, "INSERT INTO trail VALUES ('east', 2, 2)")
    failover.same()
    assert f'says that it was {"" if point == "executed" else "not "}executed' in failover.log()


@only('mysql')
def test_a_place_that_the_new_primary_cannot_tell(failover):
    """The new log begins too late, or GTIDs do not lead there: the link stops, and says what to do."""
    west, new = failover.west, failover.west.replica
    failover.begin()
    for i in range(3):
        failover.run(failover.east, f"INSERT INTO trail VALUES ('east', {i})")
        failover.same()
    failover.stop()
    move(west, new)
    new.sql('FLUSH BINARY LOGS')
    purge(new)
    west.sql("UPDATE ringway.progress SET source_host = 'another', gtid = ''")
    failover.start(wait=False)
    error = failover.wait_stopped('east->west')
    assert 'which does not reach back far enough' in error and f'host {new.address} ' in error and 'docs/operating.md' in error, error
    west.sql("UPDATE ringway.progress SET memory_host = '', memory_file = %s, memory_offset_bytes = %s", new.binlog_status())
    failover.cmd('resume', '--link', 'east->west')
    wait_until(lambda: 'from where on to read cannot be found' in (failover.link()['error'] or ''), 20, lambda: failover.link())
    assert 'it was that of server another' in failover.link()['error']


def purge(server):
    def gone():                                     # a server may still need the old one for a moment
        files = server.binlog_files()
        server.sql(f"PURGE BINARY LOGS TO '{files[-1]}'")
        return len(files) == 1
    wait_until(gone, 20, lambda: f'only the last of {server.binlog_files()} is left')


@only('mariadb')
def test_two_primaries(failover):
    """The first of the list is an old one that nobody fenced off. What the other one holds tells; if each holds something of its own, nobody can."""
    west, old, new = failover.west, failover.west.primary, failover.west.replica
    failover.begin()
    failover.stop()
    move(west, new)
    failover.run(west, "INSERT INTO trail VALUES ('west', 1)")
    old.make_read_only(False)
    failover.start()
    failover.run(failover.east, "INSERT INTO trail VALUES ('east', 1)")
    failover.same()
    assert f'lacks transactions that {new.address} holds' in failover.log()
    failover.stop()
    failover.run(west, "INSERT INTO trail VALUES ('west', 2)")
    with old.connect(failover.db) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO trail VALUES ('old', 1)")
    failover.east.sql("UPDATE ringway.progress SET gtid = '' WHERE source = 2")      # as if nothing had been applied at the other site
    failover.start(wait=False)
    wait_until(lambda: 'each lacks transactions of the other' in (failover.link()['error'] or ''), 20, lambda: failover.link())
    old.make_read_only(True)
    failover.wait_state('running', 'catching_up', link='east->west')
