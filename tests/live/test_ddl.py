"""DDL goes both ways, once: it arrives, keeps its place among the rows, and never comes back."""

import re

import pytest

import compare
from scenario import new_schema, unlogged
from load import Load
from wait import wait_until

BASIC = 'CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(50), n INT) ENGINE=InnoDB'


def times_in_log(server, pattern, start=None):
    """How often a statement stands in a server's binary log."""
    return sum(1 for kind, _, text in server.binlog_events(start)
               if kind in ('Query', 'Query_compressed') and re.search(pattern, text, re.I))


@pytest.fixture
def there_and_back(link):
    """Runs statements at one site, waits, compares; the same with other tables at the other site. `{t}` is the
    table's name, different per direction."""
    link.places = {s.name: s.binlog_status() for s in link.pair()}

    def play(*steps, rows=True):
        for server in link.pair():
            for step in steps:
                link.run(server, *(s.replace('{t}', f't_{server.name}') for s in ([step] if isinstance(step, str) else step)))
                link.caught_up()
                compare.assert_same_structure(link.east, link.west, link.db)
                if rows:
                    compare.assert_same(link.east, link.west, [link.db])
    return play


def test_create_alter_drop(link, there_and_back):
    there_and_back(
        "CREATE TABLE {t} (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(50) DEFAULT 'x', n INT) ENGINE=InnoDB",
        "INSERT INTO {t} (v, n) VALUES ('a', 1), ('b', 2)",
        'ALTER TABLE {t} ADD COLUMN added DATETIME(3) NULL AFTER id',
        "UPDATE {t} SET added = '2024-01-01 00:00:00.123'",
        'ALTER TABLE {t} ADD COLUMN (x INT UNSIGNED NOT NULL DEFAULT 7, y TEXT)',
        "INSERT INTO {t} (v, x, y) VALUES ('c', 4000000000, 'text')",
        'ALTER TABLE {t} MODIFY COLUMN v VARCHAR(200) NOT NULL',
        'ALTER TABLE {t} CHANGE COLUMN n number BIGINT',
        "UPDATE {t} SET number = 9000000000000 WHERE v = 'a'",
        'ALTER TABLE {t} DROP COLUMN added',
        "INSERT INTO {t} (v) VALUES ('d')",
        'ALTER TABLE {t} DROP COLUMN y, ADD UNIQUE KEY u (v), ALTER COLUMN x SET DEFAULT 8',
        "INSERT INTO {t} (v) VALUES ('e')",
        'ALTER TABLE {t} RENAME TO {t}_2',
        "DELETE FROM {t}_2 WHERE v = 'a'",
        'RENAME TABLE {t}_2 TO {t}_3',
        "UPDATE {t}_3 SET v = CONCAT(v, '!')",
        'CREATE INDEX i ON {t}_3 (x, v(10))',
        'DROP INDEX i ON {t}_3',
        'TRUNCATE TABLE {t}_3',
        "INSERT INTO {t}_3 (v) VALUES ('first again')",
        'TRUNCATE {t}_3',
        'DROP TABLE {t}_3')


def test_each_statement_runs_once(link, there_and_back):
    statements = ['CREATE TABLE {t} (id INT PRIMARY KEY) ENGINE=InnoDB', 'ALTER TABLE {t} ADD COLUMN once_only INT',
                  'CREATE INDEX i_once ON {t} (once_only)', 'TRUNCATE TABLE {t}', 'DROP TABLE {t}']
    there_and_back(*statements)
    link.caught_up()            # a statement that came back would be here by now
    link.caught_up()
    for server in link.pair():
        for table in ('t_east', 't_west'):
            for pattern in (rf'create table `?{table}`? ', rf'alter table `?{table}`? add column once_only',
                            rf'create index i_once on `?{table}`?', rf'truncate (table )?`?{table}`?', rf'drop table `?{table}`?'):
                assert times_in_log(server, pattern, link.places[server.name]) == 1, (server.name, pattern)
    assert all(l['ddl'] == 5 for l in link.links().values()), link.links()


def test_create_table_in_other_ways(link, there_and_back):
    there_and_back(
        ['CREATE TABLE {t} (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB', "INSERT INTO {t} VALUES (1, 'a'), (2, 'b')"],
        ['CREATE TABLE {t}_like LIKE {t}', "INSERT INTO {t}_like VALUES (1, 'x')"],
        ['CREATE TABLE IF NOT EXISTS {t}_like LIKE {t}', 'CREATE TABLE IF NOT EXISTS {t} (id INT PRIMARY KEY)'],
        'CREATE TABLE {t}_sel (PRIMARY KEY (id)) ENGINE=InnoDB SELECT id, v FROM {t}',
        ['CREATE TABLE {t}_keys (a INT, b VARCHAR(10), c DATE, PRIMARY KEY (a, b), UNIQUE KEY uc (c), KEY k (b, c)) '
         'ENGINE=InnoDB', "INSERT INTO {t}_keys VALUES (1, 'a', '2024-01-01')"],
        ['CREATE TABLE {t}_child (id INT PRIMARY KEY, p INT, CONSTRAINT fk_{t} FOREIGN KEY (p) REFERENCES {t} (id) '
         'ON DELETE CASCADE) ENGINE=InnoDB', 'INSERT INTO {t}_child VALUES (1, 1), (2, NULL)'],
        'CREATE TABLE {t}_part (id INT PRIMARY KEY) ENGINE=InnoDB PARTITION BY HASH (id) PARTITIONS 3',
        'INSERT INTO {t}_part VALUES (1), (2), (3)',
        'DROP TABLE {t}_child, {t}_sel',
        'DROP TABLE IF EXISTS {t}_keys, {t}_nowhere')


def test_text_of_statements(link, there_and_back):
    """Comments, quotes and settings of the session are part of what a statement means."""
    there_and_back(
        ["/* lead */ CREATE /* in */ TABLE {t} ( -- end\n `id` INT PRIMARY KEY, `v;v` VARCHAR(20) DEFAULT ';\\'\"', "
         "`名` VARCHAR(20) DEFAULT 'ä名' COMMENT 'it''s') ENGINE=InnoDB", 'INSERT INTO {t} (id) VALUES (1)'],
        ["SET SESSION sql_mode = 'ANSI_QUOTES'", 'ALTER TABLE "{t}" ADD COLUMN "order" INT', "SET SESSION sql_mode = ''",
         'INSERT INTO {t} (id) VALUES (2)'],
        ["SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'", "ALTER TABLE {t} ADD COLUMN b VARCHAR(9) DEFAULT 'a\\b'",
         "SET SESSION sql_mode = ''", 'INSERT INTO {t} (id) VALUES (3)'],
        ["SET SESSION sql_mode = ''", "ALTER TABLE {t} ADD COLUMN z DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00'",
         'INSERT INTO {t} (id) VALUES (4)'],
        ['SET NAMES latin1', b"ALTER TABLE {t} ADD COLUMN l VARCHAR(9) DEFAULT '\xe4'".decode('latin1'),
         'SET NAMES utf8mb4', 'INSERT INTO {t} (id) VALUES (5)'])


def test_databases(link):
    for server in link.pair():
        db = f'{link.db}_{server.name}'
        link.run(server, f'CREATE DATABASE {db} CHARACTER SET latin1 COLLATE latin1_swedish_ci')
        link.run(server, f'CREATE TABLE {db}.t (id INT PRIMARY KEY, v VARCHAR(10)) ENGINE=InnoDB',
                 f"INSERT INTO {db}.t VALUES (1, 'ä')")
        link.caught_up()
        compare.assert_same(link.east, link.west)
        compare.assert_same_structure(link.east, link.west, db)
        link.run(server, f'DROP DATABASE {db}')
        link.caught_up()
        assert db not in link.east.schemas() + link.west.schemas()
    place = {s.name: s.binlog_status() for s in link.pair()}
    link.caught_up()
    for server in link.pair():
        assert times_in_log(server, r'(create|drop) database', place[server.name]) == 0


def test_without_a_default_database(link):
    """The statement names its schema itself; the session has none, or another one."""
    link.run(link.east, f'CREATE TABLE {link.db}.q (id INT PRIMARY KEY) ENGINE=InnoDB')
    connection = link.west.connect()
    with connection, connection.cursor() as cursor:
        cursor.execute(f'ALTER TABLE {link.db}.mark ADD COLUMN extra INT')
        cursor.execute('USE mysql')
        cursor.execute(f'CREATE TABLE {link.db}.r (id INT PRIMARY KEY) ENGINE=InnoDB')
    link.caught_up()
    compare.assert_same_structure(link.east, link.west, link.db)


def test_what_is_not_replicated_says_so(link):
    """Views are left to the operator: the link stops at one, names it, and goes on after a skip."""
    link.both(BASIC)
    link.run(link.east, 'CREATE VIEW the_view AS SELECT id FROM t', "INSERT INTO t VALUES (1, 'after', 1)")
    error = link.wait_stopped()
    assert 'the_view' in error and 'skip' in error, error
    assert link.rows(link.west, 't') == []
    link.cmd('skip', '--link', 'east->west')
    link.same()
    link.run(link.east, 'DROP VIEW the_view')


def test_temporary_tables_stay_where_they_are(link):
    link.both(BASIC)
    for server in link.pair():
        link.run(server, 'CREATE TEMPORARY TABLE scratch (id INT)', 'INSERT INTO scratch VALUES (1), (2)',
                 f"INSERT INTO t SELECT id + {100 * link.pair().index(server)}, 'from scratch', 0 FROM scratch",
                 'DROP TEMPORARY TABLE scratch')
    link.same()
    assert compare.tables(link.east, link.db) == {'mark', 't'}
    assert len(link.rows(link.east, 't')) == 4


def test_rows_before_and_after_keep_their_place(link):
    """A backlog in which one name means different tables one after the other."""
    link.cmd('pause', '--link', 'east->west')
    link.wait_state('paused', link='east->west')
    link.run(link.east, BASIC, "INSERT INTO t VALUES (1, 'old', 1)", 'ALTER TABLE t ADD COLUMN a INT FIRST',
             "INSERT INTO t VALUES (5, 2, 'middle', 2)", 'ALTER TABLE t DROP COLUMN n',
             "UPDATE t SET v = 'changed' WHERE id = 1", 'RENAME TABLE t TO t_old', BASIC,
             "INSERT INTO t VALUES (1, 'new', 10)", 'DROP TABLE t_old', 'ALTER TABLE t CHANGE v w VARCHAR(60)',
             "UPDATE t SET w = 'newer' WHERE id = 1")
    link.cmd('resume', '--link', 'east->west')
    link.same()
    compare.assert_same_structure(link.east, link.west, link.db)
    assert link.rows(link.west, 't') == [(1, 'newer', 10)]


def test_add_column_under_load_at_both_sides(link):
    link.both(BASIC)

    def writer(base):
        def step(cursor, i):
            cursor.execute(f"INSERT INTO t (id, v, n) VALUES ({base + i}, 'load', {i})")
            if i % 3 == 2:
                cursor.execute(f"UPDATE t SET v = 'again' WHERE id = {base + i - 1}")
        return step
    places = {s.name: s.binlog_status() for s in link.pair()}
    with Load(link.east, link.db, writer(0)) as a, Load(link.west, link.db, writer(1000000)) as b:
        a.wait_for(50)
        b.wait_for(50)
        link.run(link.east, 'ALTER TABLE t ADD COLUMN later INT NULL DEFAULT 5')
        wait_until(lambda: 'later' in compare.columns(link.west, link.db, 't'), 30, 'the column at west')
        a.wait_for(50)
        b.wait_for(50)
    link.caught_up()    # else east's last update and this one may clash, rightly
    link.run(link.west, 'UPDATE t SET later = 6 WHERE id % 2 = 0')
    link.same()
    compare.assert_same_structure(link.east, link.west, link.db)
    for server in link.pair():
        assert times_in_log(server, 'add column later', places[server.name]) == 1


def test_a_statement_that_fails_at_the_target_stops_the_link(link):
    unlogged(link.west, f'CREATE TABLE `{link.db}`.`there` (id INT PRIMARY KEY)')
    link.run(link.east, 'CREATE TABLE there (id INT PRIMARY KEY, v INT) ENGINE=InnoDB')
    error = link.wait_stopped()
    assert 'CREATE TABLE there' in error, error
    unlogged(link.west, f'DROP TABLE `{link.db}`.`there`')
    link.cmd('resume', '--link', 'east->west')
    link.caught_up()
    compare.assert_same_structure(link.east, link.west, link.db)


def test_a_new_schema_is_replicated_when_all_are(link):
    for server in link.pair():
        db = f'{link.db}_new_{server.name}'
        for statement in new_schema(db):
            link.run(server, statement)
    link.caught_up()
    compare.assert_same(link.east, link.west)
