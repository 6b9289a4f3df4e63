"""Rows that come from Ringway do not fire what fired at their origin: a trigger tests @ringway, or its table is refused."""

from scenario import unlogged

TABLES = ('CREATE TABLE t (id INT PRIMARY KEY, v INT) ENGINE=InnoDB',
          'CREATE TABLE audit (id INT AUTO_INCREMENT PRIMARY KEY, t INT, what VARCHAR(9)) ENGINE=InnoDB AUTO_INCREMENT=1')
AWARE = 'CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW BEGIN IF @ringway IS NULL THEN INSERT INTO audit (t, what) VALUES (NEW.id, \'ins\'); END IF; END'
BLIND = 'CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW INSERT INTO audit (t, what) VALUES (NEW.id, \'ins\')'


def test_a_trigger_that_knows_ringway(scenario):
    scenario.both(*TABLES, AWARE)
    scenario.begin()
    scenario.run(scenario.east, 'INSERT INTO t VALUES (1, 1)')
    scenario.same()
    scenario.run(scenario.west, 'INSERT INTO t VALUES (2, 1)')
    scenario.same()
    assert [row[1] for row in scenario.rows(scenario.west, 'audit')] == [1, 2]


def test_a_trigger_that_does_not_is_refused(scenario):
    scenario.both(*TABLES)
    unlogged(scenario.west, f'USE `{scenario.db}`', BLIND)
    scenario.begin()
    scenario.run(scenario.east, 'INSERT INTO t VALUES (1, 1)')
    error = scenario.wait_stopped()
    assert '@ringway' in error and f'{scenario.db}.t' in error and 'tr' in error, error
    assert scenario.rows(scenario.west, 't') == scenario.rows(scenario.west, 'audit') == []

    # the two ways on: the trigger learns it, or the operator says that it does no harm
    unlogged(scenario.west, f'USE `{scenario.db}`', 'DROP TRIGGER tr', AWARE)
    scenario.cmd('resume', '--link', 'east->west')
    scenario.same()


def test_a_trigger_that_is_allowed(scenario):
    scenario.both(*TABLES, 'CREATE TABLE seen (id INT PRIMARY KEY) ENGINE=InnoDB')
    unlogged(scenario.west, f'USE `{scenario.db}`', 'CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW SET @last = NEW.id')
    scenario.sections = f'[table {scenario.db}.t]\ntriggers = ignore\n'
    scenario.write_conf()
    scenario.begin()
    scenario.run(scenario.east, 'INSERT INTO t VALUES (1, 1)')
    scenario.same()
