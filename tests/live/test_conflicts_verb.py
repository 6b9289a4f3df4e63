"""`ringway conflicts`: what stands in ringway.conflict is listed, shown whole, and decided again. The records are made by hand here:
how they come about is the matter of other tests."""

import ctypes
import ctypes.util
import json
import threading

import pytest

import test_types

PAIRS = [('mariadb', 'mysql')]

TABLE = ('CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(20), price DECIMAL(8,2), data VARBINARY(20), day DATE, '
         'UNIQUE KEY (name)) ENGINE=InnoDB',)


# ---- records, made from rows as the server shows them

class Hash128(ctypes.Structure):
    _fields_ = [('low', ctypes.c_uint64), ('high', ctypes.c_uint64)]


_xxhash = ctypes.CDLL(ctypes.util.find_library('xxhash') or 'libxxhash.so.0')
_xxhash.XXH3_128bits.restype = Hash128
_xxhash.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]


def xxh128(value):
    h = _xxhash.XXH3_128bits(value, len(value))
    return f'{h.high:016x}{h.low:016x}'


def raw_connection(server, db):
    """Every cell as the bytes that the server sends, text in its column's own character set."""
    connection = server.connect(db, charset='latin1', use_unicode=False, conv={})
    with connection.cursor() as cursor:
        cursor.execute("SET NAMES binary")
        cursor.execute("SET SESSION time_zone = '+00:00'")
    return connection


def columns_of(server, db, table):
    return server.sql('SELECT column_name, data_type, column_type FROM information_schema.columns WHERE table_schema = %s AND '
                      "table_name = %s AND COALESCE(generation_expression, '') = '' ORDER BY ordinal_position", (db, table))


def raw_row(server, db, table, key):
    """[(column, type, bytes or None)], or None."""
    def expression(name, kind, whole):
        if kind in ('enum', 'set', 'bit'):
            return f'CAST(`{name}` AS UNSIGNED)'
        if kind == 'float':
            return f'CAST(`{name}` AS DOUBLE)'
        return f'`{name}`+0' if 'zerofill' in whole else f'`{name}`'
    columns = columns_of(server, db, table)
    with raw_connection(server, db) as connection, connection.cursor() as cursor:
        cursor.execute(f'SELECT {", ".join(expression(*c) for c in columns)} FROM `{table}` WHERE id = {key}')
        row = cursor.fetchone()
    return [(name, kind, value) for (name, kind, _), value in zip(columns, row)] if row else None


def kept(row, large):
    """The JSON text for a raw row; values too long for it go into large."""
    def form(name, kind, value):
        if value is None:
            return None
        if len(value) > 1000:
            large[name] = value
            return {'bytes': len(value), 'xxh128': xxh128(value)}
        if kind in ('float', 'double'):
            return '%.17g' % float(value)
        if kind in ('tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'enum', 'set', 'bit') and abs(int(value)) < 1 << 53:
            return int(value)
        try:
            text = value.decode('utf-8')
        except UnicodeDecodeError:
            text = '\0'
        return {'hex': value.hex()} if '\0' in text else text
    return None if row is None else json.dumps({name: form(name, kind, value) for name, kind, value in row}, ensure_ascii=False)


def record(server, db, table, before=None, incoming=None, current=None, **more):
    """A row of ringway.conflict; the rows are dictionaries, JSON texts or raw rows. Its number."""
    values = {'link': 'east->west', 'kind': 'update/update', 'policy': 'last_write_wins', 'verdict': 'target', 'state': 'settled',
              'schema_name': db, 'table_name': table, 'key_value': '{"id":1}', 'operation': 'update', 'origin': 1,
              'stamp_us': 1700000000123456, 'gtid': '1-1-77', 'file': 'bin.000003', 'offset_bytes': 1234, 'current_origin': 2,
              'current_stamp_us': 1700000001000007, 'current_gtid': '0-2-5', 'reason': 'the later stamp stays'}
    large = {}
    for side, row in (('before', before), ('incoming', incoming), ('current', current)):
        large[side] = {}
        text = kept(row, large[side]) if isinstance(row, list) else json.dumps(row) if isinstance(row, dict) else row
        values[f'{side}_row'] = text
    values.update(more)
    with server.connect('ringway') as connection, connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO conflict ({', '.join(values)}) VALUES ({', '.join(['%s'] * len(values))})", tuple(values.values()))
        number = cursor.lastrowid
        for side, found in large.items():
            for name, value in found.items():
                cursor.execute('INSERT INTO conflict_value VALUES (%s, %s, %s, %s)', (number, side, name, value))
    return number


@pytest.fixture
def ready(scenario):
    """The schema is there, nothing runs."""
    scenario.grant()
    scenario.init()
    return scenario


def state_of(server, number):
    return server.sql('SELECT state, resolved_keep, resolved_at IS NOT NULL FROM ringway.conflict WHERE id = %s', (number,))[0]


def lines(result):
    return result.stdout.splitlines()


# ---- list

def test_list(ready):
    assert ready.cmd('conflicts', 'list').stdout == 'no conflicts\n'
    for n in range(3):
        record(ready.west, ready.db, 't', current={'id': 1}, at=f'2024-01-02 03:04:0{n}')
    record(ready.east, ready.db, 'other', kind='skipped', policy='', verdict='skip', state='skipped', link='west->east',
           at='2024-01-02 03:04:01.5')
    shown = lines(ready.cmd('conflicts', 'list'))
    assert shown[0].split() == ['SITE', 'ID', 'TIME', '(UTC)', 'LINK', 'TABLE', 'KEY', 'KIND', 'POLICY', 'VERDICT', 'STATE']
    assert [(line.split()[0], line.split()[3]) for line in shown[1:]] == [
        ('west', '03:04:00'), ('west', '03:04:01'), ('east', '03:04:01'), ('west', '03:04:02')]
    assert shown[3].split() == ['east', '1', '2024-01-02', '03:04:01', 'west->east', f'{ready.db}.other', '{"id":1}', 'skipped', '-',
                                'skip', 'skipped']

    shown = lines(ready.cmd('conflicts', 'list', '--limit', '2'))
    assert [line.split()[:2] for line in shown[1:]] == [['east', '1'], ['west', '3'], ['2', 'more;']]
    assert len(lines(ready.cmd('conflicts', 'list', '--limit', '2', '--site', 'east'))) == 2


@pytest.mark.parametrize('options, expected', [
    (['--site', 'west'], [2, 3, 4]),
    (['--table', '{db}.t'], [2, 4]),
    (['--table', '{db}.other'], [3]),
    (['--kind', 'unique'], [4]),
    (['--state', 'resolved'], [3]),
    (['--since', '2024-01-03'], [3, 4]),
    (['--until', '2024-01-03 00:00'], [2]),
    (['--since', '2024-01-02', '--until', '2024-01-04 00:00:00'], [2, 3]),
    (['--since', '2h'], [4]),
    (['--until', '7d'], [2, 3]),
    (['--kind', 'none'], []),
])
def test_list_filters(ready, options, expected):
    ready.west.sql('ALTER TABLE ringway.conflict AUTO_INCREMENT = 2')
    record(ready.west, ready.db, 't', at='2024-01-02 00:00:00')
    record(ready.west, ready.db, 'other', at='2024-01-03 00:00:00', state='resolved', resolved_keep='source')
    record(ready.west, ready.db, 't', kind='unique')
    result = ready.cmd('conflicts', 'list', '--json', *(o.format(db=ready.db) for o in options))
    assert [c['id'] for c in json.loads(result.stdout)['conflicts']] == expected


def test_list_json(ready):
    record(ready.west, ready.db, 't', before={'id': 1, 'v': None}, incoming={'id': 1, 'v': {'hex': '00ff'}}, current='0x0102',
           key_value='{"id":1}', at='2024-01-02 03:04:05.678901')
    conflict, = json.loads(ready.cmd('conflicts', 'list', '--json').stdout)['conflicts']
    assert conflict == {
        'ref': 'west/1', 'site': 'west', 'id': 1, 'at': '2024-01-02 03:04:05.678901', 'link': 'east->west', 'kind': 'update/update',
        'policy': 'last_write_wins', 'verdict': 'target', 'state': 'settled', 'schema_name': ready.db, 'table_name': 't',
        'key_value': {'id': 1}, 'operation': 'update', 'before_row': {'id': 1, 'v': None}, 'incoming_row': {'id': 1, 'v': {'hex': '00ff'}},
        'current_row': '0x0102', 'origin': 1, 'stamp_us': 1700000000123456, 'gtid': '1-1-77', 'file': 'bin.000003', 'offset_bytes': 1234,
        'current_origin': 2, 'current_stamp_us': 1700000001000007, 'current_gtid': '0-2-5', 'reason': 'the later stamp stays',
        'resolved_at': None, 'resolved_keep': None}
    columns = {name for (name,) in ready.west.sql("SELECT column_name FROM information_schema.columns WHERE table_schema = 'ringway' "
                                                  "AND table_name = 'conflict'")}
    assert columns == set(conflict) - {'ref', 'site'}


def test_list_when_a_site_is_away(ready):
    record(ready.west, ready.db, 't')
    ready.east.kill9()
    result = ready.cmd('conflicts', 'list', expect=3)
    assert len(lines(result)) == 2 and lines(result)[1].startswith('west')
    assert 'east' in result.stderr and len(result.stderr.splitlines()) == 1
    assert ready.cmd('conflicts', 'list', '--site', 'west').returncode == 0
    # a number alone might mean the site that is away
    assert 'SITE/1' in ready.cmd('conflicts', 'show', '1', expect=3).stderr
    assert 'conflict   west/1' in ready.cmd('conflicts', 'show', 'west/1').stdout


def test_without_the_schema(scenario):
    scenario.grant()
    assert 'ringway init' in scenario.cmd('conflicts', 'list', expect=2).stderr


@pytest.mark.parametrize('args, words', [
    ([], ['list', 'show', 'resolve']),
    (['lst'], ['lst', "'list'"]),
    (['list', '12'], ['12']),
    (['list', '--since', 'yesterday'], ['yesterday', 'YYYY-MM-DD', '2h']),
    (['list', '--until', '2024-02-30'], ['2024-02-30']),
    (['list', '--limit', '0'], ['--limit', '1000000']),
    (['list', '--table', 't'], ['--table', 'SCHEMA.TABLE']),
    (['list', '--state', 'open'], ['--state', 'settled']),
    (['list', '--site', 'wets'], ['wets', "'west'"]),
    (['list', '--keep', 'source'], ['list', '--keep']),
    (['show'], ['show ID']),
    (['show', 'x'], ["'x'", 'SITE/ID']),
    (['show', '0'], ["'0'"]),
    (['show', 'wets/1'], ['wets', "'west'"]),
    (['show', 'west/1', '--site', 'east'], ['--site', 'east']),
    (['show', 'west/1'], ['west/1', 'list']),
    (['show', '1'], ['no site', '1']),
    (['show', '1', '--limit', '3'], ['show', '--limit']),
    (['resolve', '1'], ['--keep']),
    (['resolve', '1', '--keep', 'both'], ['both', 'source or target']),
    (['resolve', 'west/1', '--keep', 'source'], ['west/1']),
])
def test_usage(ready, args, words):
    result = ready.cmd('conflicts', *args, expect=2)
    assert result.stdout == '' and len(result.stderr.splitlines()) == 1, result
    for word in words:
        assert word in result.stderr, result.stderr


# ---- show

def test_show(ready):
    long = 'x' * 50
    number = record(ready.west, ready.db, 't', before={'id': 1, 'same': 'a', 'v': 'old', 'n': None, 'note': long},
                    incoming={'id': 1, 'same': 'a', 'v': 'new\x1b[1m', 'n': 5, 'note': long + 'y'},
                    current={'id': 1, 'same': 'a', 'v': 'mine', 'n': {'hex': '00ff'}, 'note': long})
    page = ready.cmd('conflicts', 'show', number).stdout
    for text in ('conflict   west/1', 'last_write_wins', 'site east, stamp 2023-11-14 22:13:20.123456 UTC, GTID 1-1-77, bin.000003:1234',
                 'site west, stamp 2023-11-14 22:13:21.000007 UTC, GTID 0-2-5', 'the later stamp stays', f'{ready.db}.t'):
        assert text in page, page
    assert '\x1b' not in page
    rows = {line.split()[1] if line.startswith('*') else line.split()[0]: line for line in page.splitlines() if line.strip()}
    assert rows['same'].split() == ['same', '"a"', '"a"', '"a"'] and rows['id'].split() == ['id', '1', '1', '1']
    assert rows['v'].split() == ['*', 'v', '"old"', '"new\\u001b[1m"', '"mine"']
    assert rows['n'].split() == ['*', 'n', 'NULL', '5', '0x00ff']
    assert f'\nnote\n  before    "{long}"\n  incoming  "{long}y"\n  current   "{long}"\n' in page
    assert json.loads(ready.cmd('conflicts', 'show', 'west/1', '--json').stdout)['incoming_row']['n'] == 5


def test_show_large_values_and_missing_rows(ready):
    text, binary = b'\xc3\xa4' * 600, bytes(range(256)) * 5
    incoming = [('id', 'int', b'1'), ('t', 'text', text), ('b', 'blob', binary)]
    record(ready.east, ready.db, 't', incoming=incoming, kind='insert/delete', operation='insert', current_gtid=None, current_origin=None,
           current_stamp_us=None, reason=None)
    page = ready.cmd('conflicts', 'show', '1').stdout
    assert 'BEFORE (no row)' in page and 'CURRENT (no row)' in page
    assert f'1200 bytes, xxh128 {xxh128(text)}' in page and f'1280 bytes, xxh128 {xxh128(binary)}' in page
    assert '*' not in page
    whole = ready.cmd('conflicts', 'show', '1', '--whole').stdout
    assert text.decode() in whole and '0x' + binary.hex() in whole
    row = json.loads(ready.cmd('conflicts', 'show', '1', '--whole', '--json').stdout)['incoming_row']
    assert row['t'] == {'bytes': 1200, 'xxh128': xxh128(text), 'value': text.decode()}
    assert row['b'] == {'bytes': 1280, 'xxh128': xxh128(binary), 'hex': binary.hex()}


def test_show_statements_and_unreadable_rows(ready):
    record(ready.west, ready.db, '', kind='skipped', operation='statement', incoming='ALTER TABLE t ADD x INT', key_value=None)
    record(ready.west, ready.db, 't', kind='skipped', before='0x0102', incoming='{`id`: 1}')
    assert 'ALTER TABLE t ADD x INT' in ready.cmd('conflicts', 'show', '1').stdout
    page = ready.cmd('conflicts', 'show', '2').stdout
    assert '0x0102' in page and '{`id`: 1}' in page


def test_one_number_at_two_sites(ready):
    ready.both(*TABLE)
    for server in ready.pair():
        record(server, ready.db, 't', current={'id': 1})
    for args in (['show', '1'], ['resolve', '1', '--keep', 'target']):
        error = ready.cmd('conflicts', *args, expect=2).stderr
        assert 'east/1, west/1' in error, error
    assert 'conflict   east/1' in ready.cmd('conflicts', 'show', '1', '--site', 'east').stdout
    assert 'conflict   west/1' in ready.cmd('conflicts', 'show', 'west/1').stdout


# ---- resolve

def values(groups):
    for group in groups:
        yield from test_types.GROUPS[group]()


# one wide table each; a row of InnoDB does not hold more
WIDE = {'numbers': ['integers', 'decimals', 'floats', 'bits'], 'times': ['temporals', 'choices'], 'texts': ['texts'], 'charsets': ['charsets'],
        'others': ['binaries', 'jsons']}


@pytest.mark.parametrize('group', WIDE)
def test_resolve_every_type(link, group):
    """What was kept is written back to the byte, at either server, and travels to the other one."""
    every = list(values(WIDE[group]))
    definition = '(id INT PRIMARY KEY, ' + ', '.join(f'c{i} {kind}' for i, (kind, _) in enumerate(every)) + ') ENGINE=InnoDB'
    link.both("SET SESSION sql_mode = ''", f'CREATE TABLE w {definition}', f'CREATE TABLE other {definition}')
    rounds = max(len(v) for _, v in every)

    def fill(server, table, shift):
        test_types.write(link, server, [f'INSERT INTO {table} VALUES ({n}, ' + ', '.join(str(v[(n + shift) % len(v)]) for _, v in every) + ')'
                                        for n in range(rounds)])
    fill(link.east, 'w', 0)
    fill(link.east, 'other', 1)
    link.same()
    wanted = {}
    for n in range(rounds):
        server, keep = link.pair()[n % 2], ('source', 'target')[n // 2 % 2]
        incoming, current = raw_row(server, link.db, 'other', n), raw_row(server, link.db, 'w', n)
        assert incoming != current
        number = record(server, link.db, 'w', incoming=incoming, current=current, key_value=json.dumps({'id': n}))
        if keep == 'target':                        # what stands there now is the source's row
            names = ', '.join(f'{a} = (SELECT {a} FROM other WHERE id = {n})' for a, _, _ in incoming)
            link.run(server, "SET SESSION sql_mode = ''", f'UPDATE w SET {names} WHERE id = {n}')
            assert raw_row(server, link.db, 'w', n) == incoming
        wanted[n] = server, incoming if keep == 'source' else current
        told = link.cmd('conflicts', 'resolve', f'{server.name}/{number}', '--keep', keep).stdout
        assert 'was written' in told, told
        assert state_of(server, number) == ('resolved', keep, 1)
    link.same()
    for n, (server, row) in wanted.items():
        assert raw_row(server, link.db, 'w', n) == row, n


ONE = {'id': 1, 'name': 'one', 'price': '1.10', 'data': {'hex': '00ff'}, 'day': '2024-02-29'}
TWO = {'id': 1, 'name': 'two', 'price': None, 'data': 'x', 'day': None}
INSERT_ONE = "INSERT INTO t VALUES (1, 'one', 1.10, X'00FF', '2024-02-29')"
INSERT_TWO = "INSERT INTO t VALUES (1, 'two', NULL, 'x', NULL)"
ROW_ONE, ROW_TWO = (1, 'one', '1.10', b'\x00\xff', '2024-02-29'), (1, 'two', None, b'x', None)


def rows(link, server):
    return [tuple(str(v) if i in (2, 4) and v is not None else v for i, v in enumerate(row)) for row in link.rows(server, 't')]


def resolve(link, number, keep, *more, expect=0, site='west'):
    result = link.cmd('conflicts', 'resolve', f'{site}/{number}', '--keep', keep, *more, expect=expect)
    return result.stdout if expect == 0 else result.stderr


@pytest.mark.parametrize('there, incoming, current, keep, told, left', [
    (INSERT_TWO, ONE, TWO, 'source', 'row was written', [ROW_ONE]),
    (INSERT_TWO, ONE, TWO, 'target', 'as wanted already', [ROW_TWO]),
    (INSERT_ONE, ONE, TWO, 'target', 'row was written', [ROW_TWO]),
    (INSERT_ONE, ONE, TWO, 'source', 'as wanted already', [ROW_ONE]),
    (INSERT_ONE, ONE, None, 'target', 'row was deleted', []),
    (INSERT_TWO, None, TWO, 'source', 'row was deleted', []),
    (None, ONE, None, 'source', 'row was written', [ROW_ONE]),
    (None, None, TWO, 'target', 'row was written', [ROW_TWO]),
    (None, None, TWO, 'source', 'as wanted already', []),
    (None, None, None, 'source', 'as wanted already', []),
    # rows with different keys that claim one unique value: one of them is kept, the other one goes
    (INSERT_TWO, {**TWO, 'id': 5}, TWO, 'source', 'row was written', [(5, *ROW_TWO[1:])]),
    (INSERT_TWO, {**TWO, 'id': 5}, TWO, 'target', 'as wanted already', [ROW_TWO]),
    ("INSERT INTO t VALUES (5, 'two', NULL, 'x', NULL)", {**TWO, 'id': 5}, TWO, 'target', 'row was written', [ROW_TWO]),
])
def test_resolve(link, there, incoming, current, keep, told, left):
    link.both(*TABLE)
    if there:
        link.run(link.east, there)
    link.caught_up()
    number = record(link.west, link.db, 't', incoming=incoming, current=current)
    assert told in resolve(link, number, keep)
    assert state_of(link.west, number) == ('resolved', keep, 1)
    assert rows(link, link.west) == left
    link.same()


def test_resolve_asks_when_the_row_has_changed(link):
    link.both(*TABLE)
    link.run(link.west, INSERT_ONE)
    number = record(link.west, link.db, 't', incoming=ONE, current=TWO)
    link.run(link.west, "UPDATE t SET name = 'three' WHERE id = 1")
    error = resolve(link, number, 'source', expect=1)
    assert '"name":"three"' in error and '--force' in error and len(error.splitlines()) == 1, error
    assert state_of(link.west, number) == ('settled', None, 0) and rows(link, link.west)[0][1] == 'three'
    assert 'was written' in resolve(link, number, 'source', '--force')
    link.same()
    assert rows(link, link.east) == [ROW_ONE]

    number = record(link.west, link.db, 't', incoming=ONE, current=TWO)
    link.run(link.west, 'DELETE FROM t')
    assert 'no row' in resolve(link, number, 'target', expect=1)
    assert 'was written' in resolve(link, number, 'target', '--force')
    link.same()
    assert rows(link, link.east) == [ROW_TWO]


def test_resolve_a_merged_row(link):
    """Its columns come from both sides: that is no change since."""
    link.both(*TABLE)
    link.run(link.west, "INSERT INTO t VALUES (1, 'one', NULL, X'00FF', NULL)")
    number = record(link.west, link.db, 't', incoming=ONE, current=TWO, verdict='merge', policy='merge')
    assert 'was written' in resolve(link, number, 'source')
    assert rows(link, link.west) == [ROW_ONE]
    link.same()


def test_resolve_twice(link):
    link.both(*TABLE)
    link.run(link.west, INSERT_TWO)
    number = record(link.west, link.db, 't', incoming=ONE, current=TWO)
    resolve(link, number, 'source')
    told = resolve(link, number, 'target')
    assert 'already' in told and 'source kept' in told and '--force' in told, told
    assert rows(link, link.west) == [ROW_ONE] and state_of(link.west, number) == ('resolved', 'source', 1)
    assert 'was written' in resolve(link, number, 'target', '--force')
    assert rows(link, link.west) == [ROW_TWO] and state_of(link.west, number) == ('resolved', 'target', 1)
    link.same()


def test_what_was_skipped(link):
    """The record does not know what the target had: its row stays, or the change is made up for."""
    link.both(*TABLE)
    link.run(link.west, INSERT_ONE)
    number = record(link.west, link.db, 't', kind='skipped', state='skipped', before=ONE, incoming=TWO)
    assert 'stays' in resolve(link, number, 'target')
    assert rows(link, link.west) == [ROW_ONE] and state_of(link.west, number) == ('resolved', 'target', 1)
    assert 'was written' in resolve(link, number, 'source', '--force')
    assert rows(link, link.west) == [ROW_TWO]
    link.same()


@pytest.mark.parametrize('more, words', [
    (dict(operation='statement', table_name='', incoming='DROP TABLE x'), ['statement']),
    (dict(kind='foreign_key', key_value=None), ['reading only']),
    (dict(incoming='0x0102'), ['incoming', 'log']),
    (dict(incoming='{`id`: 1}'), ['incoming', 'log']),
    (dict(incoming={'id': 1, 'gone': 2}), ['gone', 'changed']),
    (dict(incoming={'id': 1, 'price': 'NULL,name=(SELECT 1)'}), ['price', 'number']),
    (dict(incoming={'id': 1, 'name': {'bytes': 5000, 'xxh128': '0' * 32}}), ['name', '5000', 'conflict_value']),
    (dict(incoming={'id': 1, 'name': {'unreadable': True}}), ['name']),
    (dict(incoming={'name': 'x'}), ['key', 'id']),
    (dict(incoming={'id': 1, 'price': '123456789.00'}), ['price', 'nothing was changed']),
    (dict(incoming={'id': 1, 'name': 'taken'}), ['taken', '1062', 'nothing was changed']),
    (dict(table_name='nowhere'), ['nowhere']),
    (dict(table_name='keyless'), ['key']),
    (dict(table_name='mark', incoming={'site': 'north', 'n': None}, current=None), ['nothing was changed']),
])
def test_what_cannot_be_resolved(ready, more, words):
    ready.both(*TABLE, INSERT_TWO, "INSERT INTO t (id, name) VALUES (2, 'taken')", 'CREATE TABLE keyless (id INT) ENGINE=InnoDB')
    number = record(ready.west, ready.db, **{'table': 't', 'incoming': ONE, 'current': TWO, **more})
    before = rows(ready, ready.west)
    error = resolve(ready, number, 'source', expect=1)
    assert len(error.splitlines()) == 1 and f'west/{number}' in error, error
    for word in words:
        assert word in error, error
    assert rows(ready, ready.west) == before and state_of(ready.west, number) == ('settled', None, 0)


def test_resolve_waits_for_no_one_for_long(ready):
    ready.write_conf(lock_wait_s=1)
    ready.both(*TABLE, INSERT_TWO)
    number = record(ready.west, ready.db, 't', incoming=ONE, current=TWO)
    with ready.west.connect(ready.db, autocommit=False) as other, other.cursor() as cursor:
        cursor.execute('SELECT * FROM t FOR UPDATE')
        assert 'try again' in resolve(ready, number, 'source', expect=1)
        other.rollback()
    assert 'was written' in resolve(ready, number, 'source')


def test_two_who_decide_at_once(ready):
    """The record's lock lets one be first; the other finds it resolved."""
    ready.both(*TABLE, INSERT_TWO)
    for _ in range(5):
        number = record(ready.west, ready.db, 't', incoming=ONE, current=TWO)
        told = []
        threads = [threading.Thread(target=lambda k=keep: told.append(resolve(ready, number, k))) for keep in ('source', 'target')]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted('nothing was done' in t for t in told) == [False, True], told
        first = state_of(ready.west, number)[1]
        assert rows(ready, ready.west) == [ROW_ONE if first == 'source' else ROW_TWO]


def test_triggers_fire_as_for_an_application(ready):
    ready.both(*TABLE, INSERT_TWO, 'CREATE TABLE seen (mark VARCHAR(20)) ENGINE=InnoDB',
               "CREATE TRIGGER fires AFTER UPDATE ON t FOR EACH ROW INSERT INTO seen VALUES (COALESCE(@ringway, 'application'))")
    number = record(ready.west, ready.db, 't', incoming=ONE, current=TWO)
    resolve(ready, number, 'source')
    assert ready.rows(ready.west, 'seen') == [('application',)]


def test_a_column_that_came_later(ready):
    ready.both(*TABLE, INSERT_TWO, "ALTER TABLE t ADD later INT DEFAULT 7, ADD sum INT AS (id + 1)")
    ready.west.sql('UPDATE t SET later = 8', db=ready.db)
    number = record(ready.west, ready.db, 't', incoming=ONE, current=TWO)
    resolve(ready, number, 'source')
    assert ready.rows(ready.west, 't', 'name, later, sum') == [('one', 8, 2)]


def test_keys_that_the_collation_takes_for_equal(ready):
    ready.both('CREATE TABLE k (id VARCHAR(10) PRIMARY KEY, n INT) ENGINE=InnoDB', "INSERT INTO k VALUES ('a', 1)")
    number = record(ready.west, ready.db, 'k', incoming={'id': 'A', 'n': 2}, current={'id': 'a', 'n': 1})
    assert 'was written' in resolve(ready, number, 'source')
    assert ready.rows(ready.west, 'k') == [('A', 2)]
    assert 'was written' in resolve(ready, number, 'target', '--force')
    assert ready.rows(ready.west, 'k') == [('a', 1)]
