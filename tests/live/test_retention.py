"""The source's log goes after a time: a link that still needs it says so before, and says what is gone after."""

import contextlib

import pytest

from scenario import Scenario, unlogged
from wait import wait_until

PAIRS = [('mariadb', 'mysql')]
KEEP_S = 6
LINKS = {'east->west': 'east', 'west->east': 'west'}


@pytest.fixture
def short(pair):
    """Two servers that keep their logs for seconds only."""
    pair.fresh()
    before = {server: server.variable('binlog_expire_logs_seconds') for server in pair.servers()}
    for server in pair.servers():
        server.sql(f'SET GLOBAL binlog_expire_logs_seconds = {KEEP_S}')
    try:
        with contextlib.closing(Scenario(pair)) as scenario:
            scenario.both('CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB')
            scenario.begin()
            yield scenario
    finally:
        for server, seconds in before.items():
            server.sql(f'SET GLOBAL binlog_expire_logs_seconds = {seconds}')


def leave_behind(link, first):
    """Changes in a file that is not the newest, which nobody applies."""
    link.pause_all()
    for n, server in enumerate(link.pair()):
        link.run(server, f'INSERT INTO t VALUES ({first + n})', 'FLUSH BINARY LOGS')


def purge(server):
    """All but the newest file. A server that has not noticed yet that nobody reads a file keeps it without a word."""
    def gone():
        server.sql(f"PURGE BINARY LOGS TO '{server.binlog_files()[-1]}'")
        return len(server.binlog_files()) == 1
    wait_until(gone, 30, lambda: f'{server.name} has one log file: {server.binlog_files()}')


def wait_warned(link, words):
    def warned():
        return all(words in (one['warning'] or '') for one in link.links().values())
    wait_until(warned, 30, lambda: f'{words!r} in {[one["warning"] for one in link.links().values()]}')


def test_said_before_it_is_too_late(short):
    assert [one['warning'] for one in short.links().values()] == [None, None]
    leave_behind(short, 1)
    wait_warned(short, f'keeps its binary log for {KEEP_S} s (binlog_expire_logs_seconds)')
    shown = short.cmd('status').stdout
    for name, source in LINKS.items():
        assert f'{name}: warning: site {source} keeps its binary log' in shown
        assert f'warning [{name}] site {source} keeps its binary log' in short.log()

    # a process that has not run the link yet knows it, too
    short.stop()
    short.start(wait=False)
    short.wait_state('paused')
    wait_warned(short, 'keeps its binary log for')

    short.resume_all()
    wait_until(lambda: not any(one['warning'] for one in short.links().values()), 30, lambda: f'no warning: {short.links()}')
    short.same()
    assert short.log().count('kept for long enough again') == 2


@pytest.mark.parametrize('purged, other', [('east', 'west'), ('west', 'east')])
def test_what_is_gone(short, purged, other):
    """The link out of that site has lost its source's log; the one into it, what it would read again to know who wrote which row last."""
    out, into = f'{purged}->{other}', f'{other}->{purged}'
    leave_behind(short, 1)
    needed = short.link(out)['position']['file']
    purge(short.sites[purged])
    wait_until(lambda: 'has purged its binary log' in (short.link(out)['warning'] or ''), 30, lambda: short.link(out)['warning'])
    short.resume_all()
    error = short.wait_stopped(out)
    left = short.sites[purged].binlog_files()
    assert error.startswith(f'site {purged}: the binary log cannot be read from the recorded position ({needed}:'), error
    assert f'; {needed} was purged, and {left[0]}' in error and f'{left[-1]} ' in error and "ringway init --link 'A->B' --from POSITION" in error, error
    assert "who wrote which row last is read from the target's log" in short.wait_stopped(into)


def test_a_managed_server_that_keeps_nothing(pair):
    """Amazon RDS and Aurora keep this setting in a table of their own, and NULL is its default."""
    pair.fresh()
    unlogged(pair.east, 'CREATE TABLE mysql.rds_configuration (name VARCHAR(100), value VARCHAR(100), description VARCHAR(300))',
             "INSERT INTO mysql.rds_configuration VALUES ('binlog retention hours', NULL, 'how long')")
    try:
        unlogged(pair.east, "GRANT SELECT ON mysql.rds_configuration TO 'ringway'@'%'")
        with contextlib.closing(Scenario(pair)) as scenario:
            scenario.begin()
            wait_until(lambda: 'binlog retention hours' in (scenario.link()['warning'] or ''), 20, 'the warning')
            assert "CALL mysql.rds_set_configuration('binlog retention hours', 72)" in scenario.cmd('status').stdout
            assert scenario.link()['state'] == 'running' and scenario.link('west->east')['warning'] is None
    finally:
        unlogged(pair.east, "REVOKE SELECT ON mysql.rds_configuration FROM 'ringway'@'%'", 'DROP TABLE mysql.rds_configuration')
