"""A change never comes back, whatever the server ids say; and a link with nothing to do writes nothing."""

import time

import pytest

from scenario import Scenario, need, new_schema, unlogged
from ringway import make_user
from servers import FLAVOURS, start_all

TABLE = 'CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB'


def row_events(server, table, start):
    """Row changes of a table in the log: each must be there once."""
    return sum(1 for kind, _, text in server.binlog_events(start) if kind.lower() == 'table_map' and text.endswith(f'.{table})'))


def play(link):
    start = {s.name: s.binlog_status() for s in link.pair()}
    before = {name: l['rows']['applied'] for name, l in link.links().items()}
    link.run(link.east, *(f"INSERT INTO t VALUES ({i}, 'e')" for i in range(10)))
    link.run(link.west, *(f"INSERT INTO t VALUES ({100 + i}, 'w')" for i in range(10)))
    link.caught_up()
    link.run(link.east, "UPDATE t SET v = 'E' WHERE id = 100")
    link.run(link.west, "UPDATE t SET v = 'W' WHERE id = 1")
    link.same()
    link.same()             # whatever comes back is back by now
    links = link.links()
    for name, own in (('east->west', 10), ('west->east', 10)):
        # ten inserts, one update, and the marks; none of the other side's
        assert own + 1 < links[name]['rows']['applied'] - before.get(name, 0) <= own + 1 + 4, links
    for server in link.pair():
        assert row_events(server, 't', start[server.name]) <= 22, server.name


def test_no_echo(link):
    link.both(TABLE)
    play(link)


def test_idle_means_idle(link):
    link.both(TABLE)
    link.run(link.east, "INSERT INTO t VALUES (1, 'x')")
    link.run(link.west, "INSERT INTO t VALUES (2, 'x')")
    link.same()
    # nobody writes: the log may get a last word about what has been, and then nothing, for longer than a heartbeat
    last = None
    for _ in range(3):
        now = [s.binlog_status() for s in link.pair()]
        if now == last:
            break
        last = now
        time.sleep(1.5)
    else:
        pytest.fail('the logs grow although nobody writes')


@pytest.fixture(params=['mariadb', 'mysql'])
def twins(request):
    """Two servers with the same server id (and for MariaDB the same domain), as clones of one machine have them."""
    need(request.param)
    cls = FLAVOURS[request.param]
    east, west = cls('east', 7), cls('west', 7)

    class Own:
        db = 't001'
    Own.east, Own.west = east, west
    try:
        start_all(east, west)
        for server in (east, west):
            make_user(server)
            unlogged(server, *new_schema('t001'))
        scenario = Scenario(Own)
        try:
            yield scenario
        finally:
            scenario.close()
    finally:
        east.destroy()
        west.destroy()


def test_the_same_server_id_on_both_sides(twins):
    twins.both(TABLE)
    twins.begin()
    play(twins)
    twins.run(twins.east, 'ALTER TABLE t ADD COLUMN c INT')
    twins.run(twins.west, "INSERT INTO t (id, v) VALUES (500, 'x')")
    twins.same()
    twins.stop()


def test_server_ids_that_change(link):
    link.both(TABLE)
    play(link)
    for server, number in ((link.east, 2), (link.west, 1)):          # they swap
        server.sql(f'SET GLOBAL server_id = {number}')
    try:
        link.run(link.east, 'DELETE FROM t')
        link.caught_up()
        play(link)
        link.stop()
        link.start()
        link.run(link.west, 'DELETE FROM t')
        link.same()
    finally:
        for server, number in ((link.east, 1), (link.west, 2)):
            server.sql(f'SET GLOBAL server_id = {number}')


@pytest.mark.pairs(('mariadb', 'mariadb'), ('mysql', 'mysql'))
def test_a_foreign_gtid(link):
    """Applications and tools may set the identity of a transaction by hand."""
    link.both(TABLE)
    if link.east.flavour == 'mariadb':
        link.run(link.east, 'SET SESSION gtid_domain_id = 2, server_id = 2, gtid_seq_no = 5000000', "INSERT INTO t VALUES (1, 'set by hand')",
                 'SET SESSION gtid_domain_id = 1, server_id = 1')
    else:
        link.run(link.east, "SET GTID_NEXT = '11111111-2222-3333-4444-555555555555:7'", "INSERT INTO t VALUES (1, 'set by hand')",
                 "SET GTID_NEXT = '11111111-2222-3333-4444-555555555555:tagged:3'", "INSERT INTO t VALUES (2, 'with a tag')",
                 "SET GTID_NEXT = 'AUTOMATIC'")
    link.run(link.east, "INSERT INTO t VALUES (3, 'plain')")
    link.same()
    link.stop()
    link.start()
    link.run(link.east, "UPDATE t SET v = 'again'")
    link.same()
