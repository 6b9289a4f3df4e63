"""What becomes of a conflict is the table's policy: counters that add up, columns that merge, sites with ranks, a link that stops."""

import contextlib

import pytest

from scenario import Scenario, unlogged
from test_conflicts import apart, kinds, records
from wait import wait_until

TABLE = ('CREATE TABLE t (id INT PRIMARY KEY, balance DECIMAL(12,2), hits INT UNSIGNED, note VARCHAR(40)) ENGINE=InnoDB',
         "INSERT INTO t VALUES (1, 100.00, 5, 'start'), (2, 50.00, 0, NULL)")


@pytest.fixture
def ruled(pair):
    """A Ringway whose table t has the policy that the test asks for."""
    pair.fresh()
    with contextlib.ExitStack() as stack:
        def start(policy, **options):
            scenario = Scenario(pair, options={'conflict': 'last_write_wins', **options}, sections=f'[table {pair.db}.t]\nconflict = {policy}\n')
            stack.enter_context(contextlib.closing(scenario))
            scenario.begin()
            return scenario
        yield start


def test_delta_adds_up(ruled):
    link = ruled('delta(balance, hits)')
    link.both(*TABLE)
    apart(link, ['UPDATE t SET balance = balance + 10.5, hits = hits + 1 WHERE id = 1', "UPDATE t SET balance = balance - 1, note = 'east' WHERE id = 1"],
          ['DO SLEEP(1.1)', "UPDATE t SET balance = balance - 30.25, hits = hits + 2, note = 'west' WHERE id = 1"])
    link.same()
    assert [tuple(map(str, row)) for row in link.rows(link.west, 't WHERE id = 1')] == [('1', '79.25', '8', 'west')]
    assert {r['verdict'] for r in records(link.west)} == {'add'}


def test_delta_of_rows_made_at_both_sites(ruled):
    link = ruled('delta(balance)')
    link.both(*TABLE)
    apart(link, ["INSERT INTO t VALUES (9, 10, 1, 'east')"], ['DO SLEEP(1.1)', "INSERT INTO t VALUES (9, 5, 1, 'west')", 'UPDATE t SET balance = balance + 2 WHERE id = 9'])
    link.same()
    assert [tuple(map(str, row)) for row in link.rows(link.east, 't WHERE id = 9')] == [('9', '17.00', '1', 'west')]


def test_delta_ends_with_a_delete(ruled):
    """A delete ends the row, whatever was added meanwhile; a new row begins from nothing."""
    link = ruled('delta(balance)')
    link.both(*TABLE)
    apart(link, ['DELETE FROM t WHERE id = 1', "INSERT INTO t VALUES (1, 3, 0, 'anew')"], ['DO SLEEP(1.1)', 'UPDATE t SET balance = balance + 7 WHERE id = 1'])
    link.same()
    assert [tuple(map(str, row)) for row in link.rows(link.west, 't WHERE id = 1')] == [('1', '3.00', '0', 'anew')]


@pytest.mark.parametrize('policy', ['merge', 'delta(balance)'])
def test_a_column_that_the_server_sets_by_itself(ruled, policy):
    """A change that does not take the column leaves it as it is, and does not let the server set it."""
    link = ruled(policy)
    link.both(TABLE[0].replace('note VARCHAR(40)', 'note VARCHAR(40), at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)'),
              "INSERT INTO t VALUES (1, 100.00, 5, 'start', '2020-01-01')")
    apart(link, ['UPDATE t SET balance = balance + 1 WHERE id = 1'], ['DO SLEEP(1.1)', 'UPDATE t SET hits = 22 WHERE id = 1'])
    link.same()
    assert [tuple(map(str, row)) for row in link.rows(link.west, 't WHERE id = 1', 'balance, hits')] == [('101.00', '22')]


def test_merge_column_by_column(ruled):
    link = ruled('merge')
    link.both(*TABLE)
    apart(link, ["UPDATE t SET note = 'east', hits = 11 WHERE id = 1"], ['DO SLEEP(1.1)', 'UPDATE t SET balance = 1.5, hits = 22 WHERE id = 1'])
    link.same()
    assert [tuple(map(str, row)) for row in link.rows(link.west, 't WHERE id = 1')] == [('1', '1.50', '22', 'east')]
    assert {r['verdict'] for r in records(link.west)} == {'merge'}


def test_site_priority(ruled):
    link = ruled('site_priority(east, west)')
    link.both(*TABLE)
    apart(link, ["UPDATE t SET note = 'east' WHERE id = 1"], ['DO SLEEP(1.1)', "UPDATE t SET note = 'west' WHERE id = 1", "UPDATE t SET note = 'west' WHERE id = 2"])
    link.same()
    assert [row[3] for row in link.rows(link.west, 't')] == ['east', 'west']


def test_error_stops_and_goes_on_when_resumed(ruled):
    link = ruled('error')
    link.both(*TABLE)
    apart(link, ["UPDATE t SET note = 'east' WHERE id = 1"], ["UPDATE t SET note = 'west' WHERE id = 1"])
    for name, server in (('east->west', link.west), ('west->east', link.east)):
        error = link.wait_stopped(name)
        assert 'conflict' in error and f'{link.db}.t' in error, error
    unlogged(link.west, f'USE `{link.db}`', "UPDATE t SET note = 'start' WHERE id = 1")
    link.cmd('resume', '--link', 'east->west')
    link.cmd('skip', '--link', 'west->east')
    link.same()
    assert link.rows(link.west, 't WHERE id = 1')[0][3] == 'east'


def test_a_policy_that_cannot_hold_is_refused(ruled):
    link = ruled('delta(note)')
    link.both(*TABLE)
    link.run(link.east, 'UPDATE t SET hits = 6 WHERE id = 1')
    error = link.wait_stopped('east->west')
    assert 'delta' in error and 'note' in error and 'DECIMAL' in error, error


def test_drift_may_take_the_source(ruled):
    link = ruled('last_write_wins', drift='source')
    link.both(*TABLE)
    unlogged(link.west, f'USE `{link.db}`', "UPDATE t SET note = 'spoilt' WHERE id = 1", 'DELETE FROM t WHERE id = 2')
    link.run(link.east, "UPDATE t SET hits = 6 WHERE id = 1", 'UPDATE t SET hits = 7 WHERE id = 2')
    link.same()
    assert [row[2] for row in link.rows(link.west, 't')] == [6, 7]
    assert kinds(link) == {'drift'}
    assert link.link()['drift'] == 2 and link.link()['conflicts'] == 0


def test_large_values_are_kept_whole(ruled):
    link = ruled('last_write_wins')
    link.both('CREATE TABLE t (id INT PRIMARY KEY, doc LONGTEXT) ENGINE=InnoDB', "INSERT INTO t VALUES (1, 'x')")
    apart(link, ["UPDATE t SET doc = REPEAT('east', 5000) WHERE id = 1"], ['DO SLEEP(1.1)', "UPDATE t SET doc = REPEAT('west', 6000) WHERE id = 1"])
    link.same()
    record = records(link.west)[0]
    assert record['incoming_row']['doc']['bytes'] == 20000 and record['current_row']['doc']['bytes'] == 24000
    values = {row[0]: row[1] for row in link.west.sql('SELECT side, value FROM ringway.conflict_value')}
    assert values == {'incoming': b'east' * 5000, 'current': b'west' * 6000}
