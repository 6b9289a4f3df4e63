"""Every everyday type, with the values at its edges, inserted, updated and deleted at both sites."""

import pytest

from wait import wait_until

# Sessions of applications differ in what makes values differ: time zone, sql_mode, character set.
SESSIONS = {'east': ["SET SESSION time_zone = '+05:30', sql_mode = ''"],
            'west': ["SET SESSION time_zone = '-08:00', sql_mode = 'NO_ZERO_DATE'", "SET SESSION sql_mode = ''"]}


def integers():
    for name, bits in (('TINYINT', 8), ('SMALLINT', 16), ('MEDIUMINT', 24), ('INT', 32), ('BIGINT', 64)):
        half = 1 << (bits - 1)
        yield name, [0, 1, -1, half - 1, -half, half // 2, 'NULL']
        yield f'{name} UNSIGNED', [0, 1, half - 1, half, 2 * half - 1, 'NULL']
    yield 'INT(5) UNSIGNED ZEROFILL', [0, 42, 4294967295, 'NULL']
    yield 'BOOLEAN', ['TRUE', 'FALSE', 'NULL']


def decimals():
    for precision, scale in ((1, 0), (2, 1), (5, 2), (9, 9), (9, 0), (10, 5), (18, 9), (19, 2), (27, 18), (30, 30),
                             (31, 30), (38, 10), (65, 0), (65, 30)):
        whole, part = '9' * (precision - scale) or '0', '9' * scale
        top = whole + ('.' + part if scale else '')
        tiny = '0.' + '0' * (scale - 1) + '1' if scale else '1'
        one = '0' if precision == scale else '1'
        yield f'DECIMAL({precision},{scale})', [0, top, '-' + top, tiny, '-' + tiny, one, 'NULL']
    yield 'DECIMAL(20,6) UNSIGNED', [0, '99999999999999.999999', '0.000001', 'NULL']


def floats():
    yield 'FLOAT', [0, '0.1', '-0e0', '3.402823466e38', '-3.402823466e38', '1.175494351e-38', '1.4e-45', '16777216',
                    '1.0000001', '-123456.789', '1e10', 'NULL']
    yield 'DOUBLE', [0, '0.1', '-0e0', '1.7976931348623157e308', '-1.7976931348623157e308', '2.2250738585072014e-308',
                     '5e-324', '9007199254740993', '1e0/3', '-2e0/3', '123456789.123456789', '1e15', '1e16', '1e-5', 'NULL']
    yield 'FLOAT(7,3)', [0, '0.001', '-9999.999', '1.5', 'NULL']
    yield 'DOUBLE(15,5)', [0, '0.00001', '-9999999999.99999', 'NULL']
    yield 'FLOAT UNSIGNED', [0, '0.1', '3.4e38', 'NULL']


def temporals():
    yield 'DATE', ["'1000-01-01'", "'9999-12-31'", "'0000-00-00'", "'2024-02-29'", "'2023-00-00'", "'2023-05-00'",
                   "'1970-01-01'", 'NULL']
    yield 'YEAR', ['1901', '2155', "'0000'", '1970', 'NULL']
    for digits in (0, 1, 2, 3, 4, 5, 6):
        part = '.' + '987654'[:digits] if digits else ''
        yield f'TIME({digits})', ["'00:00:00'", f"'-838:59:58{part}'", f"'838:59:58{part}'", f"'-00:00:01{part}'",
                                  f"'-00:00:00{part}'", f"'23:59:59{part}'", f"'25:00:00{part}'",
                                  f"'-24:00:00{part}'", "'838:59:59'", "'-838:59:59'", 'NULL']
        yield f'DATETIME({digits}) NULL', ["'1000-01-01 00:00:00'", f"'9999-12-31 23:59:58{part}'",
                                           "'0000-00-00 00:00:00'", f"'2024-02-29 12:34:56{part}'",
                                           "'2023-00-00 00:00:00'", f"'1969-12-31 23:59:59{part}'", 'NULL']
        # the hours that a change to summer time doubles or leaves out are hours like any other in UTC
        yield f'TIMESTAMP({digits}) NULL', [f"'1970-01-02 00:00:01{part}'", f"'2038-01-18 03:14:07{part}'",
                                            "'0000-00-00 00:00:00'", f"'2024-03-31 02:30:00{part}'",
                                            f"'2024-10-27 02:30:00{part}'", 'NULL']


TEXTS = ["''", "'plain'", "'it''s \"quoted\" `back` \\\\ \\n \\t \\0 \\Z %s %d'", "'ä ö ü ß é'", "'名前'", "' leads'",
         "'trails   '", "REPEAT('x', 190)", "'--'", "'/*! x */'", "'NULL'", 'NULL']
WIDE = ["'😀 𝒳 \U0010FFFF'", "CONCAT('a', CHAR(0), 'b')", "'é'"]


def texts():
    for charset, values in (('utf8mb4', TEXTS + WIDE), ('latin1', [t for t in TEXTS if '名' not in t]),
                            ('utf8mb3', TEXTS)):
        for kind in ('CHAR(200)', 'VARCHAR(200)', 'VARCHAR(400)', 'TINYTEXT', 'TEXT', 'MEDIUMTEXT', 'LONGTEXT'):
            yield f'{kind} CHARACTER SET {charset}', values
    for kind in ('CHAR(20)', 'VARCHAR(50)', 'TEXT'):
        yield f'{kind} CHARACTER SET ascii', ["'plain'", "''", "'a\\'b\\\\'", "'trails  '", 'NULL']
    yield 'VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin', ["'a'", "'A'", "'a '", "'ä'", 'NULL']
    # every byte of latin1, also those that mean nothing in a proper text
    yield 'VARCHAR(255) CHARACTER SET latin1', [f"_latin1 X'{bytes(range(1, 256)).hex()}'", "_latin1 X'80819F'",
                                                "_latin1 X'C3A4'", 'NULL']
    yield 'TEXT CHARACTER SET utf8mb4', ["REPEAT('ä', 20000)", "REPEAT('😀', 16000)", "''"]
    yield 'LONGTEXT CHARACTER SET utf8mb4', ["REPEAT('0123456789', 30000)", "'short'"]


def charsets():
    for charset, sample in (('utf16', 'ä名Ж😀'), ('utf32', 'ä名Ж😀'), ('ucs2', 'ä名Ж'), ('gbk', '中文丂'), ('sjis', '日本ソ表'),
                            ('cp1251', 'Привет'), ('big5', '中文功'), ('euckr', '한국'), ('latin2', 'łódź'), ('koi8r', 'Привет')):
        values = [f"'{sample}'", "''", "'a\\'b\\\\'", 'NULL', "'trails  '"]
        for kind in ('VARCHAR(50)', 'CHAR(20)', 'TEXT'):
            yield f'{kind} CHARACTER SET {charset}', values


def binaries():
    every = bytes(range(256)).hex()
    yield 'BINARY(1)', ["X'00'", "X'FF'", "X''", 'NULL']
    yield 'BINARY(8)', ["X'0100000000000000'", "X'01'", "X'0000000000000000'", "X'FFFFFFFFFFFFFFFF'",
                        "X'2020202020202020'", "''", 'NULL']
    yield 'VARBINARY(300)', [f"X'{every}'", "X'010000'", "X'00'", "X''", "X'27225C'", "X'2020'", 'NULL']
    for kind in ('TINYBLOB', 'BLOB', 'MEDIUMBLOB', 'LONGBLOB'):
        yield kind, [f"X'{every[:508]}'", "X'00'", "X''", "X'0000'", "X'F09F9880'", "X'C328'", 'NULL']
    yield 'LONGBLOB', [f"REPEAT(X'{every}', 1000)", "X'00'"]
    yield 'BINARY(255)', [f"X'{every[:510]}'", "X'00'"]


def choices():
    yield "ENUM('a','b','ä','名前','it''s','') COLLATE utf8mb4_bin", ["'a'", "'b'", "'ä'", "'名前'", "'it''s'", "''", '0', 'NULL']
    yield f"ENUM({', '.join(repr('e%d' % i) for i in range(300))})", ["'e0'", "'e255'", "'e256'", "'e299'", 'NULL']
    yield "ENUM('ä','ö') CHARACTER SET latin1", ["'ä'", "'ö'", 'NULL']
    yield "SET('a','b','ä','名前','x y') COLLATE utf8mb4_bin", ["''", "'a'", "'a,b'", "'ä,名前'", "'a,b,ä,名前,x y'", 'NULL']
    yield f"SET({', '.join(repr('s%d' % i) for i in range(64))})", ["''", "'s0'", "'s63'", '18446744073709551615', 'NULL']
    yield f"SET({', '.join(repr('s%d' % i) for i in range(9))})", ["'s8'", "'s0,s8'", '511']


def bits():
    for width in (1, 2, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64):
        yield f'BIT({width})', [0, 1, (1 << width) - 1, 1 << (width - 1), (0xA5A5A5A5A5A5A5A5 & ((1 << width) - 1)), 'NULL']


def jsons():
    yield 'JSON', ["'{}'", "'[]'", "'null'", "'true'", "'false'", "'0'", "'-1'", "'1.5'", "'\"text\"'", "'\"\"'",
                   "'{\"b\": 1, \"a\": [1, 2.25, {\"c\": null}]}'", "'{\"\\u00e4\": \"名前 😀 \\\\\" \\\\\\\\ \\\\n \\\\u0001\"}'",
                   "'[18446744073709551615, -9223372036854775808, 9223372036854775807, 1e100, 1e-7, 0.1]'",
                   "CONCAT('[', REPEAT('{\"k\": \"value\"},', 3000), '1]')", "'{\"a\": {\"b\": {\"c\": {\"d\": []}}}}'", 'NULL']


GROUPS = {f.__name__: f for f in (integers, decimals, floats, temporals, texts, charsets, binaries, choices, bits, jsons)}


def write(link, server, statements):
    with server.connect(link.db, autocommit=False) as connection, connection.cursor() as cursor:
        for statement in SESSIONS[server.name]:
            cursor.execute(statement)
        for i, statement in enumerate(statements):
            cursor.execute(statement)
            if i % 7 == 0:
                connection.commit()
        connection.commit()


@pytest.mark.parametrize('group', GROUPS)
def test_values(link, group):
    tables = [(f'{group}_{i}', kind, values) for i, (kind, values) in enumerate(GROUPS[group]())]
    link.both(*(f'CREATE TABLE {name} (id INT PRIMARY KEY, v {kind}) ENGINE=InnoDB' for name, kind, _ in tables))
    sides = ((link.east, 0), (link.west, 1000))

    for server, base in sides:
        write(link, server, [f'INSERT INTO {name} VALUES ({base + i}, {value})'
                             for name, _, values in tables for i, value in enumerate(values)])
    link.same()

    # each value becomes the next one, in rows that the other site wrote
    for server, base in sides:
        write(link, server, [f'UPDATE {name} SET v = {(values[1:] + values[:1])[i]} WHERE id = {1000 - base + i}'
                             for name, _, values in tables for i in range(len(values))])
    link.same()

    # one row to the value of another: NULL and back, empty and back
    for server, base in sides:
        write(link, server, [f'UPDATE {name} SET id = id + 500 WHERE id = {base}' for name, _, _ in tables])
    link.same()

    for server, base in sides:
        write(link, server, [f'DELETE FROM {name} WHERE id >= {base} AND id < {base + 1000}' for name, _, _ in tables])
    link.same()
    for name, _, _ in tables:
        assert link.rows(link.east, name) == [], name


def test_all_types_in_one_row(link):
    """A wide row: null bitmaps of several bytes, and columns that do not change travel along."""
    every = [(kind, values) for group in ('integers', 'decimals', 'temporals', 'binaries', 'choices', 'bits')
             for kind, values in GROUPS[group]()]
    link.both('CREATE TABLE wide (id INT PRIMARY KEY, ' +
              ', '.join(f'c{i} {kind}' for i, (kind, _) in enumerate(every)) + ') ENGINE=InnoDB')
    for server, base in ((link.east, 0), (link.west, 100)):
        write(link, server, [f'INSERT INTO wide VALUES ({base + n}, ' +
                             ', '.join(str(values[n % len(values)]) for _, values in every) + ')' for n in range(8)])
    link.same()
    for server, base in ((link.west, 0), (link.east, 100)):
        write(link, server, [f'UPDATE wide SET c{i} = {values[(n + 1) % len(values)]} WHERE id = {base + n}'
                             for n in range(8) for i, (_, values) in enumerate(every) if i % 8 == n])
        write(link, server, [f'INSERT INTO wide (id) VALUES ({base + 50})'])
    link.same()


@pytest.mark.pairs(('mariadb', 'mariadb'))
def test_types_of_mariadb(link):
    check_kinds(link, [('DECIMAL(65,38)', ['0.' + '0' * 37 + '1', '-1', '99999999999999999999999999.' + '9' * 38, 'NULL'])])


@pytest.mark.pairs(('mysql', 'mysql'))
def test_types_of_mysql(link):
    """JSON of MySQL holds more than JSON text can say: dates, exact decimals."""
    check_kinds(link, [('JSON', ["JSON_OBJECT('d', CAST('2020-01-02' AS DATE), 't', CAST('2020-01-02 03:04:05.678' AS DATETIME(3)))",
                                 "JSON_ARRAY(1.10, 12345678901234567890.123, -0.5)", 'NULL'])])


RARE = [(('mariadb', 'mysql'), 'POINT', "ST_GeomFromText('POINT(1 2)')"),
        (('mariadb', 'mysql'), 'GEOMETRY', "ST_GeomFromText('LINESTRING(0 0, 1 1)')"),
        (('mariadb', 'mariadb'), 'INET6', "'::1'"), (('mariadb', 'mariadb'), 'INET4', "'10.0.0.1'"),
        (('mariadb', 'mariadb'), 'UUID', "'123e4567-e89b-12d3-a456-426655440000'"),
        (('mysql', 'mysql'), 'VECTOR(3)', "STRING_TO_VECTOR('[1,2,3]')")]


@pytest.mark.parametrize('pair, kind, value', RARE, indirect=['pair'], ids=[f"{'-'.join(p)}-{k}" for p, k, _ in RARE], scope='session')
def test_rare_types_arrive_whole_or_stop_the_link(link, kind, value):
    """Never guess: the row arrives to the byte, or the message names table and column and nothing is written."""
    link.both(f'CREATE TABLE r (id INT PRIMARY KEY, col {kind}) ENGINE=InnoDB')
    link.run(link.east, f'INSERT INTO r VALUES (1, {value})')
    stopped = wait_until(lambda: link.link() if link.link()['state'] == 'stopped' or link.rows(link.west, 'r') else None, 30, 'an end')
    if stopped['state'] == 'stopped':
        assert f'{link.db}.r' in stopped['error'] and 'col' in stopped['error'], stopped
        assert link.rows(link.west, 'r') == []
        link.cmd('skip', '--link', 'east->west')
        link.caught_up()
        assert link.rows(link.west, 'r') == []
    else:
        link.same()
        link.run(link.west, 'UPDATE r SET id = 2')
        link.same()


def check_kinds(link, kinds):
    link.both(*(f'CREATE TABLE k{i} (id INT PRIMARY KEY, v {kind}) ENGINE=InnoDB' for i, (kind, _) in enumerate(kinds)))
    for server, base in ((link.east, 0), (link.west, 100)):
        write(link, server, [f'INSERT INTO k{i} VALUES ({base + n}, {value})'
                             for i, (_, values) in enumerate(kinds) for n, value in enumerate(values)])
    link.same()
    for server, base in ((link.west, 0), (link.east, 100)):
        write(link, server, [f'UPDATE k{i} SET v = {values[(n + 1) % len(values)]} WHERE id = {base + n}'
                             for i, (_, values) in enumerate(kinds) for n in range(len(values))])
        write(link, server, [f'DELETE FROM k{i} WHERE id = {base}' for i in range(len(kinds))])
    link.same()
