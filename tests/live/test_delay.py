"""A link that stays behind its source by a time, against human error."""

import contextlib
import time

import pytest

from scenario import Scenario
from wait import wait_until

PAIRS = [('mariadb', 'mysql'), ('mysql', 'mariadb')]
TABLE = 'CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(1000)) ENGINE=InnoDB'


@contextlib.contextmanager
def delayed(pair, seconds, **options):
    scenario = Scenario(pair.fresh(), options=options, sections=f'[link east->west]\ndelay_s = {seconds}\n')
    scenario.both(TABLE)
    scenario.begin()
    try:
        yield scenario
    finally:
        scenario.close()


def ids(link):
    return [row[0] for row in link.rows(link.west, 't', 'id')]


def test_each_transaction_waits_for_its_time(pair):
    """MariaDB's log knows whole seconds, so a second less is right there."""
    with delayed(pair, 4) as link:
        committed = {}
        for id in range(3):
            link.run(link.east, f"INSERT INTO t VALUES ({id}, 'x')")
            committed[id] = time.monotonic()
            time.sleep(1.2)
        arrived = {}

        def all_there():
            for id in ids(link):
                arrived.setdefault(id, time.monotonic())
            return len(arrived) == len(committed)
        wait_until(all_there, 30, 'all rows', every=0.05)
        waited = {id: arrived[id] - committed[id] for id in committed}
        assert all(2.8 < seconds < 15 for seconds in waited.values()), waited
        one = link.link()
        assert one['delay_s'] == 4 and one['retries'] == 0 and link.link('west->east')['delay_s'] == 0
        link.run(link.west, "INSERT INTO t VALUES (100, 'back at once')")
        wait_until(lambda: len(link.rows(link.east, 't')) == 4, 3, 'the way back has no delay')
        link.same()


def test_a_mistake_is_stopped_on_its_way(pair):
    with delayed(pair, 3600) as link:
        link.run(link.east, "INSERT INTO t VALUES (1, 'x')", 'DROP TABLE t')
        wait_until(lambda: (lambda one: one['state'] == 'running' and (one['lag_s'] or 0) >= 1)(link.link()), 20, 'the lag is shown')
        assert ids(link) == []
        link.cmd('pause', '--link', 'east->west')
        link.wait_state('paused', link='east->west')
        link.stop()
        assert ids(link) == []                      # and the table is still there


@pytest.mark.pairs(('mariadb', 'mysql'))
def test_more_than_fits_in_memory(pair):
    """The source keeps what was not read yet, and is not given up meanwhile."""
    with delayed(pair, 12, window_bytes='256K') as link:
        for first in range(0, 12000, 1000):
            link.run(link.east, 'INSERT INTO t VALUES ' + ', '.join(f"({first + i}, '{'x' * 900}')" for i in range(1000)))
        wait_until(lambda: (link.link()['lag_s'] or 0) >= 11, 30, 'the lag grows to the delay')
        link.same()
        assert link.link()['retries'] == 0 and link.memory_peak_kib() < 64 * 1024


@pytest.mark.pairs(('mariadb', 'mysql'))
def test_stop_and_start_do_not_wait(pair):
    with delayed(pair, 6) as link:
        link.run(link.east, "INSERT INTO t VALUES (1, 'x')")
        wait_until(lambda: (link.link()['lag_s'] or 0) >= 1, 20, 'it waits')
        link.stop(timeout=5)
        assert ids(link) == []
        link.start()
        link.same()


@pytest.mark.pairs(('mariadb', 'mysql'))
def test_a_day(pair):
    """What began two hours ago by MariaDB's log waits, what began two days ago does not."""
    with delayed(pair, 86400) as link:
        link.run(link.east, 'SET timestamp = UNIX_TIMESTAMP() - 172800', "INSERT INTO t VALUES (1, 'x')", 'SET timestamp = DEFAULT',
                 'SET timestamp = UNIX_TIMESTAMP() - 7200', "INSERT INTO t VALUES (2, 'x')", 'SET timestamp = DEFAULT')
        wait_until(lambda: ids(link), 20, 'the old one')
        wait_until(lambda: 7200 <= (link.link()['lag_s'] or 0) < 7300, 20, 'the other one is seen')
        assert ids(link) == [1]


@pytest.mark.pairs(('mariadb', 'mysql'))
def test_a_time_in_the_future_holds_nothing_up(pair):
    with delayed(pair, 2) as link:
        link.run(link.east, 'SET timestamp = UNIX_TIMESTAMP() + 86400', "INSERT INTO t VALUES (1, 'x')", 'SET timestamp = DEFAULT',
                 "INSERT INTO t VALUES (2, 'x')")
        wait_until(lambda: ids(link) == [1, 2], 20, 'both')
