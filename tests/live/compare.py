"""Are two servers the same, row by row and to the byte?

Written apart from the engine, on purpose: it asks the servers for text that loses nothing (HEX of bytes, doubles with
all their digits) and compares multisets of rows, so that tables without a key and duplicates are compared too.
"""

import collections
import json
import re
import struct

import pymysql.cursors

BYTES = {'char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'binary', 'varbinary', 'tinyblob', 'blob',
         'mediumblob', 'longblob', 'enum', 'set', 'bit', 'geometry', 'point', 'linestring', 'polygon', 'multipoint',
         'multilinestring', 'multipolygon', 'geomcollection', 'geometrycollection', 'vector', 'inet4', 'inet6', 'uuid'}


def _query(server, schema, statement, args=None, streaming=False):
    """Rows as text, in UTC, with no sql_mode that changes what is read."""
    cursor_class = pymysql.cursors.SSCursor if streaming else pymysql.cursors.Cursor
    connection = server.connect(schema, conv={}, cursorclass=cursor_class)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION time_zone = '+00:00', sql_mode = ''")
            cursor.execute('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
            cursor.execute(statement, args)
            yield from cursor
    finally:
        connection.close()


def tables(server, schema):
    return {name for (name,) in _query(server, schema, "SELECT table_name FROM information_schema.tables WHERE "
            f"table_schema = '{schema}' AND table_type = 'BASE TABLE'")}


def columns(server, schema, table):
    """{name: data type} in order."""
    return {name: kind.lower() for name, kind in _query(server, schema,
            'SELECT column_name, data_type FROM information_schema.columns '
            f"WHERE table_schema = '{schema}' AND table_name = '{table}' ORDER BY ordinal_position")}


def _json(text):
    """JSON as a value: MySQL keeps values, MariaDB keeps text; order of keys and spaces mean nothing."""
    def plain(value):
        if isinstance(value, dict):
            return ('object', tuple(sorted((k, plain(v)) for k, v in value.items())))
        if isinstance(value, list):
            return ('array', tuple(plain(v) for v in value))
        if isinstance(value, bool) or value is None:
            return ('literal', value)
        if isinstance(value, (int, float)):
            return ('number', float(value) if isinstance(value, float) or abs(value) > 2**64 else value)
        return ('string', value)
    return plain(json.loads(text))


def _double(text):
    return struct.pack('>d', float(text))


def _unsigned_zero(text):
    """MariaDB keeps no -0.0: whatever expression says it, 0.0 is stored."""
    return _double(text) if float(text) else _double('0')


def _same(value):
    return value


def rows(server, schema, table, kinds, json_columns=(), double=_double):
    """A Counter of rows; `kinds` is what columns() gave."""
    select, read = [], []
    for name, kind in kinds.items():
        quoted = '`' + name.replace('`', '``') + '`'
        if name in json_columns:
            select.append(quoted)
            read.append(_json)
        elif kind in BYTES:
            select.append(f'HEX({quoted})')
            read.append(_same)
        elif kind in ('float', 'double'):
            select.append(f'CAST({quoted} AS DOUBLE)')
            read.append(double)
        else:
            select.append(f'CAST({quoted} AS CHAR)')
            read.append(_same)
    table = table.replace('`', '``')
    counted = collections.Counter()
    for row in _query(server, schema, f"SELECT {', '.join(select)} FROM `{table}`", streaming=True):
        counted[tuple(None if v is None else f(v) for f, v in zip(read, row))] += 1
    return counted


def table_difference(a, b, schema, table):
    """None, or what differs, in words."""
    kinds_a, kinds_b = columns(a, schema, table), columns(b, schema, table)
    if list(kinds_a) != list(kinds_b):
        return f'{schema}.{table}: columns {list(kinds_a)} at {a.name}, {list(kinds_b)} at {b.name}'
    json_columns = {name for name in kinds_a if 'json' in (kinds_a[name], kinds_b[name])}
    double = _unsigned_zero if 'mariadb' in (a.flavour, b.flavour) else _double
    rows_a, rows_b = (rows(s, schema, table, k, json_columns, double) for s, k in ((a, kinds_a), (b, kinds_b)))
    if rows_a == rows_b:
        return None
    only_a, only_b = list((rows_a - rows_b).elements()), list((rows_b - rows_a).elements())
    text = [f'{schema}.{table} ({", ".join(kinds_a)}): {sum(rows_a.values())} rows at {a.name}, '
            f'{sum(rows_b.values())} at {b.name}; only at {a.name} {len(only_a)}, only at {b.name} {len(only_b)}']
    for server, only in ((a, only_a), (b, only_b)):
        text += [f'  only at {server.name}: {row}' for row in sorted(only, key=repr)[:5]]
    return '\n'.join(text)


def differences(a, b, schemas=None):
    """All that differs in the rows of all tables of these schemas (default: all that applications made)."""
    if schemas is None:
        if sorted(a.schemas()) != sorted(b.schemas()):
            return [f'schemas {sorted(a.schemas())} at {a.name}, {sorted(b.schemas())} at {b.name}']
        schemas = a.schemas()
    found = []
    for schema in schemas:
        tables_a, tables_b = tables(a, schema), tables(b, schema)
        if tables_a != tables_b:
            found.append(f'{schema}: tables only at {a.name}: {sorted(tables_a - tables_b)}, '
                         f'only at {b.name}: {sorted(tables_b - tables_a)}')
        found += filter(None, (table_difference(a, b, schema, t) for t in sorted(tables_a & tables_b)))
    return found


def assert_same(a, b, schemas=None):
    found = differences(a, b, schemas)
    assert not found, '\n'.join(found)


# ---- structure: what DDL must have made the same


def _type(text, is_json):
    if is_json:
        return 'json'
    text = text.lower()
    text = re.sub(r'^(tinyint|smallint|mediumint|int|bigint)\(\d+\)', r'\1', text)     # display widths mean nothing
    return re.sub(r'^year\(4\)', 'year', text)


def _utf8(text):
    return re.sub(r'^utf8(?=$|_)', 'utf8mb3', text) if text else text


def _default(text):
    if text is None or text.upper() == 'NULL':
        return None
    text = re.sub(r'current_timestamp(\(\))?', 'current_timestamp', text, flags=re.I)
    # MariaDB shows a literal as it would be written, MySQL its value
    return text[1:-1].replace("''", "'").replace('\\\\', '\\') if len(text) > 1 and text[0] == text[-1] == "'" else text


def structure(server, schema, json_columns=()):
    """{table: (columns, indexes, foreign keys)} in words that both flavours share."""
    found = {}
    for table in tables(server, schema):
        cols = [(name, _type(kind, (table, name) in json_columns), null, _utf8(cs), _utf8(coll),
                 'auto_increment' in extra.lower(), _default(default))
                if (table, name) not in json_columns else (name, 'json', null)
                for name, kind, null, cs, coll, extra, default in _query(server, schema,
                    'SELECT column_name, column_type, is_nullable, character_set_name, collation_name, extra, '
                    f"column_default FROM information_schema.columns WHERE table_schema = '{schema}' "
                    f"AND table_name = '{table}' ORDER BY ordinal_position")]
        indexes = sorted(_query(server, schema,
                    'SELECT index_name, non_unique, seq_in_index, column_name, sub_part FROM '
                    f"information_schema.statistics WHERE table_schema = '{schema}' AND table_name = '{table}'"),
                    key=repr)
        keys = sorted(_query(server, schema,
                    'SELECT constraint_name, ordinal_position, column_name, referenced_table_name, '
                    'referenced_column_name FROM information_schema.key_column_usage WHERE referenced_table_name '
                    f"IS NOT NULL AND table_schema = '{schema}' AND table_name = '{table}'"), key=repr)
        found[table] = (cols, indexes, keys)
    return found


def assert_same_structure(a, b, schema):
    json_columns = {(t, c) for s in (a, b) for t in tables(s, schema)
                    for c, kind in columns(s, schema, t).items() if kind == 'json'}
    one, two = structure(a, schema, json_columns), structure(b, schema, json_columns)
    assert set(one) == set(two), f'tables {sorted(one)} at {a.name}, {sorted(two)} at {b.name}'
    for table in one:
        for what, x, y in zip(('columns', 'indexes', 'foreign keys'), one[table], two[table]):
            assert x == y, f'{schema}.{table}: {what}\n  at {a.name}: {x}\n  at {b.name}: {y}'
