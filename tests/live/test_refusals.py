"""What would lose or double changes is refused at the start, with its cure."""

import pytest

from scenario import Scenario, need, new_schema, unlogged
from ringway import make_user
from servers import FLAVOURS, start_all
from wait import wait_until


@pytest.fixture
def own_pair(request):
    """Two servers of one flavour of which the east one has further options; made for this test alone."""
    scenarios, started = [], []

    def make(flavour, *args):
        need(flavour)
        east, west = FLAVOURS[flavour]('east', 1, args=args), FLAVOURS[flavour]('west', 2)
        started.extend((east, west))
        start_all(east, west)

        class Own:
            db = 't001'
        Own.east, Own.west = east, west
        for server in started:
            make_user(server)
            log = server.variable('log_bin') == 'ON'
            for statement in new_schema('t001'):
                if log:
                    unlogged(server, statement)
                else:
                    server.sql(statement)
        scenario = Scenario(Own)
        scenarios.append(scenario)
        return scenario
    yield make
    for scenario in scenarios:
        scenario.close()
    for server in started:
        server.destroy()


def refused(scenario):
    """Start it in vain; the reason: the daemon ended with an error, or the link stopped."""
    try:
        scenario.grant()
    except AssertionError as e:
        return str(e)
    result = scenario.init(expect=None)
    if result.returncode != 0:
        assert result.returncode == 2, result
        return result.stderr
    scenario.start(wait=False)

    def over():
        if not scenario.running():
            assert scenario.process.returncode == 2, scenario.tail()
            return scenario.log()
        stopped = [l for l in scenario.links().values() if l['state'] == 'stopped']
        return stopped and stopped[0]['error']
    return wait_until(over, 20, lambda: f'a refusal\n{scenario.tail()}')


@pytest.mark.parametrize('flavour', ['mariadb', 'mysql'])
@pytest.mark.parametrize('args, words', [
    (['--skip-log-bin'], ['log_bin']),
    (['--binlog-format=STATEMENT'], ['binlog_format', 'ROW']),
    (['--binlog-format=MIXED'], ['binlog_format', 'ROW']),
    (['--binlog-row-image=MINIMAL'], ['binlog_row_image', 'FULL']),
    (['--binlog-row-image=NOBLOB'], ['binlog_row_image', 'FULL']),
    (['--binlog-do-db=t001'], ['binlog', 'do_db']),
    (['--binlog-ignore-db=ringway'], ['binlog', 'ignore_db']),
], ids=lambda value: value[0].strip('-') if isinstance(value, list) and value[0].startswith('--') else '')
def test_settings_of_a_source(own_pair, flavour, args, words):
    scenario = own_pair(flavour, *args)
    message = refused(scenario)
    for word in words:
        assert word.replace('_', '') in message.replace('_', '').replace('-', ''), message
    assert 'east' in message, message


@pytest.mark.pairs(('mariadb', 'mariadb'), ('mysql', 'mysql'))
class TestWhileRunning:
    def test_an_incomplete_row_stops_the_link(self, link):
        """The setting can be changed in a session, behind every check at the start."""
        link.both('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20), w INT) ENGINE=InnoDB', "INSERT INTO t VALUES (1, 'a', 5)")
        link.run(link.east, 'SET SESSION binlog_row_image = MINIMAL', "UPDATE t SET v = 'b' WHERE id = 1")
        error = link.wait_stopped()
        assert 'binlog_row_image' in error and 'FULL' in error, error
        assert link.rows(link.west, 't') == [(1, 'a', 5)]

    def test_a_statement_that_changes_rows_stops_the_link(self, link):
        link.both('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB', "INSERT INTO t VALUES (1, 'a')")
        link.run(link.east, 'SET SESSION binlog_format = STATEMENT', "UPDATE t SET v = 'b' WHERE id = 1")
        error = link.wait_stopped()
        assert 'UPDATE t' in error or 'binlog_format' in error, error
        assert link.rows(link.west, 't') == [(1, 'a')]


@pytest.mark.pairs(('mysql', 'mysql'))
def test_partial_json_is_understood_or_refused(link):
    link.both('CREATE TABLE t (id INT PRIMARY KEY, j JSON) ENGINE=InnoDB', 'INSERT INTO t VALUES (1, \'{"a": 1, "b": "text"}\')')
    link.run(link.east, "SET SESSION binlog_row_value_options = PARTIAL_JSON", "UPDATE t SET j = JSON_SET(j, '$.a', 2) WHERE id = 1")
    state = wait_until(lambda: link.rows(link.west, 't') == link.rows(link.east, 't') or link.link()['state'] == 'stopped', 30, 'an end')
    assert state
    if link.link()['state'] == 'stopped':
        assert 'binlog_row_value_options' in link.link()['error']


@pytest.mark.parametrize('flavour, option', [('mysql', '--binlog-transaction-compression=ON'), ('mariadb', '--log-bin-compress=ON')])
def test_compressed_events_are_read(own_pair, flavour, option):
    scenario = own_pair(flavour, option, *(['--log-bin-compress-min-len=10'] if flavour == 'mariadb' else []))
    scenario.both('CREATE TABLE t (id INT PRIMARY KEY, v TEXT) ENGINE=InnoDB')
    scenario.begin()
    scenario.run(scenario.east, "INSERT INTO t VALUES (1, REPEAT('x', 5000)), (2, REPEAT('ä', 3000))", "UPDATE t SET v = REPEAT('y', 9000)",
                 'ALTER TABLE t ADD COLUMN a_column_with_quite_a_long_name_so_that_it_is_compressed INT', 'DELETE FROM t WHERE id = 2')
    scenario.same()
