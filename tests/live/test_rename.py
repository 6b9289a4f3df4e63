"""Other names at the other site: a schema, and a single table."""

import contextlib

import pytest

from load import Load
from scenario import Scenario, need, unlogged
from sites import ACCOUNT, COUNTED, Sites, adding

PAIRS = [('mariadb', 'mysql')]
SCHEMA = {'east': 'shop', 'west': 'shop_eu'}
TABLES = ['CREATE TABLE {s}.t (id INT PRIMARY KEY, v VARCHAR(20), u INT UNIQUE) ENGINE=InnoDB',
          'CREATE TABLE {s}.nokey (a INT, b VARCHAR(20)) ENGINE=InnoDB',
          'CREATE TABLE {s}.parent (id INT PRIMARY KEY) ENGINE=InnoDB',
          'CREATE TABLE {s}.child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES {s}.parent (id)) ENGINE=InnoDB',
          "INSERT INTO {s}.t VALUES (1, 'start', 1)", 'INSERT INTO {s}.parent VALUES (1), (2)']


@pytest.fixture
def renamed(pair):
    """shop at east is shop_eu at west; one table of the test's schema is other.copy there."""
    pair.fresh()
    db = pair.db
    sections = (f'[link east->west]\nrename = shop:shop_eu, {db}.single:other.copy\n'
                f'[link west->east]\nrename = shop_eu:shop, other.copy:{db}.single\n')
    unlogged(pair.east, f'CREATE TABLE {db}.single (id INT PRIMARY KEY, v INT) ENGINE=InnoDB')
    unlogged(pair.west, 'CREATE DATABASE other', 'CREATE TABLE other.copy (id INT PRIMARY KEY, v INT) ENGINE=InnoDB')
    for server in pair.servers():
        schema = SCHEMA[server.name]
        unlogged(server, f'CREATE DATABASE {schema} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci', *(t.format(s=schema) for t in TABLES))
    with contextlib.closing(Scenario(pair, options={'conflict': 'last_write_wins'}, sections=sections)) as scenario:
        scenario.single = {'east': f'{db}.single', 'west': 'other.copy'}
        scenario.begin()
        yield scenario
        if scenario.running():
            scenario.stop()


def app(link, name, *statements):
    """At one site; {s} is the schema's name there, {one} the single table's."""
    link.run(link.sites[name], *(s.format(s=SCHEMA[name], one=link.single[name]) for s in statements))


def rows(link, name, table):
    return sorted(link.sites[name].sql(f'SELECT * FROM {table.format(s=SCHEMA[name], one=link.single[name])}'))


def same(link):
    link.caught_up()
    for table in ('{s}.t', '{s}.nokey', '{s}.parent', '{s}.child', '{one}'):
        assert rows(link, 'east', table) == rows(link, 'west', table), table


def test_rows_both_ways(renamed):
    for n, name in enumerate(SCHEMA):
        app(renamed, name, f"INSERT INTO {{s}}.t VALUES (1{n}, '{name}', 1{n})", f'INSERT INTO {{one}} VALUES ({n}, 1)', f'UPDATE {{one}} SET v = 2 WHERE id = {n}',
            f"INSERT INTO {{s}}.nokey VALUES ({n}, '{name}'), ({n}, '{name}')", f'DELETE FROM {{s}}.nokey WHERE a = {n} LIMIT 1', f"UPDATE {{s}}.nokey SET b = 'x' WHERE a = {n}",
            f'INSERT INTO {{s}}.child VALUES ({n}, 1)', f'DELETE FROM {{s}}.child WHERE id = {n}', f'INSERT INTO {{s}}.child VALUES (1{n}, 1)')
    same(renamed)
    assert len(rows(renamed, 'east', '{s}.t')) == 3 and rows(renamed, 'west', '{one}') == [(0, 2), (1, 2)]
    exact = {name: sorted(t['table'] for t in one['tables']) for name, one in renamed.links().items()}
    assert exact == {f'{source}->{target}': [f'{SCHEMA[target]}.{t}' for t in ('child', 'nokey')] for source, target in (('east', 'west'), ('west', 'east'))}
    assert not renamed.conflicts(renamed.east) and not renamed.conflicts(renamed.west)


def test_conflicts(renamed):
    """Of a row, of a unique value, of a foreign key; the memory of last writers is read from the log again before they are settled."""
    renamed.pause_all()
    app(renamed, 'east', "UPDATE {s}.t SET v = 'east' WHERE id = 1", "INSERT INTO {s}.t VALUES (20, 'east', 7)", "INSERT INTO {one} VALUES (5, 1)", 'DELETE FROM {s}.parent WHERE id = 2')
    app(renamed, 'west', 'DO SLEEP(1.1)', "UPDATE {s}.t SET v = 'west' WHERE id = 1", "INSERT INTO {s}.t VALUES (21, 'west', 7)", "INSERT INTO {one} VALUES (5, 2)",
        'INSERT INTO {s}.child VALUES (30, 2)')
    renamed.stop()
    renamed.start(wait=False)
    renamed.wait_state('paused')
    renamed.resume_all()
    same(renamed)
    assert rows(renamed, 'east', '{s}.t') == [(1, 'west', 1), (21, 'west', 7)]
    assert rows(renamed, 'east', '{one}') == [(5, 2)] and rows(renamed, 'east', '{s}.child') == []
    for server, other in (('east', 'other'), ('west', renamed.db)):
        names = {(c['schema_name'], c['table_name']) for c in renamed.conflicts(renamed.sites[server])}
        assert (SCHEMA[server], 't') in names and tuple(renamed.single[server].split('.')) in names
        assert not any(schema in (other, SCHEMA['west' if server == 'east' else 'east']) for schema, _ in names), names


def test_ddl_stops(renamed):
    app(renamed, 'east', 'ALTER TABLE {s}.t ADD COLUMN w INT', "INSERT INTO {s}.t VALUES (2, 'east', 2, 5)")
    error = renamed.wait_stopped()
    assert 'ALTER TABLE touches what is renamed by this link, or may refer to it; run it on the target by hand under its new name' in error, error
    unlogged(renamed.west, 'ALTER TABLE shop_eu.t ADD COLUMN w INT')
    renamed.cmd('skip', '--link', 'east->west')
    app(renamed, 'west', "INSERT INTO {s}.t VALUES (3, 'west', 3, 6)")
    same(renamed)
    renamed.run(renamed.east, 'CREATE TABLE plain (id INT PRIMARY KEY)', 'INSERT INTO plain VALUES (1)')
    renamed.caught_up()
    assert renamed.rows(renamed.west, 'plain') == [(1,)]


def test_refused(pair):
    pair.fresh()
    with contextlib.closing(Scenario(pair, sections='[link east->west]\nrename = shop:shop_eu\n')) as scenario:
        error = scenario.cmd('config', '--check', expect=2).stderr
        assert 'rename of link east->west: link west->east must give the names back; write in [link west->east]: rename = shop_eu:shop' in error, error


# ---- links that hand on what other sites wrote

AT = {'east': 'shop', 'west': 'shop_eu', 'north': 'shop_n'}
AROUND = {'ring': [('east', 'west'), ('west', 'north'), ('north', 'east')], 'star': [('east', 'west'), ('west', 'east'), ('east', 'north'), ('north', 'east')]}
TOTALS = ('k', 'total', 'shared', 'account')


@pytest.fixture(scope='module')
def three():
    flavours = ('mariadb', 'mysql', 'mariadb')
    need(*flavours)
    sites = Sites(flavours)
    try:
        yield sites.start()
    finally:
        sites.destroy()


@pytest.mark.parametrize('shape', AROUND)
def test_a_name_of_its_own_at_each_of_three_sites(three, shape):
    """Everybody writes, rows of their own and rows that all write; what a site hands on has another name where it comes from, and where it goes."""
    sections = ''.join(f'[link {a}->{b}]\nrename = {AT[a]}:{AT[b]}\n' for a, b in AROUND[shape]) + \
        ''.join(f'[table {schema}.account]\nconflict = delta(balance)\n[table {schema}.shared]\nconflict = merge\n' for schema in AT.values())
    with contextlib.closing(three.topology(shape, sections=sections, start=False)) as ringway:
        for name, server in ringway.sites.items():
            unlogged(server, f'CREATE DATABASE {AT[name]} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci', f'USE {AT[name]}', *COUNTED, *ACCOUNT)
        ringway.init()
        ringway.start()
        with contextlib.ExitStack() as stack:
            loads = {name: stack.enter_context(Load(server, AT[name], adding(name), pause=0.002)) for name, server in ringway.sites.items()}
            for load in loads.values():
                load.wait_for(150)
            ringway.stop()
            for load in loads.values():
                load.wait_for(50)
            ringway.start(wait=False)
            for load in loads.values():
                load.wait_for(150)
            counts = {name: load.stop() for name, load in loads.items()}
        ringway.caught_up()
        for table in TOTALS:
            there = {name: sorted(server.sql(f'SELECT * FROM {AT[name]}.{table}')) for name, server in ringway.sites.items()}
            assert there['east'] == there['west'] == there['north'], table
        for name, server in ringway.sites.items():
            assert dict(server.sql(f'SELECT site, COUNT(*) FROM {AT[name]}.k GROUP BY site')) == counts
            assert {site: n for site, n in server.sql(f'SELECT site, n FROM {AT[name]}.total') if n} == counts
            assert server.one(f'SELECT balance FROM {AT[name]}.account') == sum(counts.values())
        assert sum(link['conflicts'] for link in ringway.links().values()) > 20 and not any(link['drift'] for link in ringway.links().values())
