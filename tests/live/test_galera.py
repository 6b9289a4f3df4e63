"""A site that is a Galera cluster: Ringway talks to its first node, applications to all three."""

import contextlib
import os
import pathlib
import time

import pytest

import compare
from galera import Galera
from load import Load
from ringway import make_user
from scenario import Pair, Scenario, need, unlogged
from servers import FLAVOURS, ROOT
from wait import wait_until

CRASH_BIN = pathlib.Path(os.environ.get('RINGWAY_CRASH_BIN') or ROOT / 'build-crash/ringway')
KEYED = 'CREATE TABLE {} (tenant VARCHAR(20), code VARCHAR(20), n INT, v VARCHAR(40), PRIMARY KEY (tenant, code)) ENGINE=InnoDB'


class Cluster(Pair):
    """East is a cluster, west one server."""

    def __init__(self, west, **more):
        self.cluster = Galera('east', args=['--binlog-annotate-row-events=OFF'], **more)
        self.nodes = self.cluster.nodes
        self.east = self.nodes[0]
        self.west = FLAVOURS[west]('west', server_id=1)
        self.tests = 0

    def start(self):
        self.west.spawn()
        self.cluster.start()
        self.west.ready()
        for server in self.servers():
            make_user(server)
        return self

    def destroy(self):
        self.cluster.destroy()
        self.west.destroy()


def running(west, **more):
    if Galera.missing():
        pytest.skip(Galera.missing())
    need(west)
    pair = Cluster(west, **more)
    try:
        yield pair.start()
    finally:
        pair.destroy()


@pytest.fixture(scope='module')
def different_ids():
    """The server ids differ, one is the other site's; every node counts GTIDs by itself."""
    yield from running('mysql', server_ids=(1, 2, 3))


@pytest.fixture(scope='module')
def equal_ids():
    """One server id everywhere; GTIDs are the cluster's."""
    yield from running('mariadb', server_ids=(1, 1, 1), gtid_mode=True, domains=(11, 12, 13))


class Site:
    """All nodes as the hosts of one site: what is asked goes to the first that serves."""

    name, flavour, process = 'east', 'mariadb', True

    def __init__(self, nodes):
        self.nodes = nodes

    @property
    def address(self):
        return ', '.join(node.address for node in self.nodes)

    def __getattr__(self, name):
        return getattr(next((node for node in self.nodes if node.alive() and node.is_synced()), self.nodes[-1]), name)


class ClusterScenario(Scenario):
    def __init__(self, pair, hosts=False):
        super().__init__(pair, options={'conflict': 'last_write_wins', 'deadline_s': 3, 'connect_timeout_s': 2})
        self.cluster, self.nodes = pair.cluster, pair.nodes
        if hosts:
            self.sites['east'] = Site(pair.nodes)
            self.write_conf()

    def same(self, timeout=60):
        """All rows, on all four servers."""
        self.cluster.wait_applied()
        super().same(timeout)
        self.cluster.wait_applied()
        for node in self.nodes:
            if node.alive() and node.is_synced():
                compare.assert_same(self.west, node, [self.db])

    def same_rows(self, table):
        """For tests that make tables at one site only."""
        self.caught_up()
        assert not compare.table_difference(self.east, self.west, self.db, table)


@contextlib.contextmanager
def between(pair, hosts=False):
    with contextlib.closing(ClusterScenario(pair.fresh(), hosts)) as link:
        link.begin()
        yield link
        link.stop()


@pytest.fixture
def link(different_ids):
    with between(different_ids) as link:
        yield link


def writer(server, table):
    """An application that writes rows of its own, and rows that all write."""
    name = server.name

    def step(cursor, i):
        cursor.execute(f"INSERT INTO {table} VALUES ('{name}', 'code-{i}', {i}, 'inserted')")
        cursor.execute(f"UPDATE {table} SET n = n + 1, v = 'updated' WHERE tenant = '{name}' AND code = 'code-{i // 2}'")
        if i % 5 == 4:
            cursor.execute(f"DELETE FROM {table} WHERE tenant = '{name}' AND code = 'code-{i - 4}'")
        if i % 10 == 9:
            cursor.execute(f"INSERT INTO {table} VALUES ('common', 'code-{i % 40}', {i}, '{name}') "
                           f"ON DUPLICATE KEY UPDATE n = {i}, v = '{name}'")
    return step


def play(link):
    """Everybody writes at once, with DDL beside it and a restart of Ringway in between."""
    link.both(KEYED.format('t'), KEYED.format('side'), KEYED.format('other'))
    loads = [Load(server, link.db, writer(server, 't')) for server in (*link.nodes, link.west)]
    with contextlib.ExitStack() as stack:
        for load in loads:
            stack.enter_context(load)
        for load in loads:
            load.wait_for(40)
        with link.nodes[1].connect(link.db) as two, two.cursor() as cursor:
            cursor.execute('ALTER TABLE side ADD COLUMN two INT')
            cursor.execute(KEYED.format('made_at_two'))
            cursor.execute("INSERT INTO made_at_two VALUES ('two', 'x', 1, 'x')")
            cursor.execute('CREATE TABLE copied_at_two (PRIMARY KEY (tenant, code)) SELECT tenant, code, n FROM made_at_two')
            cursor.execute('ANALYZE TABLE made_at_two')
        link.run(link.west, 'ALTER TABLE other ADD COLUMN west INT', "INSERT INTO other VALUES ('west', 'x', 1, 'x', 2)")
        for load in loads:
            load.wait_for(20)
        link.stop()
        for load in loads:
            load.wait_for(20)
        link.start()
        for load in loads:
            load.wait_for(40)
    link.same()
    assert 'is not as it was' not in link.log()
    assert {'two'} <= set(compare.columns(link.west, link.db, 'side')) and {'west'} <= set(compare.columns(link.nodes[2], link.db, 'other'))


def comes_to_rest(link):
    """Nobody writes: the logs get a last word about what has been, and then nothing, for longer than a heartbeat. What
    went round in circles would come back all the time."""
    last = None
    for _ in range(4):
        now = [server.binlog_status() for server in (*link.nodes, link.west)]
        if now == last:
            return
        last = now
        time.sleep(1.5)
    pytest.fail('the logs grow although nobody writes')


def test_all_nodes_are_written_at_once(link):
    play(link)
    comes_to_rest(link)


def test_equal_server_ids_and_gtids_of_the_cluster(equal_ids):
    with between(equal_ids) as link:
        play(link)
        comes_to_rest(link)


def test_a_transaction_is_never_one_packet(link):
    """A node that aborts a transaction between two statements of one packet executes the next one alone, commits it, and
    reports the abort then, or never: the window would be committed in parts. The moment is hard to hit, so this looks
    at what Ringway sends, and that its session lets the server repeat nothing."""
    link.both(KEYED.format('t'))
    unlogged(link.east, f'CREATE TABLE `{link.db}`.seen (n INT PRIMARY KEY) ENGINE=InnoDB',
             f'CREATE TRIGGER `{link.db}`.look BEFORE INSERT ON `{link.db}`.t FOR EACH ROW '
             'IF @ringway THEN INSERT IGNORE INTO seen VALUES (@@SESSION.wsrep_retry_autocommit); END IF')
    link.east.sql("SET GLOBAL log_output = 'TABLE', general_log = 1")
    try:
        link.run(link.west, "INSERT INTO t VALUES ('x', 'y', 1, 'west')", "UPDATE t SET n = 2", "INSERT INTO t VALUES ('x', 'z', 1, 'west')")
        link.same_rows('t')
    finally:
        link.east.sql("SET GLOBAL log_output = 'FILE', general_log = 0")
    sent = [text for (text,) in link.east.sql("SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE user_host LIKE 'ringway%%'")]
    assert [text for text in sent if text == 'BEGIN'] and not [text for text in sent if ';' in text and 'BEGIN' in text], sent
    assert link.rows(link.east, 'seen') == [(0,)]


def test_ddl_of_a_session_with_the_same_number(link):
    """Sessions of different nodes have the same numbers, and the log does not say at which node a statement was given:
    while a statement of Ringway is under way, another one in the same number is not its own."""
    link.both(KEYED.format('announced'))
    with contextlib.ExitStack() as stack:
        def session(node):
            return stack.enter_context(node.connect(link.db))
        while session(link.nodes[0]).thread_id() <= session(link.nodes[1]).thread_id():
            pass
        link.stop()
        link.start()                # by a session with a higher number than any at node 2
        number = link.east.one('SELECT connection_id FROM ringway.session')
        same = next(s for s in iter(lambda: session(link.nodes[1]), None) if s.thread_id() >= number)
        assert same.thread_id() == number
        link.run(link.east, "UPDATE ringway.session SET intent = 1, statement = 'ALTER TABLE announced ADD COLUMN c INT'")
        link.cluster.wait_applied()
        with same.cursor() as cursor:
            cursor.execute(KEYED.format('of_an_application'))
        link.cluster.wait_applied()
        link.run(link.east, "UPDATE ringway.session SET intent = 0, statement = ''")
    link.same()


def lose(link, west, hammer, retries):
    """West writes, and nodes 2 and 3 as fast as they can, until Ringway has lost often enough."""
    before = link.link('west->east')['retries']
    with Load(link.nodes[1], link.db, hammer), Load(link.nodes[2], link.db, hammer), Load(link.west, link.db, west, pause=0.005):
        wait_until(lambda: link.link('west->east')['retries'] >= before + retries, 60, 'Ringway loses now and then')
    link.same()


def test_windows_that_lose_at_commit(link):
    """Applications at other nodes write keys that Ringway's windows hold: here parents of the rows that it changes, so
    that it is no conflict between the sites. The later one of two transactions fails, at COMMIT or before."""
    link.both('CREATE TABLE parent (id INT PRIMARY KEY, n INT) ENGINE=InnoDB', 'INSERT INTO parent VALUES (1, 0), (2, 0)',
              'CREATE TABLE child (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES parent (id)) ENGINE=InnoDB',
              'INSERT INTO child WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99) '
              'SELECT a.i * 100 + b.i, 1 FROM n a, n b')
    lose(link, lambda cursor, i: cursor.execute(f'UPDATE child SET parent = 2 WHERE id = {i}'),
         lambda cursor, _: cursor.execute('UPDATE parent SET n = n + 1'), 20)
    assert link.link('west->east')['conflicts'] == 0


def test_windows_that_lose_and_conflicts(link):
    """The same with rows that both sites write: what is settled may lose at COMMIT, too, and is settled anew."""
    link.both(KEYED.format('hot'), *(f"INSERT INTO hot VALUES ('all', 'code-{k}', 0, '')" for k in range(4)))

    def writes(name):
        return lambda cursor, i: cursor.execute(f"UPDATE hot SET n = {i}, v = '{name}' WHERE code = 'code-{i % 4}'")
    lose(link, writes('west'), writes('east'), 5)
    assert link.link('west->east')['conflicts'] > 0


# ---- the links use all nodes: when one goes away, they go on at another

TRAIL = 'CREATE TABLE trail (who VARCHAR(20), i INT, n INT) ENGINE=InnoDB'       # no key: what is applied twice is there twice


@pytest.fixture(params=['different_ids', 'equal_ids'])
def nodes(request):
    """wsrep_gtid_mode=OFF, and ON."""
    with between(request.getfixturevalue(request.param), hosts=True) as link:
        yield link


@pytest.fixture
def off(different_ids):
    with between(different_ids, hosts=True) as link:
        yield link


def trailing(server):
    rows = writer(server, 't')

    def step(cursor, i):
        rows(cursor, i)
        cursor.execute(f"INSERT INTO trail VALUES ('{server.name}', {i}, {i})")
    return step


class NodeLoad(Load):
    LOST = (*Load.LOST, 1047, 1180)                 # the node has no quorum


def goes_on(link, lose, n=12):
    """Everybody writes; in the middle of it, `lose` takes node 1 away."""
    link.run(link.east, KEYED.format('t'), KEYED.format('side'), TRAIL)
    link.same()
    loads = [NodeLoad(server, link.db, trailing(server), patient=True, pause=0.005, read_timeout=15) for server in (*link.nodes, link.west)]
    with contextlib.ExitStack() as stack:
        for load in loads:
            stack.enter_context(load)
        for load in loads:
            load.wait_for(n)
        lose(link.nodes[0])
        for load in loads[1:]:
            load.wait_for(n)
        link.connections.clear()
        link.run(link.east, 'ALTER TABLE side ADD COLUMN more INT', "INSERT INTO side VALUES ('x', 'y', 1, 'x', 2)")
        for load in loads[1:]:
            load.wait_for(n)
        loads[0]._over.set()
    link.same()
    assert not link.west.sql(f'SELECT who, i FROM `{link.db}`.trail GROUP BY who, i HAVING COUNT(*) > 1')
    log = link.log()
    assert 'stopped' not in log, log
    for name in ('east->west', 'west->east'):
        assert any(name in line and 'goes on at host' in line for line in log.splitlines()), log


def test_the_node_in_use_is_killed(nodes):
    goes_on(nodes, lambda node: node.kill9())
    nodes.nodes[0].start()
    nodes.cluster.wait_synced()
    nodes.same()


def test_the_node_in_use_is_desynced(off):
    """As during a backup: it still serves, but nobody waits for it any more when it falls behind."""
    def moved():
        return all(any(name in line and 'goes on at host' in line for line in off.log().splitlines()) for name in ('east->west', 'west->east'))

    def desync(node):
        node.desync(True)
        wait_until(moved, 30, off.tail)
    try:
        goes_on(off, desync)
    finally:
        off.nodes[0].desync(False)
    off.cluster.wait_synced()
    off.same()


def empty_log(node):
    """But for a file without transactions."""
    node.sql('FLUSH BINARY LOGS')

    def gone():                                     # the server itself may still need the old one for a moment
        files = node.binlog_files()
        node.sql(f"PURGE BINARY LOGS TO '{files[-1]}'")
        return len(files) == 1
    wait_until(gone, 20, lambda: f'only the last of {node.binlog_files()} is left')


def fresh_with_table(pair):
    pair.fresh()
    for server in (pair.east, pair.west):
        unlogged(server, f'CREATE TABLE `{pair.db}`.t (id INT PRIMARY KEY, v INT) ENGINE=InnoDB')
    pair.cluster.wait_applied()
    return pair


def test_the_node_in_use_is_killed_before_the_link_into_the_site_has_run(different_ids):
    """Where its memory begins was a place in that node's log. The link back has applied more windows since than stay in ringway.progress."""
    pair, rows = fresh_with_table(different_ids), 200
    with contextlib.closing(ClusterScenario(pair, hosts=True)) as link:
        link.grant()
        link.init()
        link.write_conf(window_transactions=1)
        link.start('--link', 'east->west', wait=False)
        for n in range(rows):
            link.run(link.nodes[0], f'INSERT INTO t VALUES ({n}, 0)')
        link.run(link.west, f'INSERT INTO t VALUES ({rows}, 1)', 'UPDATE t SET v = 1 WHERE id = 5')
        wait_until(lambda: len(link.rows(link.west, 't')) == rows + 1, 40, link.tail)
        link.stop()
        pair.nodes[0].kill9()
        link.run(link.nodes[1], 'UPDATE t SET v = 2 WHERE id = 5')
        link.start(wait=False)
        wait_until(lambda: link.rows(link.west, 't') == link.rows(link.nodes[1], 't') or 'stopped' in link.log(), 40, link.tail)
        assert 'stopped' not in link.log(), link.tail()
        assert len(link.rows(link.west, 't')) == rows + 1
        wait_until(lambda: [link.link(name)['conflicts'] for name in ('east->west', 'west->east')] == [1, 1], 20, link.tail)
        link.stop()
    pair.nodes[0].start()
    pair.cluster.wait_synced()


def test_the_node_in_use_is_killed_before_the_first_window(different_ids):
    """Nothing stands before the place where the links begin but what init wrote: other nodes must find it all the same."""
    pair = fresh_with_table(different_ids)
    empty_log(pair.nodes[0])
    with contextlib.closing(ClusterScenario(pair, hosts=True)) as link:
        link.begin()
        pair.nodes[0].kill9()
        link.run(link.nodes[1], 'INSERT INTO t VALUES (1, 1)')
        link.run(link.west, 'INSERT INTO t VALUES (2, 2)')
        wait_until(lambda: len(link.rows(link.west, 't')) == len(link.rows(link.nodes[1], 't')) == 2 or 'stopped' in link.log(), 40, link.tail)
        assert 'stopped' not in link.log(), link.tail()
        link.stop()
    pair.nodes[0].start()
    pair.cluster.wait_synced()


@pytest.mark.long
def test_the_node_in_use_is_cut_off(off):
    """It goes on answering, but takes no writes, and its log stands still."""
    goes_on(off, lambda node: node.isolate(), n=15)
    off.nodes[0].join_again()
    off.cluster.wait_synced()
    off.same()


def with_windows(link):
    """A table without a key whose rows came in windows of their own; Ringway has stopped."""
    link.run(link.east, TRAIL)
    for i in range(4):
        link.run(link.east, f"INSERT INTO trail VALUES ('east', {i}, 0)")
        link.same()
    link.stop()


def purge(link, node):
    empty_log(node)
    link.run(link.east, "INSERT INTO trail VALUES ('new', 0, 0)")
    link.cluster.wait_applied()


def test_another_log_under_the_same_name(off):
    """After a state transfer a node has other files with the names of before, and an offset may be in them. What stands before the place tells."""
    with_windows(off)
    rows = off.west.sql('SELECT seq, file, offset_bytes FROM ringway.progress WHERE source = 1 ORDER BY seq')
    (_, file, offset), (last, *_) = rows[-3], rows[-1]
    off.west.sql('UPDATE ringway.progress SET file = %s, offset_bytes = %s WHERE source = 1 AND seq = %s', (file, offset, last))
    off.start()
    off.same()
    assert off.rows(off.west, 'trail', 'i') == [(0,), (1,), (2,), (3,)]
    assert 'is not as it was (a state transfer?)' in off.log()


def test_a_log_that_does_not_reach_back(off):
    """Another node's may; if none does, the link stops."""
    one, two, three = off.nodes
    with_windows(off)
    purge(off, one)
    off.start(wait=False)
    wait_until(lambda: ('new',) in off.rows(off.west, 'trail', 'who'), 20, off.tail)
    assert 'the log does not reach back that far (older files were purged, or the node got a state transfer)' in off.log()
    assert f'[east->west] site east: goes on at host {two.address} ' in off.log()
    off.stop()
    for node in (one, two, three):
        purge(off, node)
    off.start(wait=False)
    error = off.wait_stopped('east->west')
    assert 'the log does not reach back that far' in error and 'docs/operating.md' in error, error


def test_places_that_are_refused(off):
    """What is recorded of the place does not fit the log: no guess."""
    off.sites['east'] = Site(off.nodes[:1])
    off.write_conf()
    with_windows(off)
    mark = off.west.one('SELECT source_mark FROM ringway.progress WHERE source = 1 ORDER BY seq DESC LIMIT 1')
    cluster, number, content = mark.split(' ')[0], *mark.split(' ')[1].split(':')
    assert cluster == off.nodes[0].status('cluster_state_uuid')

    def says(state, mark, words):
        off.west.sql("UPDATE ringway.progress SET source_mark = %s, source_host = 'another' WHERE source = 1", (mark,))
        off.start(wait=False)
        wait_until(lambda: off.link()['state'] == state and words in (off.link()['error'] or ''), 20, lambda: off.link())
        off.stop()
    says('stopped', f'{off.nodes[0].uuid} {number}:{content}', f'it was in a log of cluster {off.nodes[0].uuid}, and this host is of cluster {cluster}')
    says('stopped', f'{cluster} {number}:0123456789abcdef', 'the log holds another transaction under that number')
    says('stopped', f'{cluster} {number}:{content} +1:0123456789abcdef', 'the log holds other statements after it')
    says('retrying', f'{cluster} {int(number) + 1000000}:{content}', 'is behind: its log ends before transaction')
    off.west.sql('UPDATE ringway.progress SET source_mark = %s WHERE source = 1', (mark,))
    off.start()
    off.same()


def test_a_stamp_is_the_same_from_every_node(different_ids):
    """A node logs when COMMIT came to it, the others when the last statement began. Two links, or one link before and after its node
    went away, must not come to different verdicts."""
    with between(different_ids) as link:
        link.both(KEYED.format('t'))
        for node in link.nodes[:2]:                     # link reads at the first
            with node.connect(link.db, autocommit=False) as application, application.cursor() as cursor:
                cursor.execute("SET SESSION time_zone = '+00:00'")
                cursor.execute('SELECT UNIX_TIMESTAMP()')
                began = cursor.fetchone()[0]
                cursor.execute(f"INSERT INTO t VALUES ('{node.name}', 'x', 1, 'x')")
                wait_until(lambda: node.one('SELECT UNIX_TIMESTAMP()') >= began + 3, 20, 'the clock goes on')
                cursor.execute(f"INSERT INTO t VALUES ('{node.name}', 'y', 1, 'x')")
                wait_until(lambda: node.one('SELECT UNIX_TIMESTAMP()') >= began + 6, 20, 'the clock goes on')
                application.commit()
            wait_until(lambda: (node.name,) in link.rows(link.west, 't', 'tenant'), 20, link.tail)
            stamp = link.west.one('SELECT stamp_us FROM ringway.progress WHERE source = 1 ORDER BY seq DESC LIMIT 1')
            assert began <= stamp / 10**6 < began + 2, (node.name, began, stamp)


def test_a_statement_across_nodes(off, monkeypatch):
    """Ringway dies with a statement executed and not yet recorded, and goes on at another node, where the statement has another GTID."""
    if not CRASH_BIN.exists():
        pytest.skip(f'no build with crash points at {CRASH_BIN}')
    off.run(off.east, KEYED.format('t'))
    off.same()
    off.stop()
    with monkeypatch.context() as patched:
        patched.setenv('RINGWAY_BIN', str(CRASH_BIN))
        off.start(env={'RINGWAY_CRASH_AT': 'executed:1'})
        off.run(off.east, 'ALTER TABLE t ADD COLUMN more INT', "INSERT INTO t VALUES ('x', 'y', 1, 'x', 2)")
        off.wait_end()
    off.sites['east'] = Site(off.nodes[1:])
    off.write_conf()
    off.start()
    off.same()
    assert 'was executed before the last stop' in off.log()


def test_local_transactions(off):
    """They are replicated to the other site, not to the other nodes, which is worth a warning."""
    off.run(off.east, 'CREATE TABLE local_rows (id INT PRIMARY KEY) ENGINE=MyISAM', 'INSERT INTO local_rows VALUES (1)')
    wait_until(lambda: 'holds a transaction that is local to this node (it changed a table of an engine' in off.log(), 20, off.tail)
    arrived = f"SELECT TABLE_ROWS FROM information_schema.tables WHERE table_schema = '{off.db}' AND table_name = 'local_rows'"
    wait_until(lambda: off.west.one(arrived) is not None, 20, off.tail)
    off.run(off.west, 'DROP TABLE local_rows')


def test_two_processes_at_two_nodes(different_ids):
    """The lock of a link is its node's own: what keeps the second process from applying a window once more is the key of ringway.progress."""
    with between(different_ids) as link, contextlib.closing(ClusterScenario(different_ids)) as other:
        link.run(link.east, KEYED.format('t'), TRAIL)
        link.same()
        other.sites['east'] = link.nodes[1]
        other.write_conf()
        other.start(wait=False)
        with Load(link.west, link.db, trailing(link.west), pause=0.003) as load:
            wait_until(lambda: 'another ringway has applied this window' in link.log() + other.log(), 40, lambda: other.tail())
            load.wait_for(100)
        link.same()
        assert not link.east.sql(f'SELECT who, i FROM `{link.db}`.trail GROUP BY who, i HAVING COUNT(*) > 1')
        assert not link.conflicts(link.east) and 'stopped' not in link.log() + other.log(), link.log() + other.log()
        other.stop()
