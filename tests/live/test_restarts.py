"""Ringway, the source, the target: stopped or killed under load, and everything is there once."""

import pytest

from load import Load
from wait import wait_until

TABLES = ('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(50), n INT) ENGINE=InnoDB',
          'CREATE TABLE counter (site VARCHAR(10) PRIMARY KEY, n INT) ENGINE=InnoDB',
          "INSERT INTO counter VALUES ('east', 0), ('west', 0)")


def writer(server, base):
    """Inserts, updates, deletes in a range of its own, and a counter that shows a lost or doubled transaction."""
    def step(cursor, i):
        cursor.execute(f"INSERT INTO t VALUES ({base + i}, 'new', 0)")
        if i % 2:
            cursor.execute(f"UPDATE t SET v = 'changed', n = n + 1 WHERE id = {base + i - 1}")
        if i % 5 == 4:
            cursor.execute(f'DELETE FROM t WHERE id = {base + i - 4}')
        cursor.execute(f"UPDATE counter SET n = n + 1 WHERE site = '{server.name}'")
    return step


def loads(link):
    return (Load(link.east, link.db, writer(link.east, 0), patient=True, pause=0.002),
            Load(link.west, link.db, writer(link.west, 1_000_000), patient=True, pause=0.002))


def check(link, *both):
    for load in both:
        load.stop()
    link.same()
    for load in both:
        n = link.east.one(f"SELECT n FROM {link.db}.counter WHERE site = '{load.server.name}'")
        assert len(load.acknowledged) <= n <= len(load.acknowledged) + len(load.unknown)


@pytest.mark.parametrize('how', ['stop', 'kill9'])
def test_ringway(link, how):
    link.both(*TABLES)
    east, west = loads(link)
    with east, west:
        for _ in range(4):
            east.wait_for(30)
            west.wait_for(30)
            getattr(link, how)()
            east.wait_for(30)
            west.wait_for(30)
            link.start(wait=False)
        link.wait_state('running', 'catching_up')
        check(link, east, west)


def play_server(link, which, how, times):
    link.both(*TABLES)
    server = getattr(link, which)
    east, west = loads(link)
    with east, west:
        for _ in range(times):
            east.wait_for(30)
            west.wait_for(30)
            getattr(server, how)()
            (west if which == 'east' else east).wait_for(30)
            server.start()
        east.wait_for(30)
        west.wait_for(30)
        check(link, east, west)
    assert all(l['retries'] >= 1 for l in link.links().values()), link.links()


@pytest.mark.parametrize('which', ['east', 'west'])
def test_server_killed(link, which):
    play_server(link, which, 'kill9', 2)


@pytest.mark.pairs(('mariadb', 'mysql'))        # a MySQL with a reader of its log takes ten seconds to stop
@pytest.mark.parametrize('which', ['east', 'west'])
def test_server_stopped(link, which):
    play_server(link, which, 'stop', 1)


def test_all_three_killed(link):
    link.both(*TABLES)
    east, west = loads(link)
    with east, west:
        east.wait_for(50)
        west.wait_for(50)
        link.kill9()
        link.west.kill9()
        link.east.kill9()
        link.east.start()
        link.west.start()
        link.start(wait=False)
        east.wait_for(50)
        west.wait_for(50)
        check(link, east, west)


def test_logs_rotate(link):
    link.both(*TABLES)
    east, west = loads(link)
    with east, west:
        for _ in range(3):
            east.wait_for(20)
            west.wait_for(20)
            for server in link.pair():
                server.sql('FLUSH BINARY LOGS')
        check(link, east, west)
    assert link.link()['position']['file'] == link.east.binlog_status()[0]


def test_a_log_that_was_purged_stops_the_link(link):
    link.both(*TABLES)
    link.caught_up()
    link.stop()
    link.run(link.east, "INSERT INTO t VALUES (1, 'gone', 0)")
    link.east.sql('FLUSH BINARY LOGS')
    link.run(link.east, "INSERT INTO t VALUES (2, 'there', 0)")
    first = link.east.binlog_files()[-2]

    def purged():               # a server keeps a file as long as it may need it itself
        link.east.sql(f"PURGE BINARY LOGS TO '{link.east.binlog_status()[0]}'")
        return first not in link.east.binlog_files()
    wait_until(purged, 20, f'{first} is purged')
    link.start(wait=False)
    error = link.wait_stopped()
    assert 'purged' in error.lower(), error
    assert link.rows(link.west, 't') == []
