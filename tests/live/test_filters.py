"""What is left out is left out, is counted, and does not stop the rest."""

import pytest

from scenario import unlogged

PAIRS = [('mariadb', 'mariadb'), ('mariadb', 'mysql')]
TABLES = [f'CREATE TABLE {name} (id INT PRIMARY KEY) ENGINE=InnoDB' for name in ('a', 'b', 'log_1', 'log_2')]


def write_all(link):
    for server, n in ((link.east, 1), (link.west, 2)):
        link.transaction(server, *(f'INSERT INTO {name} VALUES ({n})' for name in ('a', 'b', 'log_1', 'log_2')))
    link.caught_up()


def ids(link, server, table):
    return [row[0] for row in link.rows(server, table)]


def test_ignored_tables(scenario):
    scenario.both(*TABLES)
    scenario.write_conf(ignore_tables=f'{scenario.db}.log_*, {scenario.db}.b')
    scenario.begin()
    write_all(scenario)
    for server, own in ((scenario.east, 1), (scenario.west, 2)):
        assert ids(scenario, server, 'a') == [1, 2]
        assert ids(scenario, server, 'b') == [own]
        assert ids(scenario, server, 'log_1') == ids(scenario, server, 'log_2') == [own]
    rows = scenario.link()['rows']
    assert rows['filtered'] == 3 and rows['captured'] == rows['applied'] + rows['filtered'] + rows['discarded'], rows


def test_only_these_tables(scenario):
    scenario.both(*TABLES)
    scenario.write_conf(tables=f'{scenario.db}.a, {scenario.db}.mark')
    scenario.begin()
    write_all(scenario)
    assert ids(scenario, scenario.west, 'a') == [1, 2]
    assert ids(scenario, scenario.west, 'b') == ids(scenario, scenario.west, 'log_1') == [2]


def test_only_these_schemas(scenario):
    other = f'{scenario.db}_other'
    for server in scenario.pair():
        unlogged(server, f'CREATE DATABASE {other}', f'CREATE TABLE {other}.a (id INT PRIMARY KEY)')
    scenario.write_conf(schemas=scenario.db)
    scenario.both(*TABLES)
    scenario.begin()
    # DDL in a schema that is left out is left out as well
    scenario.run(scenario.east, f'INSERT INTO {other}.a VALUES (1)', f'CREATE TABLE {other}.b (id INT)', f'DROP TABLE {other}.b',
                 f'CREATE DATABASE {other}_2', f'DROP DATABASE {other}_2', f'ALTER TABLE {other}.a ADD COLUMN x INT')
    write_all(scenario)
    scenario.same()
    assert scenario.west.one(f'SELECT COUNT(*) FROM {other}.a') == 0


def test_changes_of_a_table_that_cannot_be_read_are_not_asked_about_each(scenario):
    """Who reads the target's log for the memory of last writers asks the server for a table's definition: not again for every change."""
    other, changes = f'{scenario.db}_other', 300

    def selects():
        return int(scenario.west.sql("SHOW GLOBAL STATUS LIKE 'Com_select'")[0][1])
    unlogged(scenario.west, f'CREATE DATABASE {other}', f'CREATE TABLE {other}.t (id INT PRIMARY KEY) ENGINE=MyISAM')
    scenario.write_conf(schemas=scenario.db)
    scenario.both(*TABLES)
    scenario.begin()
    scenario.caught_up()
    before = selects()
    for n in range(changes):
        scenario.run(scenario.west, f'INSERT INTO {other}.t VALUES ({n})')
    write_all(scenario)
    asked = selects() - before
    assert asked < changes, asked


def test_ddl_of_ignored_tables(scenario):
    scenario.both(*TABLES)
    scenario.write_conf(ignore_tables=f'{scenario.db}.log_*')
    scenario.begin()
    scenario.run(scenario.east, 'ALTER TABLE log_1 ADD COLUMN x INT', 'CREATE TABLE log_3 (id INT)', 'TRUNCATE log_2', 'DROP TABLE log_2')
    scenario.caught_up()
    assert scenario.west.one(f"SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = '{scenario.db}' "
                             "AND table_name LIKE 'log%%'".replace('%%', '%')) == 2


def test_one_link_differs(scenario):
    scenario.both(*TABLES)
    scenario.sections = f'[link east->west]\nignore_tables = {scenario.db}.b\n'
    scenario.write_conf()
    scenario.begin()
    write_all(scenario)
    assert ids(scenario, scenario.east, 'b') == [1, 2] and ids(scenario, scenario.west, 'b') == [2]
    assert ids(scenario, scenario.west, 'log_1') == [1, 2]


@pytest.mark.pairs(('mariadb', 'mysql'))
def test_system_schemas_never_travel(link):
    """Accounts belong to a server; what is done to them is no change of data."""
    link.run(link.east, "CREATE USER 'nobody'@'%' IDENTIFIED BY 'x'", "GRANT SELECT ON *.* TO 'nobody'@'%'", 'FLUSH PRIVILEGES',
             "DROP USER 'nobody'@'%'", 'ANALYZE TABLE mark', 'FLUSH TABLES')
    link.run(link.west, "CREATE USER 'nobody'@'%' IDENTIFIED BY 'x'", "DROP USER 'nobody'@'%'")
    link.same()
