"""pause, resume, skip; the daemon's end; two daemons at once."""

import os
import signal

import pytest

from wait import wait_until

PAIRS = [('mariadb', 'mariadb'), ('mariadb', 'mysql')]
TABLE = 'CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB'


def test_pause_and_resume(link):
    link.both(TABLE)
    link.cmd('pause', '--link', 'east->west')
    link.wait_state('paused', link='east->west')
    link.run(link.east, "INSERT INTO t VALUES (1, 'waits')")
    link.run(link.west, "INSERT INTO t VALUES (2, 'goes')")
    link.caught_up(sources=[link.west])             # the other direction goes on
    assert link.link('west->east')['state'] in ('running', 'catching_up')
    assert [row[0] for row in link.rows(link.west, 't')] == [2]
    link.cmd('resume', '--link', 'east->west')
    link.same()
    assert link.link()['state'] in ('running', 'catching_up')


def test_a_pause_survives_a_restart(link):
    link.both(TABLE)
    link.cmd('pause', '--link', 'east->west')
    link.wait_state('paused', link='east->west')
    link.stop()
    link.start(wait=False)
    link.run(link.east, "INSERT INTO t VALUES (1, 'waits')")
    link.wait_state('paused', link='east->west')
    link.caught_up(sources=[link.west])
    assert link.rows(link.west, 't') == []
    link.cmd('resume', '--link', 'east->west')
    link.same()


def test_pause_twice_and_unknown_links(link):
    for _ in range(2):
        link.cmd('pause', '--link', 'east->west')
    link.wait_state('paused', link='east->west')
    for _ in range(2):
        link.cmd('resume', '--link', 'east->west')
    link.caught_up()
    result = link.cmd('pause', '--link', 'east->nowhere', expect=2)
    assert 'nowhere' in result.stderr and result.stderr.startswith('ringway: '), result.stderr


def test_skip_without_a_reason_is_refused(link):
    """A link that runs has nothing to skip: the next transaction is nobody's to throw away."""
    link.both(TABLE)
    link.cmd('skip', '--link', 'east->west', expect=None)
    link.run(link.east, "INSERT INTO t VALUES (1, 'kept')")
    link.same()


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_ends_in_order(link, number):
    link.both(TABLE)
    link.run(link.east, *(f"INSERT INTO t VALUES ({i}, 'x')" for i in range(200)))
    os.kill(link.process.pid, number)
    assert link.wait_end() == 0
    link.start()
    link.same()


def test_one_site_only(scenario):
    """--site NAME: only the links into that site; --link A->B: only that one."""
    scenario.both(TABLE)
    scenario.grant()
    scenario.init()
    scenario.start('--site', 'west', wait=False)
    scenario.run(scenario.east, "INSERT INTO t VALUES (1, 'x')")
    scenario.run(scenario.west, "INSERT INTO t VALUES (2, 'y')")
    scenario.caught_up(sources=[scenario.east])
    assert [row[0] for row in scenario.rows(scenario.east, 't')] == [1]
    assert scenario.link('west->east')['state'] == 'down'
    scenario.stop()
    scenario.start('--link', 'west->east', wait=False)
    scenario.caught_up(sources=[scenario.west])
    assert [row[0] for row in scenario.rows(scenario.east, 't')] == [1, 2]
    scenario.stop()
    wait_until(lambda: all(l['state'] == 'down' for l in scenario.links().values()), 10, 'all links down')
