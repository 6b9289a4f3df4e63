"""Large transactions and large rows do not need memory of their size."""

import pytest

PAIRS = [('mariadb', 'mysql')]
MEMORY_KIB = 150 * 1024
TABLE = ('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(100), n BIGINT, d DATETIME(6)) ENGINE=InnoDB',)


def digits(n):
    """FROM clause that yields 10^n rows d0.i .. d(n-1).i, on every server."""
    ten = '(' + ' UNION ALL '.join(f'SELECT {i} AS i' for i in range(10)) + ')'
    return ' CROSS JOIN '.join(f'{ten} d{k}' for k in range(n)), ' + '.join(f'd{k}.i * {10 ** k}' for k in range(n))


def insert_many(link, server, rows):
    power = len(str(rows)) - 1
    times = rows // 10 ** power
    tables, number = digits(power)
    link.run(server, 'BEGIN', *(f"INSERT INTO t SELECT {k * 10 ** power} + {number}, CONCAT('row number ', {number}), {k}, "
                                f"'2024-01-01 00:00:00.5' FROM {tables}" for k in range(times)), 'COMMIT')


def test_transaction_of_300000_rows(link):
    link.both(*TABLE)
    insert_many(link, link.east, 300_000)
    link.same(timeout=180)
    link.run(link.west, 'UPDATE t SET n = n + 1, v = CONCAT(v, id)')
    link.same(timeout=180)
    link.run(link.east, 'DELETE FROM t WHERE id % 2 = 0')
    link.same(timeout=180)
    assert link.west.one(f'SELECT COUNT(*) FROM {link.db}.t') == 150_000
    assert link.memory_peak_kib() < MEMORY_KIB, f'{link.memory_peak_kib()} KiB'


@pytest.mark.long
def test_transaction_of_5000000_rows(link):
    link.both(*TABLE)
    insert_many(link, link.east, 5_000_000)
    link.caught_up(timeout=1800)
    assert link.west.one(f'SELECT COUNT(*) FROM {link.db}.t') == 5_000_000
    link.run(link.west, 'UPDATE t SET n = n + 1')
    link.caught_up(timeout=1800)
    link.same(timeout=600)
    assert link.memory_peak_kib() < MEMORY_KIB, f'{link.memory_peak_kib()} KiB'


def test_nothing_of_a_large_transaction_shows_before_its_end(link):
    link.both(*TABLE)
    insert_many(link, link.east, 100_000)
    seen = set()
    from wait import wait_until
    wait_until(lambda: seen.add(link.west.one(f'SELECT COUNT(*) FROM {link.db}.t')) or 100_000 in seen, 120, 'the rows at west')
    assert seen <= {0, 100_000}, seen
    link.same()


def test_large_rows(link):
    link.both('CREATE TABLE b (id INT PRIMARY KEY, v LONGBLOB, w LONGTEXT) ENGINE=InnoDB')
    for server, n in ((link.east, 1), (link.west, 10)):
        link.run(server, f"INSERT INTO b VALUES ({n}, REPEAT(X'00FF27', 5000000), 'x')", f"INSERT INTO b VALUES ({n + 1}, '', REPEAT('ä', 4000000))")
        link.run(server, f"UPDATE b SET w = 'y' WHERE id = {n}", f"UPDATE b SET v = REPEAT('z', 1000000) WHERE id = {n + 1}")
    link.same(timeout=120)
    link.run(link.east, 'DELETE FROM b WHERE id >= 10')
    link.same(timeout=120)


def test_many_columns_and_tables(link):
    many = 'CREATE TABLE w{} (id INT PRIMARY KEY, ' + ', '.join(f'c{i} INT' for i in range(500)) + ') ENGINE=InnoDB'
    link.both(many.format(0), *(f'CREATE TABLE x{i} (id INT PRIMARY KEY) ENGINE=InnoDB' for i in range(200)))
    for server, n in ((link.east, 1), (link.west, 2)):
        link.run(server, f'INSERT INTO w0 (id, c0, c499) VALUES ({n}, 1, 2)', f'UPDATE w0 SET c250 = 7 WHERE id = {n}')
        link.transaction(server, *(f'INSERT INTO x{i} VALUES ({n})' for i in range(200)))
    link.same()
