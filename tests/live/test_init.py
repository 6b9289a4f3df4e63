"""`ringway init`: what it needs, what it makes, and that it is harmless."""

from ringway import make_user, statements
from wait import wait_until

TABLE = 'CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB'


def test_print_changes_nothing(scenario):
    places = [s.binlog_status() for s in scenario.pair()]
    printed = scenario.cmd('init', '--print').stdout
    assert places == [s.binlog_status() for s in scenario.pair()]
    sites = statements(printed)
    assert list(sites) == ['east', 'west']
    for name, lines in sites.items():
        assert any(s.upper().startswith('GRANT') for s in lines)
        assert any(s.upper().startswith('CREATE TABLE') for s in lines)
    assert 'a-secret' not in printed


def test_the_printed_grants_are_enough_and_needed(scenario):
    for server in scenario.pair():
        make_user(server)
    result = scenario.init(expect=None)
    assert result.returncode == 2, result
    assert 'GRANT' in result.stderr or 'denied' in result.stderr, result.stderr
    scenario.begin()                # grants just what is printed
    scenario.run(scenario.east, TABLE, 'INSERT INTO t VALUES (1)')
    scenario.same()


def test_the_printed_script_can_be_run_by_a_dba(scenario):
    """All of it, as root, instead of init's own doing; init then only records the start."""
    for name, lines in statements(scenario.cmd('init', '--print').stdout).items():
        for statement in lines:
            if not statement.upper().startswith('CREATE USER'):
                scenario.sites[name].sql(statement)
    scenario.init()
    scenario.both(TABLE)
    scenario.start()
    scenario.run(scenario.west, 'INSERT INTO t VALUES (1)')
    scenario.same()


def test_twice_changes_nothing(scenario):
    scenario.both(TABLE)
    scenario.grant()
    scenario.init()
    scenario.run(scenario.east, 'INSERT INTO t VALUES (1)')         # after the start that the first one recorded
    places = [s.binlog_status() for s in scenario.pair()]
    scenario.init()
    assert places == [s.binlog_status() for s in scenario.pair()]
    scenario.start()
    scenario.init()
    scenario.same()
    assert scenario.rows(scenario.west, 't') == [(1,)]


def test_what_was_before_init_stays_where_it_is(scenario):
    scenario.both(TABLE)
    scenario.run(scenario.east, 'INSERT INTO t VALUES (1)')
    scenario.begin()
    scenario.run(scenario.east, 'INSERT INTO t VALUES (2)')
    scenario.caught_up()
    assert scenario.rows(scenario.west, 't') == [(2,)]


def test_run_without_init_says_so(scenario):
    """It ends with exit code 2, or its links stop; either way the remedy is named."""
    scenario.grant()
    scenario.start(wait=False)
    wait_until(lambda: 'ringway init' in (scenario.log() if not scenario.running() else str(scenario.links())), 10,
               lambda: f'the remedy is named: {scenario.tail()}')
    assert scenario.running() or scenario.wait_end() == 2


def test_schemas_limit_the_grants(scenario):
    """With `schemas` in the configuration nothing is asked for on other schemas."""
    scenario.write_conf(schemas=scenario.db)
    for name, lines in statements(scenario.cmd('init', '--print').stdout).items():
        for statement in lines:
            if statement.upper().startswith('GRANT') and ' ON *.*' in statement.upper():
                words = statement.upper().split(' ON ')[0]
                assert not any(p in words for p in ('INSERT', 'UPDATE', 'DELETE', 'DROP', 'CREATE', 'ALTER')), statement
    scenario.both(TABLE)
    for server in scenario.pair():
        make_user(server)
    scenario.begin()
    scenario.run(scenario.east, 'INSERT INTO t VALUES (1)', 'ALTER TABLE t ADD COLUMN x INT')
    scenario.same()
