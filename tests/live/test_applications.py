"""Applications work at the target while Ringway does: deadlocks, locks, and nobody starves."""

import contextlib

import pytest

from load import Load
from scenario import Scenario

TABLE = ('CREATE TABLE t (id INT PRIMARY KEY, east INT NOT NULL, note VARCHAR(20)) ENGINE=InnoDB',
         'CREATE TABLE own (id INT PRIMARY KEY, n INT NOT NULL) ENGINE=InnoDB',
         'INSERT INTO t VALUES ' + ', '.join(f"({i}, 0, '')" for i in range(20)),
         'INSERT INTO own VALUES ' + ', '.join(f'({i}, 0)' for i in range(20)))


def test_deadlocks_with_applications(link):
    """An application at west locks rows in the order opposite to the one in which they change at east."""
    link.both(*TABLE)

    def forwards(cursor, i):
        cursor.execute(f'UPDATE t SET east = east + 1 WHERE id = {i % 10}')
        cursor.execute(f'UPDATE t SET east = east + 1 WHERE id = {10 + i % 10}')

    def backwards(cursor, i):
        for row in range(19, -1, -1):
            cursor.execute(f'SELECT * FROM t WHERE id = {row} FOR UPDATE')
        cursor.execute(f'UPDATE own SET n = n + 1 WHERE id = {i % 20}')
    with Load(link.west, link.db, backwards) as a, Load(link.west, link.db, backwards, pause=0.001) as b, \
            Load(link.east, link.db, forwards, limit=400, pause=0.002) as changes:
        changes.join(60)
        a.wait_for(20)
        b.wait_for(20)
        link.caught_up(sources=[link.east])
        done = len(a.acknowledged) + len(b.acknowledged)
    assert changes.error is None and len(changes.acknowledged) == 400
    link.same()
    assert done > 40


def test_applications_do_not_starve_while_a_backlog_is_applied(link):
    link.both(*TABLE)
    link.cmd('pause', '--link', 'east->west')
    link.wait_state('paused', link='east->west')
    with Load(link.east, link.db, lambda c, i: c.execute(f'UPDATE t SET east = east + 1 WHERE id = {i % 20}'), limit=3000) as backlog:
        backlog.join(120)
    with Load(link.west, link.db, lambda c, i: c.execute(f'UPDATE own SET n = n + 1 WHERE id = {i % 20}')) as application:
        application.wait_for(20)
        link.cmd('resume', '--link', 'east->west')
        link.caught_up(sources=[link.east])
        application.wait_for(20)
    link.same()


def test_read_only_locks_pass(link):
    """Whoever reads with locks at the source is not in Ringway's way, and Ringway not in his."""
    link.both(*TABLE)
    with link.east.connect(link.db, autocommit=False) as connection, connection.cursor() as cursor:
        cursor.execute('SELECT * FROM t FOR UPDATE')
        link.run(link.west, 'INSERT INTO own VALUES (500, 1)')
        link.caught_up(sources=[link.west])
        connection.rollback()
    link.same()


@pytest.mark.pairs(('mariadb', 'mysql'))
def test_a_backlog_in_short_windows(pair):
    """With window_ms a backlog goes in many windows instead of a few, and all of it arrives."""
    with contextlib.closing(Scenario(pair.fresh(), options={'window_ms': 1, 'busy_percent': 50})) as link:
        link.both(*TABLE)
        link.begin()
        link.cmd('pause', '--link', 'east->west')
        link.wait_state('paused', link='east->west')
        with Load(link.east, link.db, lambda c, i: c.execute(f'UPDATE t SET east = east + 1 WHERE id = {i % 20}'), limit=1500) as backlog:
            backlog.join(120)
        before = link.west.one('SELECT MAX(seq) FROM ringway.progress WHERE source = 1')
        link.cmd('resume', '--link', 'east->west')
        link.caught_up(sources=[link.east])
        assert link.west.one('SELECT MAX(seq) FROM ringway.progress WHERE source = 1') - before > 10
        link.same()
