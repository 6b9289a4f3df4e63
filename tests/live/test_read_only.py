"""A site that only receives, and what happens when an application writes there all the same."""

import contextlib

import pytest

from scenario import Scenario
from wait import wait_until

PAIRS = [('mariadb', 'mysql')]
TABLE = 'CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20), u INT UNIQUE) ENGINE=InnoDB'


@pytest.fixture
def one_way(pair):
    pair.fresh()
    pair.west.site_options = {'read_only': 'yes'}
    try:
        with contextlib.closing(Scenario(pair, options={'conflict': 'last_write_wins'})) as scenario:
            scenario.both(TABLE, "INSERT INTO t VALUES (1, 'start', 1), (2, 'start', 2)")
            yield scenario
            if scenario.running():
                scenario.stop()
    finally:
        del pair.west.site_options


def arrived(scenario):
    scenario.caught_up(30, sources=[scenario.east])


def wait_local(scenario, n):
    wait_until(lambda: scenario.link()['local_writes'] >= n, 20, lambda: f'{n} local writes: {scenario.link()}')
    assert scenario.link()['local_writes'] == n


def test_one_way(one_way):
    one_way.grant()
    told = one_way.init().stdout
    assert 'link east->west: starts' in told and 'west->east' not in told
    one_way.start()
    assert list(one_way.links()) == ['east->west']
    one_way.run(one_way.east, "INSERT INTO t VALUES (3, 'east', 3)", 'ALTER TABLE t ADD COLUMN w INT')
    arrived(one_way)
    assert len(one_way.rows(one_way.west, 't', 'id, v, u, w')) == 3
    assert one_way.link()['local_writes'] == 0 and 'read_only' not in one_way.cmd('status').stdout


def test_an_application_writes_there(one_way):
    one_way.begin()
    one_way.run(one_way.west, "UPDATE t SET v = 'west' WHERE id = 1")
    wait_local(one_way, 1)
    assert 'east->west: applications wrote at west, which is read_only: 1 transaction, which no other site gets' in one_way.cmd('status').stdout
    one_way.transaction(one_way.west, "INSERT INTO t VALUES (10, 'west', 10)", "DELETE FROM t WHERE id = 2")
    wait_local(one_way, 2)
    assert one_way.log().count('is read_only, but') == 1 and f'changes {one_way.db}.t; this goes to no other site' in one_way.log()

    # a later write of the same row is a conflict; a row that breaks a constraint with it goes by a transaction that is no application's
    one_way.run(one_way.east, 'DO SLEEP(1.1)', "UPDATE t SET v = 'east' WHERE id = 1", "INSERT INTO t VALUES (11, 'east', 10)")
    arrived(one_way)
    assert one_way.rows(one_way.west, 't', 'id, v') == [(1, 'east'), (11, 'east')]
    assert one_way.link()['conflicts'] == 2

    # what the log shows once more after a lost connection is not counted once more
    for (id, user, *_) in one_way.west.sql('SHOW PROCESSLIST'):
        if user == 'ringway':
            with contextlib.suppress(Exception):
                one_way.west.sql(f'KILL {id}')
    one_way.run(one_way.east, "INSERT INTO t VALUES (4, 'east', 4)")
    arrived(one_way)
    one_way.run(one_way.west, "UPDATE t SET v = 'west' WHERE id = 4")
    wait_local(one_way, 3)
    assert one_way.log().count('is read_only, but') == 1


def test_what_is_not_replicated_may_be_written(one_way):
    one_way.write_conf(ignore_tables=f'{one_way.db}.t')
    one_way.begin()
    one_way.run(one_way.west, "UPDATE t SET v = 'west'")
    one_way.run(one_way.west, "UPDATE mark SET n = -1 WHERE site = 'west'")
    wait_local(one_way, 1)
    assert f'changes {one_way.db}.mark;' in one_way.log()
