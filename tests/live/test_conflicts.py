"""Conflicts: two sites write one row before either has seen the other's write. Found by who had seen what, settled the same at both
sites, recorded with all rows."""

import contextlib
import json
import pathlib

import pytest

from scenario import Scenario

TABLE = ('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40), n INT) ENGINE=InnoDB',
         "INSERT INTO t VALUES (1, 'one', 1), (2, 'two', 2), (3, 'three', 3)")


@pytest.fixture
def lww(pair):
    pair.fresh()
    with contextlib.closing(Scenario(pair, options={'conflict': 'last_write_wins'})) as scenario:
        scenario.begin()
        yield scenario


def apart(link, east, west):
    """Both applications write while the links are paused; the first list commits first."""
    link.pause_all()
    link.run(link.east, *east)
    link.run(link.west, *west)
    link.resume_all()


def records(server):
    names = ('link', 'kind', 'policy', 'verdict', 'table_name', 'before_row', 'incoming_row', 'current_row', 'origin', 'current_origin',
             'stamp_us', 'current_stamp_us', 'gtid', 'current_gtid', 'operation')
    rows = server.sql(f"SELECT {', '.join(names)} FROM ringway.conflict ORDER BY id")
    found = [dict(zip(names, row)) for row in rows]
    for record in found:
        for side in ('before_row', 'incoming_row', 'current_row'):
            record[side] = json.loads(record[side]) if record[side] else None
    return found


def kinds(link):
    return {r['kind'] for r in records(link.west) + records(link.east)}


CASES = {
    'insert/insert': ("INSERT INTO t VALUES (9, 'east', 0)", "INSERT INTO t VALUES (9, 'west', 0)", [(9, 'west', 0)]),
    'update/update': ("UPDATE t SET v = 'east' WHERE id = 1", "UPDATE t SET v = 'west' WHERE id = 1", [(1, 'west', 1)]),
    'update/delete': ("UPDATE t SET v = 'east' WHERE id = 1", 'DELETE FROM t WHERE id = 1', []),
    'delete/update': ('DELETE FROM t WHERE id = 1', "UPDATE t SET v = 'west' WHERE id = 1", [(1, 'west', 1)]),
    'delete/delete': ('DELETE FROM t WHERE id = 1', 'DELETE FROM t WHERE id = 1', []),
}


@pytest.mark.parametrize('case', CASES)
def test_the_later_write_wins(lww, case):
    first, second, left = CASES[case]
    lww.both(*TABLE)
    apart(lww, [first], ['DO SLEEP(1.1)', second])
    lww.same()
    key = left[0][0] if left else 1
    assert lww.rows(lww.west, f't WHERE id = {key}') == left
    here, there = records(lww.west), records(lww.east)
    assert [(r['kind'], r['verdict'], r['policy']) for r in here] == [(case, 'target', 'last_write_wins')], here
    assert [(r['kind'], r['verdict']) for r in there] == [('/'.join(reversed(case.split('/'))), 'source')], there
    assert here[0]['stamp_us'] < here[0]['current_stamp_us'] and here[0]['gtid'] and here[0]['current_gtid'] == there[0]['gtid']
    for link in lww.status()['links']:
        rows = link['rows']
        assert rows['captured'] == rows['applied'] + rows['filtered'] + rows['discarded'], rows
        assert link['conflicts'] == 1 and link['drift'] == 0, link


def test_a_value_that_came_back(lww):
    """ABA: the row looks untouched, and was written all the same."""
    lww.both(*TABLE)
    apart(lww, ["UPDATE t SET v = 'east' WHERE id = 1"], ['DO SLEEP(1.1)', "UPDATE t SET v = 'else' WHERE id = 1", "UPDATE t SET v = 'one' WHERE id = 1"])
    lww.same()
    assert lww.rows(lww.west, 't WHERE id = 1') == [(1, 'one', 1)]
    assert [r['kind'] for r in records(lww.west)] == ['update/update']


def test_many_writes_to_one_row_on_each_side(lww):
    lww.both(*TABLE)
    apart(lww, [f"UPDATE t SET n = {i} WHERE id = 2" for i in range(10, 40)], ['DO SLEEP(1.1)', *(f"UPDATE t SET n = {i} WHERE id = 2" for i in range(50, 80))])
    lww.same()
    assert lww.rows(lww.east, 't WHERE id = 2') == [(2, 'two', 79)]


def test_a_write_that_saw_the_other_is_no_conflict(lww):
    lww.both(*TABLE)
    for n in range(10):
        lww.run(lww.east, f"UPDATE t SET v = 'east {n}' WHERE id = 1")
        lww.caught_up()
        lww.run(lww.west, f"UPDATE t SET v = 'west {n}' WHERE id = 1")
        lww.caught_up()
    lww.same()
    assert records(lww.east) == records(lww.west) == []


def test_a_changed_key(lww):
    lww.both(*TABLE)
    apart(lww, ["UPDATE t SET id = 11 WHERE id = 1"], ['DO SLEEP(1.1)', "UPDATE t SET v = 'west' WHERE id = 1"])
    lww.same()
    assert lww.rows(lww.west, 't WHERE id IN (1, 11)') == [(1, 'west', 1), (11, 'one', 1)]


def test_a_unique_value_claimed_twice(lww):
    lww.both('CREATE TABLE u (id INT PRIMARY KEY, mail VARCHAR(40), nick VARCHAR(40), UNIQUE KEY (mail), UNIQUE KEY (nick)) ENGINE=InnoDB')
    apart(lww, ["INSERT INTO u VALUES (1, 'a@b', 'x'), (2, 'c@d', 'z')"], ['DO SLEEP(1.1)', "INSERT INTO u VALUES (3, 'a@b', 'y'), (4, 'e@f', 'z')"])
    lww.same()
    assert [row[0] for row in lww.rows(lww.west, 'u')] == [3, 4]
    assert kinds(lww) - {'delete/delete'} == {'unique'}      # both sites met the clash, and each deleted the row that lost


def test_compound_string_keys(lww):
    """The duplicate of a report about a Galera cluster: settled, recorded, nothing stops."""
    key = '65eJ8RmzASppBuQD2Iz73AAy8gPKIEmP-2018-08-03 08:30:03'
    lww.both('CREATE TABLE s (token VARCHAR(64), at DATETIME, v INT, PRIMARY KEY (token, at)) ENGINE=InnoDB')
    apart(lww, [f"INSERT INTO s VALUES ('{key}', '2018-08-03 08:30:03', 1)"], ['DO SLEEP(1.1)', f"INSERT INTO s VALUES ('{key}', '2018-08-03 08:30:03', 2)"])
    lww.same()
    assert [row[2] for row in lww.rows(lww.east, 's')] == [2]
    assert records(lww.west)[0]['incoming_row']['token'] == key


def test_a_child_without_its_parent(lww):
    lww.both('CREATE TABLE p (id INT PRIMARY KEY) ENGINE=InnoDB',
             'CREATE TABLE c (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id)) ENGINE=InnoDB',
             'INSERT INTO p VALUES (1), (2)')
    apart(lww, ['DELETE FROM p WHERE id = 1'], ['INSERT INTO c VALUES (10, 1)', 'INSERT INTO c VALUES (11, 2)'])
    lww.same()
    assert lww.rows(lww.west, 'p') == [(2,)] and lww.rows(lww.west, 'c') == [(11, 2)]
    assert kinds(lww) - {'delete/delete'} == {'foreign_key'}


def test_after_a_restart(lww):
    """The memory of last writers is rebuilt from the log."""
    lww.both(*TABLE)
    lww.pause_all()
    lww.run(lww.east, "UPDATE t SET v = 'east' WHERE id = 1")
    lww.run(lww.west, 'DO SLEEP(1.1)', "UPDATE t SET v = 'west' WHERE id = 1", "UPDATE t SET v = 'one' WHERE id = 1")
    lww.kill9()
    lww.resume_all()
    lww.start()
    lww.same()
    assert lww.rows(lww.east, 't WHERE id = 1') == [(1, 'one', 1)]
    assert [r['verdict'] for r in records(lww.west)] == ['target']


def test_a_row_of_a_large_transaction(pair):
    pair.fresh()
    with contextlib.closing(Scenario(pair, options={'conflict': 'last_write_wins', 'window_bytes': '64K'})) as link:
        link.begin()
        link.both('CREATE TABLE big (id INT PRIMARY KEY, v VARCHAR(100)) ENGINE=InnoDB',
                  "INSERT INTO big WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT i, REPEAT('x', 90) FROM n")
        apart(link, ["UPDATE big SET v = REPEAT('e', 90)"], ['DO SLEEP(1.1)', "UPDATE big SET v = 'west' WHERE id = 700"])
        link.same()
        assert link.rows(link.east, 'big WHERE id = 700') == [(700, 'west')]
        assert [r['verdict'] for r in records(link.west)] == ['target']


@pytest.mark.pairs(('mariadb', 'mysql'))
def test_a_memory_larger_than_allowed(pair):
    """What does not fit goes to a file, and is as exact there."""
    pair.fresh()
    with contextlib.closing(Scenario(pair, options={'conflict': 'last_write_wins', 'memory_bytes': '1M'})) as link:
        link.begin()
        link.both('CREATE TABLE many (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB',
                  *[f"INSERT INTO many WITH RECURSIVE n (i) AS (SELECT {k} UNION ALL SELECT i + 1 FROM n WHERE i < {k + 899}) SELECT i, '' FROM n"
                    for k in range(1, 36000, 900)])
        apart(link, [f"UPDATE many SET v = 'east' WHERE id = {id}" for id in range(1000, 36000, 1000)],
              ['DO SLEEP(1.1)', *[f"UPDATE many SET v = 'west' WHERE id BETWEEN {k} AND {k + 899}" for k in range(1, 36000, 900)]])
        link.caught_up()
        files = [p.readlink() for p in pathlib.Path(f'/proc/{link.process.pid}/fd').iterdir()]
        assert any('ringway' in str(f) and str(f).endswith('(deleted)') for f in files), files
        link.same()
        assert link.west.one("SELECT COUNT(*) FROM many WHERE v <> 'west'") == 0
        assert len(records(link.west)) == len(records(link.east)) == 35
