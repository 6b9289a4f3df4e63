"""Two processes for the same links: one applies, the other waits, says so, and takes over when the first is gone: dead, cut off
from its target, or frozen. Never do two apply."""

import contextlib
import signal

import pytest

from load import Load
from ringway import Ringway
from wait import wait_until
from wire import Wire

PAIRS = [('mariadb', 'mysql'), ('mysql', 'mysql')]
TABLE = 'CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v INT) ENGINE=InnoDB'
LINKS = ('east->west', 'west->east')
TAKEOVER_S = 10


@pytest.fixture
def two(link):
    """The process that runs, and one that waits."""
    link.both(TABLE)
    second = Ringway(link.sites, options={**link.options, 'http': ''})
    second.db = link.db
    second.start(wait=False)
    wait_until(lambda: second.log().count('; waiting for it') == len(LINKS), 30, 'the second one waits, and says so')
    yield link, second
    for ringway in (link, second):
        if ringway.process is not None:
            ringway.process.send_signal(signal.SIGCONT)
    second.close()


def took_over(ringway, since=''):
    """Both links run here."""
    log = ringway.log()[len(since):]
    return all(f'[{name}] running from' in log for name in LINKS)


def write(cursor, i):
    cursor.execute('INSERT INTO t (v) VALUES (%s)', (i,))
    cursor.execute('UPDATE t SET v = v + 1 WHERE MOD(id, 7) = %s', (i % 7,))


def test_the_first_is_killed(two):
    first, second = two
    first.run(first.east, 'INSERT INTO t (v) VALUES (1)')
    first.same()
    assert 'running from' not in second.log()
    first.kill9()
    wait_until(lambda: took_over(second), TAKEOVER_S, 'the second one runs')
    first.process, second.process = second.process, None        # it is the one that is waited for from now on
    first.run(first.west, 'INSERT INTO t (v) VALUES (2)')
    first.same()


def test_the_first_is_frozen_and_wakes_up(two):
    """In the middle of its work. What it had begun is undone, and it finds itself waiting."""
    first, second = two
    with Load(first.east, first.db, write, pause=0.005) as load:
        load.wait_for(30)
        for frozen, other in ((first, second), (second, first)):
            seen = {r: r.log() for r in (frozen, other)}
            frozen.process.send_signal(signal.SIGSTOP)
            wait_until(lambda: took_over(other, seen[other]), TAKEOVER_S, lambda: f'the other one runs\n{other.tail()}')
            load.wait_for(30)
            frozen.process.send_signal(signal.SIGCONT)
            wait_until(lambda: frozen.log()[len(seen[frozen]):].count('; waiting for it') >= len(LINKS), 30, 'it waits now')
            load.wait_for(30)
    first.same()
    assert not first.conflicts(first.west) and not first.conflicts(first.east)


def test_a_frozen_process_keeps_no_rows_from_applications(link):
    """Without any standby, too: the server undoes what it had begun."""
    link.both(TABLE)
    link.run(link.east, 'INSERT INTO t (v) VALUES (0)')
    link.same()
    with Load(link.east, link.db, write, pause=0.01) as load:
        for _ in range(5):
            load.wait_for(10)
            link.process.send_signal(signal.SIGSTOP)
            try:
                with link.west.connect(link.db, read_timeout=TAKEOVER_S) as connection, connection.cursor() as cursor:
                    cursor.execute('SET innodb_lock_wait_timeout = %s', (TAKEOVER_S,))
                    cursor.execute('SELECT COUNT(*) FROM t FOR UPDATE')
            finally:
                link.process.send_signal(signal.SIGCONT)
    link.same()


def test_the_first_is_cut_off_from_its_target(scenario):
    scenario.both(TABLE)
    with contextlib.closing(Wire(scenario.west)) as wire, contextlib.closing(Ringway(scenario.sites, options={'http': ''})) as second:
        direct = scenario.conf.read_text()
        scenario.conf.write_text(direct.replace(scenario.west.address, wire.address))
        scenario.begin()
        scenario.run(scenario.east, 'INSERT INTO t (v) VALUES (1)')
        scenario.same()
        second.start('--link', 'east->west', wait=False)
        wait_until(lambda: 'waiting for it' in second.log(), 30, 'the second one waits')
        wire.cut()
        wait_until(lambda: '[east->west] running from' in second.log(), TAKEOVER_S, 'the second one runs')
        scenario.run(scenario.east, 'INSERT INTO t (v) VALUES (2)')
        wait_until(lambda: scenario.rows(scenario.west, 't WHERE v = 2'), 20, 'it applies')
        wire.mend()
        scenario.same()


def test_a_paused_link(two):
    """Whichever of them holds it: the other one resumes it when that one is frozen."""
    first, second = two
    first.cmd('pause', '--link', 'east->west')
    wait_until(lambda: any('[east->west] paused' in r.log() for r in two), 30, 'one of them pauses')
    holder, other = (first, second) if '[east->west] paused' in first.log() else (second, first)
    holder.process.send_signal(signal.SIGSTOP)
    wait_until(lambda: '[east->west] paused' in other.log(), TAKEOVER_S, 'the other one pauses')
    with first.east.connect(first.db) as connection, connection.cursor() as cursor:
        cursor.execute('INSERT INTO t (v) VALUES (1)')
        connection.commit()
    first.cmd('resume', '--link', 'east->west')
    wait_until(lambda: first.rows(first.west, 't'), 20, 'the row arrives')
    holder.process.send_signal(signal.SIGCONT)
    first.same()
