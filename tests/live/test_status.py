"""`ringway status`: the shape that scripts rely on, numbers that add up, and an answer without a daemon."""

import re

import pytest

from wait import wait_until

STATES = {'running', 'catching_up', 'paused', 'retrying', 'stopped', 'down'}
TABLE = 'CREATE TABLE t (id INT PRIMARY KEY, v INT) ENGINE=InnoDB'


def check_shape(status):
    assert set(status) >= {'name', 'sites', 'links'} and status['name'] == 'test'
    assert [(s['name'], s['id']) for s in status['sites']] == [('east', 1), ('west', 2)]
    for site in status['sites']:
        assert set(site) >= {'name', 'id', 'flavour', 'version', 'host', 'reachable'}
    assert sorted(l['name'] for l in status['links']) == ['east->west', 'west->east']
    for link in status['links']:
        assert set(link) >= {'name', 'source', 'target', 'state', 'error', 'position', 'lag_s', 'transactions', 'rows', 'conflicts',
                             'drift', 'ddl', 'retries', 'window'}
        assert link['name'] == f"{link['source']}->{link['target']}" and link['state'] in STATES
        assert set(link['position']) >= {'file', 'offset', 'gtid'}
        assert set(link['rows']) >= {'captured', 'applied', 'filtered', 'discarded'}
        assert all(isinstance(link['rows'][k], int) for k in link['rows'])


def test_json(link):
    link.both(TABLE)
    status = link.status()
    check_shape(status)
    for site, server in zip(status['sites'], link.pair()):
        assert site['flavour'] == server.flavour and site['reachable'] is True
        assert server.version.startswith(re.match(r'[\d.]+', site['version']).group())
        assert str(server.port) in site['host']


def test_numbers(link):
    link.both(TABLE)
    link.transaction(link.east, 'INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)', 'UPDATE t SET v = v + 1 WHERE id < 3', 'DELETE FROM t WHERE id = 3')
    link.run(link.east, 'ALTER TABLE t ADD COLUMN w INT')
    link.same()
    one = wait_until(lambda: (lambda l: l['state'] == 'running' and l['rows']['captured'] == 7 and l)(link.link()), 10,
                     lambda: f'six rows and the mark: {link.link()}')
    assert one['rows'] == {'captured': 7, 'applied': 7, 'filtered': 0, 'discarded': 0}
    assert one['ddl'] == 1 and one['conflicts'] == 0 and one['drift'] == 0 and one['error'] is None
    assert one['transactions'] >= 2 and one['lag_s'] is not None and 0 <= one['lag_s'] < 5
    place = link.east.binlog_status()
    assert one['position']['file'] == place[0] and 0 < one['position']['offset'] <= place[1]
    assert one['position']['gtid']


def test_the_position_moves_with_the_data(link):
    link.both(TABLE)
    link.run(link.east, 'INSERT INTO t VALUES (1, 1)')
    link.caught_up()
    before = link.link()['position']
    link.run(link.east, 'INSERT INTO t VALUES (2, 1)')
    link.caught_up()
    after = link.link()['position']
    assert (after['file'], after['offset']) > (before['file'], before['offset']) and after['gtid'] != before['gtid']


def test_without_a_daemon(link):
    link.both(TABLE)
    link.run(link.east, 'INSERT INTO t VALUES (1, 1)')
    link.caught_up()
    position = link.link()['position']
    link.stop()
    status = link.status()
    check_shape(status)
    assert {l['state'] for l in status['links']} == {'down'}
    recorded = link.link()['position']          # of the last window: what came after it was not for the target
    assert (recorded['file'], 0) < (recorded['file'], recorded['offset']) <= (position['file'], position['offset'])
    link.run(link.east, 'INSERT INTO t VALUES (2, 1)')
    link.start()
    link.same()


def test_lag_shows_a_backlog(link):
    link.both(TABLE)
    link.cmd('pause', '--link', 'east->west')
    link.wait_state('paused', link='east->west')
    link.run(link.east, 'INSERT INTO t VALUES (1, 1)')
    wait_until(lambda: (link.link()['lag_s'] or 0) >= 1, 20, 'a lag of a second')
    link.cmd('resume', '--link', 'east->west')
    link.caught_up()
    wait_until(lambda: link.link()['lag_s'] < 1, 20, 'no lag')


def test_for_people(link):
    link.wait_state('running')
    text = link.cmd('status').stdout
    assert 'east->west' in text and 'west->east' in text and 'running' in text


@pytest.mark.pairs(('mariadb', 'mysql'))
def test_plain_sql(link):
    """A DBA sees the state of replication without Ringway; every table and column explains itself."""
    for server in link.pair():
        tables = {name for (name,) in server.sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'ringway' "
                                                 "AND table_type = 'BASE TABLE'")}
        assert tables >= {'progress', 'session', 'conflict'}
        no_key = tables - {name for (name,) in server.sql("SELECT table_name FROM information_schema.statistics WHERE table_schema = 'ringway' "
                                                          "AND index_name = 'PRIMARY'")}
        assert not no_key
        silent = server.sql("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'ringway' AND column_comment = '' "
                            "AND table_name IN (SELECT table_name FROM information_schema.tables WHERE table_schema = 'ringway' AND table_type = 'BASE TABLE')")
        assert silent == ()
