"""Three sites, each linked to every other: rows arrive by one link only, and may arrive before what they had seen."""

import contextlib

import pytest

import compare
from ringway import Ringway, make_user
from scenario import need, new_schema, unlogged
from servers import FLAVOURS, start_all

MESHES = [('mariadb', 'mysql', 'mariadb')]
NAMES = ('east', 'west', 'north')


class Mesh:
    def __init__(self, flavours):
        self.servers = {name: FLAVOURS[flavour](name, server_id=number) for number, (name, flavour) in enumerate(zip(NAMES, flavours), 1)}
        self.tests = 0

    def start(self):
        start_all(*self.servers.values())
        for server in self.servers.values():
            make_user(server)
        return self

    def destroy(self):
        for server in self.servers.values():
            server.destroy()


@pytest.fixture(scope='module', params=MESHES, ids=['-'.join(m) for m in MESHES])
def servers(request):
    need(*request.param)
    mesh = Mesh(request.param)
    try:
        yield mesh.start()
    finally:
        mesh.destroy()


@pytest.fixture
def mesh(servers):
    servers.tests += 1
    db = f'm{servers.tests:03}'
    for server in servers.servers.values():
        unlogged(server, *(f'DROP DATABASE `{name}`' for name in server.schemas()), 'DROP DATABASE IF EXISTS ringway', *new_schema(db),
                 f"INSERT INTO `{db}`.mark VALUES ('north', 0)")
    sections = '\n'.join(f'[table {db}.{table}]\nconflict = {policy}\n' for table, policy in (
        ('account', 'delta(balance)'), ('doc', 'merge')))
    with contextlib.closing(Ringway(servers.servers, options={'topology': 'mesh', 'conflict': 'last_write_wins'}, sections=sections)) as ringway:
        ringway.db = db
        ringway.grant()
        ringway.init()
        ringway.start()
        yield ringway


def everywhere(mesh, *statements):
    for server in mesh.sites.values():
        server.sql(f'USE `{mesh.db}`')
        unlogged(server, *statements)


def run(mesh, name, *statements):
    with mesh.sites[name].connect(mesh.db) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def links(mesh, verb, *names):
    for name in names:
        mesh.cmd(verb, '--link', name)
        if verb == 'pause':
            mesh.wait_state('paused', link=name)


def same(mesh):
    mesh.caught_up(60)
    first, *others = mesh.sites.values()
    for other in others:
        compare.assert_same(first, other, [mesh.db])


def rows(mesh, name, query):
    with mesh.sites[name].connect(mesh.db) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def kinds(mesh):
    return sorted(row[0] for server in mesh.sites.values() for row in server.sql('SELECT kind FROM ringway.conflict'))


ALL = tuple(f'{a}->{b}' for a in NAMES for b in NAMES if a != b)


def test_three_writers_of_one_row(mesh):
    everywhere(mesh, 'CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB', "INSERT INTO t VALUES (1, 'start')")
    links(mesh, 'pause', *ALL)
    for name in NAMES:
        run(mesh, name, f"UPDATE t SET v = '{name}' WHERE id = 1", 'DO SLEEP(1.1)')
    links(mesh, 'resume', *ALL)
    same(mesh)
    assert rows(mesh, 'east', 'SELECT v FROM t') == [('north',)]


def test_a_change_that_comes_before_what_it_had_seen(mesh):
    """north overwrites what east wrote, and reaches west first: no conflict, and the late one does not come back."""
    everywhere(mesh, 'CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB', "INSERT INTO t VALUES (1, 'start')")
    links(mesh, 'pause', 'east->west')
    run(mesh, 'east', "UPDATE t SET v = 'east' WHERE id = 1", "INSERT INTO t VALUES (2, 'east')")
    mesh.caught_up(30, sources=[mesh.sites['east']], targets=[mesh.sites['north']])
    run(mesh, 'north', "UPDATE t SET v = 'north' WHERE id = 1", "UPDATE t SET v = 'north' WHERE id = 2")
    mesh.caught_up(60, sources=[mesh.sites['north']], targets=[mesh.sites['west']])
    assert rows(mesh, 'west', 'SELECT v FROM t') == [('north',), ('north',)]
    links(mesh, 'resume', 'east->west')
    same(mesh)
    assert rows(mesh, 'west', 'SELECT v FROM t') == [('north',), ('north',)]
    assert kinds(mesh) == []


def test_counters_wait_for_what_they_had_seen(mesh):
    everywhere(mesh, 'CREATE TABLE account (id INT PRIMARY KEY, balance INT) ENGINE=InnoDB', 'INSERT INTO account VALUES (1, 100)')
    links(mesh, 'pause', 'east->west')
    run(mesh, 'east', 'UPDATE account SET balance = balance + 1', 'INSERT INTO account VALUES (2, 5)')
    mesh.caught_up(30, sources=[mesh.sites['east']], targets=[mesh.sites['north']])
    run(mesh, 'north', 'UPDATE account SET balance = balance + 10')
    run(mesh, 'west', 'UPDATE account SET balance = balance + 100 WHERE id = 1')
    links(mesh, 'resume', 'east->west')
    same(mesh)
    assert rows(mesh, 'west', 'SELECT balance FROM account ORDER BY id') == [(211,), (15,)]


def test_columns_of_three_sites(mesh):
    everywhere(mesh, 'CREATE TABLE doc (id INT PRIMARY KEY, a INT, b INT, c INT) ENGINE=InnoDB', 'INSERT INTO doc VALUES (1, 0, 0, 0)')
    links(mesh, 'pause', *ALL)
    for name, column in zip(NAMES, 'abc'):
        run(mesh, name, f'UPDATE doc SET {column} = 7 WHERE id = 1')
    links(mesh, 'resume', *ALL)
    same(mesh)
    assert rows(mesh, 'north', 'SELECT a, b, c FROM doc') == [(7, 7, 7)]


def test_after_a_restart_in_the_middle(mesh):
    everywhere(mesh, 'CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB', "INSERT INTO t VALUES (1, 'start')")
    links(mesh, 'pause', *ALL)
    run(mesh, 'north', "UPDATE t SET v = 'north'", 'DO SLEEP(1.1)')
    run(mesh, 'east', "UPDATE t SET v = 'east'")
    mesh.kill9()
    links(mesh, 'resume', *ALL)
    mesh.start()
    same(mesh)
    assert rows(mesh, 'west', 'SELECT v FROM t') == [('east',)]
