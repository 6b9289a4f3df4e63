"""Policy `error`: a row that is not what the change expects stops the link, whole and at once, and says everything."""

import pytest

import compare
from scenario import unlogged
from wait import wait_until

TABLE = ('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20), n INT) ENGINE=InnoDB',
         "INSERT INTO t VALUES (1, 'one', 1), (2, 'two', 2), (3, 'three', 3)")

# what the operator did behind Ringway's back at west; what the application then does at east; what the message shows
CASES = {
    'row is there already': ("INSERT INTO t VALUES (10, 'mine', 10)", "INSERT INTO t VALUES (10, 'theirs', 11)",
                             ('10', 'mine', 'theirs')),
    'row to update is missing': ('DELETE FROM t WHERE id = 1', "UPDATE t SET v = 'new' WHERE id = 1", ('1', 'one', 'new')),
    'row to delete is missing': ('DELETE FROM t WHERE id = 2', 'DELETE FROM t WHERE id = 2', ('2', 'two')),
    'row to update differs': ("UPDATE t SET n = 99 WHERE id = 3", "UPDATE t SET v = 'new' WHERE id = 3", ('3', '99', 'new')),
    'row to delete differs': ("UPDATE t SET v = 'Three' WHERE id = 3", 'DELETE FROM t WHERE id = 3', ('3', 'Three', 'three')),
}


def spoil(link, statement):
    unlogged(link.west, f'USE `{link.db}`', statement)


@pytest.mark.parametrize('case', CASES)
def test_stops_says_why_and_skips(link, case):
    behind, change, shown = CASES[case]
    link.both(*TABLE)
    link.caught_up()
    spoil(link, behind)
    before = compare.rows(link.west, link.db, 't', compare.columns(link.west, link.db, 't'))

    link.transaction(link.east, "INSERT INTO t VALUES (100, 'same transaction', 0)", change)
    gtid = link.east.gtid_position().split(',')[-1].split(':')[-1].split('-')[-1]
    link.run(link.east, "INSERT INTO t VALUES (200, 'the next one', 0)")
    error = link.wait_stopped()

    # nothing of the transaction, and nothing after it
    after = compare.rows(link.west, link.db, 't', compare.columns(link.west, link.db, 't'))
    assert after == before
    assert f'{link.db}.t' in error and gtid in error, error
    for word in shown:
        assert word in error, error
    assert 'skip' in error, f'the message says how to go on: {error}'

    # the way back does not mind
    link.run(link.west, "INSERT INTO t VALUES (300, 'the other way', 0)")
    link.caught_up(sources=[link.west])

    link.cmd('skip', '--link', 'east->west')
    link.caught_up()
    assert [row[0] for row in link.rows(link.west, 't') if row[0] >= 100] == [200, 300]
    assert link.link()['error'] is None
    skipped = [c for c in link.conflicts() if c['kind'] == 'skipped']
    assert skipped, link.conflicts()
    rows = link.link()['rows']
    assert rows['discarded'] == 2 and rows['captured'] == rows['applied'] + rows['filtered'] + rows['discarded'], rows


def last_gtid(server):
    """Of the newest transaction in its log: both flavours count up within a domain or uuid, and nothing else writes now."""
    position = server.gtid_position().split(',')[-1]
    source, _, numbers = position.rpartition(':')
    return f"{source}:{numbers.rpartition('-')[2]}" if source else position


def test_both_sites_wrote_the_same_key(link):
    link.both(*TABLE)
    link.pause_all()
    link.run(link.east, "INSERT INTO t VALUES (50, 'east', 1)")
    link.run(link.west, "INSERT INTO t VALUES (50, 'west', 2)")
    mine = {s.name: last_gtid(s) for s in link.pair()}
    link.resume_all()
    for name, incoming, there in (('east->west', mine['east'], mine['west']), ('west->east', mine['west'], mine['east'])):
        error = link.wait_stopped(name)
        assert f'{link.db}.t' in error and f'(GTID {incoming})' in error and f'written there last by GTID {there};' in error, error
    assert link.rows(link.east, 't')[-1] == (50, 'east', 1) and link.rows(link.west, 't')[-1] == (50, 'west', 2)


def test_a_unique_value_is_taken(link):
    link.both('CREATE TABLE u (id INT PRIMARY KEY, mail VARCHAR(20), UNIQUE KEY (mail)) ENGINE=InnoDB')
    spoil(link, "INSERT INTO u VALUES (1, 'a@b')")
    link.run(link.east, "INSERT INTO u VALUES (2, 'a@b')")
    error = link.wait_stopped()
    assert f'{link.db}.u' in error and 'a@b' in error, error
    assert link.rows(link.west, 'u') == [(1, 'a@b')]


def test_a_missing_table_stops_the_link(link):
    link.both(*TABLE)
    spoil(link, 'DROP TABLE t')
    link.run(link.east, "INSERT INTO t VALUES (10, '', 0)")
    assert f'{link.db}.t' in link.wait_stopped()


def test_another_type_stops_the_link(link):
    """Silent corruption is the worst: the target's column is too small for what comes."""
    link.both(*TABLE)
    spoil(link, 'ALTER TABLE t MODIFY n SMALLINT')
    link.run(link.east, "INSERT INTO t VALUES (10, '', 70000)")
    error = link.wait_stopped()
    assert f'{link.db}.t' in error and '`n`' in error or ' n' in error, error
    assert len(link.rows(link.west, 't')) == 3


def test_mended_by_hand_it_goes_on(link):
    link.both(*TABLE)
    spoil(link, 'DELETE FROM t WHERE id = 1')
    link.run(link.east, "UPDATE t SET v = 'uno' WHERE id = 1")
    link.wait_stopped()
    spoil(link, "INSERT INTO t VALUES (1, 'one', 1)")
    link.cmd('resume', '--link', 'east->west')
    link.same()
    assert link.conflicts() == []


def test_a_stop_survives_a_restart(link):
    link.both(*TABLE)
    spoil(link, 'DELETE FROM t WHERE id = 1')
    link.run(link.east, "UPDATE t SET v = 'uno' WHERE id = 1")
    link.wait_stopped()
    link.kill9()
    link.start(wait=False)
    wait_until(lambda: link.log().count('stopped: ') >= 2, 20, 'it stops again')
    link.wait_stopped()
    link.cmd('skip', '--link', 'east->west')
    link.caught_up()
