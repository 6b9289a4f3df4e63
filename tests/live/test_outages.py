"""Sites that do not answer, answer slowly, or answer and refuse to write."""

import pytest

from wait import wait_until

TABLE = 'CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB'


def insert(link, server, first, n=20):
    link.run(server, *(f"INSERT INTO t VALUES ({i}, '{server.name}')" for i in range(first, first + n)))


@pytest.fixture
def quick(scenario):
    """A link that notices a silent peer after seconds instead of minutes."""
    scenario.write_conf(heartbeat_s=1, deadline_s=3, connect_timeout_s=2, retry_max_s=2)
    scenario.both(TABLE)
    scenario.begin()
    yield scenario
    for server in scenario.pair():
        if server.process is not None:
            server.thaw()
    if scenario.running():
        scenario.stop()


def test_target_is_read_only_for_a_while(quick):
    quick.west.make_read_only(True)
    insert(quick, quick.east, 1)
    quick.wait_state('retrying', link='east->west')
    assert quick.rows(quick.west, 't') == []
    quick.west.make_read_only(False)
    quick.same()
    assert quick.link()['retries'] >= 1


def test_target_hangs_for_a_while(quick):
    quick.west.freeze()
    insert(quick, quick.east, 1, 300)
    quick.wait_state('retrying', 'catching_up', 'running', link='east->west')
    quick.west.thaw()
    insert(quick, quick.east, 1000)
    quick.same()
    assert len(quick.rows(quick.west, 't')) == 320


def test_ends_though_the_target_hangs(quick):
    """SIGTERM waits for the window under way; a second one does not, and nothing is lost or doubled by it."""
    insert(quick, quick.east, 1)
    quick.caught_up()
    quick.west.freeze()
    insert(quick, quick.east, 100, 300)
    process = quick.process
    process.terminate()
    wait_until(lambda: 'finishing the windows' in quick.tail(), 10, 'the first signal was heard')
    process.terminate()
    wait_until(lambda: process.poll() is not None, 20, 'the end of ringway')
    assert process.returncode == 0
    quick.process = None
    quick.west.thaw()
    quick.start()
    quick.same()


def test_source_hangs_for_a_while(quick):
    insert(quick, quick.east, 1)
    quick.east.freeze()
    quick.wait_state('retrying', link='east->west')
    quick.east.thaw()
    insert(quick, quick.east, 100)
    insert(quick, quick.west, 200)
    quick.same()


def test_target_is_away_for_a_while(quick):
    insert(quick, quick.east, 1)
    quick.west.kill9()
    insert(quick, quick.east, 100)
    quick.wait_state('retrying', link='east->west')
    quick.wait_state('retrying', link='west->east')
    quick.west.start()
    insert(quick, quick.west, 200)
    quick.same()


def test_a_site_is_away_at_the_start(quick):
    quick.stop()
    quick.west.kill9()
    insert(quick, quick.east, 1)
    quick.start(wait=False)
    quick.wait_state('retrying', link='east->west')
    wait_until(lambda: {site['name']: site['reachable'] for site in quick.status()['sites']} == {'east': True, 'west': False}, 20,
               'status tells which site is away')
    quick.west.start()
    quick.same()


def test_connections_are_killed(quick):
    """A DBA kills what looks idle; it comes back by itself."""
    for i in range(5):
        insert(quick, quick.east, 100 * i + 1)
        for server in quick.pair():
            mine = [row[0] for row in server.sql('SHOW PROCESSLIST') if row[1] == 'ringway']
            for connection in mine:
                try:
                    server.sql(f'KILL {connection}')
                except Exception:                   # ended by itself in the meantime
                    pass
        insert(quick, quick.west, 100000 + 100 * i)
    quick.same()


def test_rows_are_locked_by_an_application(quick):
    """Ringway waits, and tries again; it neither stops nor loses its place."""
    quick.write_conf(lock_wait_s=1)
    quick.stop()
    quick.start()
    insert(quick, quick.east, 1)
    quick.caught_up()
    with quick.west.connect(quick.db, autocommit=False) as connection, connection.cursor() as cursor:
        cursor.execute('SELECT * FROM t WHERE id = 5 FOR UPDATE')
        quick.run(quick.east, "UPDATE t SET v = 'new' WHERE id = 5")
        wait_until(lambda: quick.link()['retries'] >= 1, 30, 'a retry')
        assert quick.link()['state'] != 'stopped'
        connection.rollback()
    quick.same()
