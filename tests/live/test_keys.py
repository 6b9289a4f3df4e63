"""Rows are found again: keys of every kind, keys that change, no keys, unique values that move, foreign keys."""

import pytest



def test_unique_values_swap_in_one_transaction(link):
    link.both('CREATE TABLE t (id INT PRIMARY KEY, u INT UNIQUE, w VARCHAR(5), UNIQUE KEY uw (w)) ENGINE=InnoDB')
    for server, base in ((link.east, 0), (link.west, 100)):
        link.run(server, f"INSERT INTO t VALUES ({base + 1}, {base + 1}, 'a{base}'), ({base + 2}, {base + 2}, 'b{base}'), "
                         f"({base + 3}, {base + 3}, 'c{base}')")
        link.transaction(server, f'UPDATE t SET u = NULL WHERE id = {base + 1}',
                         f'UPDATE t SET u = {base + 1} WHERE id = {base + 2}',
                         f'UPDATE t SET u = {base + 2} WHERE id = {base + 1}')
        # around in a ring of three, by a detour
        link.transaction(server, f"UPDATE t SET w = 'x{base}' WHERE id = {base + 1}",
                         f"UPDATE t SET w = 'a{base}' WHERE id = {base + 2}",
                         f"UPDATE t SET w = 'b{base}' WHERE id = {base + 3}",
                         f"UPDATE t SET w = 'c{base}' WHERE id = {base + 1}")
    link.same()
    assert link.rows(link.west, 't', 'id, u, w')[:3] == [(1, 2, 'c0'), (2, 1, 'a0'), (3, 3, 'b0')]


def test_unique_values_move_to_other_rows(link):
    """Deleted here, inserted there: in one transaction, and in several that may share a window."""
    link.both('CREATE TABLE t (id INT PRIMARY KEY, u INT NOT NULL, UNIQUE KEY (u)) ENGINE=InnoDB')
    link.run(link.east, 'INSERT INTO t VALUES ' + ', '.join(f'({i}, {i})' for i in range(20)))
    link.caught_up()
    link.transaction(link.east, 'DELETE FROM t WHERE id = 1', 'INSERT INTO t VALUES (101, 1)')
    for i in range(2, 20):
        link.run(link.east, f'DELETE FROM t WHERE id = {i}', f'INSERT INTO t VALUES ({100 + i}, {i})',
                 f'UPDATE t SET u = u + 1000 WHERE id = {100 + i}', f'INSERT INTO t VALUES ({200 + i}, {i})')
    link.run(link.east, 'REPLACE INTO t VALUES (300, 5)', 'REPLACE INTO t VALUES (0, 6)',
             'INSERT INTO t VALUES (0, 9) ON DUPLICATE KEY UPDATE u = u + 5000')
    link.same()


def test_primary_keys_change(link):
    link.both('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9)) ENGINE=InnoDB')
    for server, base in ((link.east, 0), (link.west, 1000)):
        link.run(server, 'INSERT INTO t VALUES ' + ', '.join(f"({base + i}, 'v{i}')" for i in range(10)))
        link.run(server, f'UPDATE t SET id = {base + 500} WHERE id = {base}',
                 f'UPDATE t SET id = id + 1 WHERE id BETWEEN {base} AND {base + 9} ORDER BY id DESC',
                 f'UPDATE t SET id = id - 1 WHERE id BETWEEN {base} AND {base + 99} ORDER BY id')
        link.transaction(server, f'UPDATE t SET id = -1 WHERE id = {base + 2}',
                         f'UPDATE t SET id = {base + 2} WHERE id = {base + 3}',
                         f'UPDATE t SET id = {base + 3} WHERE id = -1')
        link.transaction(server, f'DELETE FROM t WHERE id = {base + 5}', f"INSERT INTO t VALUES ({base + 5}, 'anew')",
                         f"UPDATE t SET v = 'newer' WHERE id = {base + 5}")
        link.transaction(server, f"INSERT INTO t VALUES ({base + 700}, 'x')", f'UPDATE t SET id = {base + 701} WHERE id = {base + 700}',
                         f'DELETE FROM t WHERE id = {base + 701}')
        link.caught_up()
    link.same()


KEYS = {
    'varchar, any case': ('VARCHAR(20)', ["'a'", "'B'", "'c '", "'ü'", "''"], "UPPER(k)"),
    'varchar, bytes': ('VARCHAR(20) COLLATE utf8mb4_bin', ["'a'", "'A'", "'ä'", "'😀'", "''"], "CONCAT(k, '!')"),
    'latin1': ('VARCHAR(20) CHARACTER SET latin1', ["'a'", "'ä'", "'it''s'", "''"], "CONCAT(k, 'x')"),
    'char': ('CHAR(10)', ["'a'", "'b'", "''"], "CONCAT('z', k)"),
    'varbinary': ('VARBINARY(20)', ["X'00'", "X'0000'", "X''", "X'FF27'", "X'20'"], "CONCAT(k, X'00')"),
    'binary': ('BINARY(4)', ["X'00'", "X'01000000'", "X'20'", "X'FFFFFFFF'"], "X'0A0B0C0D'"),
    'bigint unsigned': ('BIGINT UNSIGNED', ['0', '18446744073709551615', '9223372036854775808'], 'k - 1'),
    'decimal': ('DECIMAL(30,10)', ['0', '-1.5', '12345678901234567890.0123456789'], 'k + 0.0000000001'),
    'double': ('DOUBLE', ['0.1', '1e0/3', '-1e300'], 'k * 2'),
    'float': ('FLOAT', ['0.1', '3.4e38', '-1.17e-38'], 'k / 3'),
    'date': ('DATE', ["'1000-01-01'", "'2024-02-29'"], "k + INTERVAL 1 DAY"),
    'datetime': ('DATETIME(6)', ["'2024-01-01 00:00:00.000001'", "'2024-01-01 00:00:00.000002'"], "k + INTERVAL 10 MICROSECOND"),
    'timestamp': ('TIMESTAMP(3)', ["'2024-01-01 00:00:00.001'", "'2024-01-01 00:00:00.002'"], "k + INTERVAL 1 HOUR"),
    'time': ('TIME(2)', ["'-00:00:00.01'", "'838:00:00'", "'00:00:00'"], "'01:02:03.04'"),
    'year': ('YEAR', ['1999', '2024'], 'k + 1'),
    'enum': ("ENUM('a','ü','c','d','e')", ["'a'", "'c'", "'ü'"], "k + 1"),
    'bit': ('BIT(40)', ['1', '1099511627775', '0'], 'k ^ 6'),
}


@pytest.mark.pairs(('mariadb', 'mariadb'), ('mariadb', 'mysql'))
def test_keys_of_every_type(link):
    link.both(*(f'CREATE TABLE k{i} (k {kind} NOT NULL, v INT, PRIMARY KEY (k)) ENGINE=InnoDB'
                for i, (kind, _, _) in enumerate(KEYS.values())),
              *(f'CREATE TABLE c{i} (s INT, k {kind} NOT NULL, v INT, PRIMARY KEY (s, k)) ENGINE=InnoDB'
                for i, (kind, _, _) in enumerate(KEYS.values())))
    link.run(link.east, "SET SESSION sql_mode = ''")
    for i, (_, values, change) in enumerate(KEYS.values()):
        link.run(link.east, *(f'INSERT INTO k{i} VALUES ({value}, {n})' for n, value in enumerate(values)),
                 *(f'INSERT INTO c{i} VALUES ({s}, {value}, {n})' for s in (1, 2) for n, value in enumerate(values)))
    link.same()
    link.run(link.west, "SET SESSION sql_mode = ''")
    for i, (_, values, change) in enumerate(KEYS.values()):
        link.run(link.west, f'UPDATE k{i} SET v = v + 10', f'UPDATE c{i} SET v = v + 10 WHERE s = 1',
                 f'UPDATE k{i} SET k = {change} WHERE v = 11', f'UPDATE c{i} SET k = {change} WHERE v = 1 AND s = 2')
    link.same()
    for i in range(len(KEYS)):
        link.run(link.east, f'DELETE FROM k{i} WHERE v = 10', f'DELETE FROM c{i} WHERE s = 1')
    link.same()


def test_composite_and_late_keys(link):
    """The key's columns stand last and in another order; only a unique key that is never NULL identifies."""
    link.both('CREATE TABLE a (v INT, x VARCHAR(9) NOT NULL, y INT NOT NULL, z DATE NOT NULL, PRIMARY KEY (z, x, y)) ENGINE=InnoDB',
              'CREATE TABLE b (v INT, x VARCHAR(9) NOT NULL, UNIQUE KEY (x)) ENGINE=InnoDB',
              'CREATE TABLE p (id INT, v VARCHAR(100), PRIMARY KEY (v(5), id)) ENGINE=InnoDB')
    for server, n in ((link.east, 1), (link.west, 2)):
        link.run(server, f"INSERT INTO a VALUES (1, 'a', {n}, '2024-01-01'), (2, 'a', {n}, '2024-01-02')",
                 f"UPDATE a SET v = v + 1 WHERE y = {n}", f"UPDATE a SET z = '2025-01-01' WHERE v = 2 AND y = {n}",
                 f"INSERT INTO b VALUES (1, 'k{n}'), (2, 'l{n}')", f"UPDATE b SET v = 5 WHERE x = 'k{n}'",
                 f"UPDATE b SET x = 'm{n}' WHERE x = 'l{n}'", f"DELETE FROM b WHERE x = 'k{n}'",
                 f"INSERT INTO p VALUES ({n}, 'prefix one'), ({n + 10}, 'prefix two')", f"UPDATE p SET v = 'prefix three' WHERE id = {n}",
                 f'DELETE FROM p WHERE id = {n + 10}')
    link.same()


def test_tables_without_a_key(link):
    """Rows that are all alike: as many are changed and deleted as at the source."""
    link.both('CREATE TABLE t (a INT, b VARCHAR(10), f FLOAT, d DATETIME(3)) ENGINE=InnoDB',
              'CREATE TABLE n (a INT, b INT, UNIQUE KEY (a)) ENGINE=InnoDB')
    row = "(1, 'dup', 0.1, '2024-01-01 00:00:00.123')"
    link.run(link.east, f'INSERT INTO t VALUES {row}, {row}, {row}, {row}', "INSERT INTO t VALUES (NULL, NULL, NULL, NULL)",
             "INSERT INTO t VALUES (NULL, NULL, NULL, NULL)", "INSERT INTO t VALUES (1, '', -1e30, NULL)")
    link.same()
    link.run(link.west, "UPDATE t SET b = 'one' WHERE b = 'dup' LIMIT 1", "DELETE FROM t WHERE b = 'dup' LIMIT 1",
             'UPDATE t SET a = 5 WHERE a IS NULL LIMIT 1', 'DELETE FROM t WHERE a IS NULL LIMIT 1')
    link.same()
    assert len(link.rows(link.east, 't')) == 5
    link.transaction(link.east, "UPDATE t SET b = 'two'", "UPDATE t SET b = 'three' LIMIT 2", "DELETE FROM t WHERE b = 'two' LIMIT 1",
                     f'INSERT INTO t VALUES {row}')
    link.same()
    # a unique key that may be NULL does not identify
    link.run(link.west, 'INSERT INTO n VALUES (NULL, 1), (NULL, 1), (1, 1), (NULL, 2)', 'UPDATE n SET b = 9 WHERE b = 1 LIMIT 1',
             'DELETE FROM n WHERE a IS NULL LIMIT 1')
    link.same()


def test_foreign_keys(link):
    link.both('CREATE TABLE p (id INT PRIMARY KEY, v INT) ENGINE=InnoDB',
              'CREATE TABLE c (id INT PRIMARY KEY, p INT, CONSTRAINT fc FOREIGN KEY (p) REFERENCES p (id)) ENGINE=InnoDB')
    for server, base in ((link.east, 0), (link.west, 100)):
        link.transaction(server, f'INSERT INTO p VALUES ({base + 1}, 1), ({base + 2}, 2)', f'INSERT INTO c VALUES ({base + 1}, {base + 1})')
        for i in range(3, 20):
            link.run(server, f'INSERT INTO p VALUES ({base + i}, 0)', f'INSERT INTO c VALUES ({base + i}, {base + i})',
                     f'UPDATE c SET p = {base + 1} WHERE id = {base + i}', f'DELETE FROM p WHERE id = {base + i}')
        link.transaction(server, f'DELETE FROM c WHERE id = {base + 1}', f'INSERT INTO c VALUES ({base + 1}, {base + 2})',
                         f'UPDATE c SET p = {base + 2} WHERE p = {base + 1}', f'DELETE FROM p WHERE id = {base + 1}')
    link.same()
    assert len(link.rows(link.west, 'p')) == 2


def test_foreign_keys_that_cascade(link):
    """Whether a server logs what a cascade did or not: at the target it happens once."""
    link.both('CREATE TABLE p (id INT PRIMARY KEY, u INT UNIQUE) ENGINE=InnoDB',
              'CREATE TABLE del (id INT PRIMARY KEY, p INT, n INT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE ON UPDATE CASCADE) ENGINE=InnoDB',
              'CREATE TABLE nul (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE SET NULL ON UPDATE CASCADE) ENGINE=InnoDB',
              'CREATE TABLE deep (id INT PRIMARY KEY, d INT, FOREIGN KEY (d) REFERENCES del (id) ON DELETE CASCADE) ENGINE=InnoDB')
    for server, base in ((link.east, 0), (link.west, 100)):
        ids = [base + i for i in range(1, 6)]
        link.transaction(server, *(f'INSERT INTO p VALUES ({i}, {i})' for i in ids), *(f'INSERT INTO del VALUES ({i}, {i}, 0)' for i in ids),
                         *(f'INSERT INTO nul VALUES ({i}, {i})' for i in ids), *(f'INSERT INTO deep VALUES ({i}, {i})' for i in ids))
    link.same()
    # each side's cascades start at the rows that the other side wrote
    for server, base in ((link.west, 0), (link.east, 100)):
        link.run(server, f'DELETE FROM p WHERE id = {base + 1}', f'UPDATE p SET id = {base + 50} WHERE id = {base + 2}')
        link.transaction(server, f'UPDATE p SET id = {base + 60} WHERE id = {base + 3}', f'UPDATE del SET n = n + 1 WHERE p = {base + 60}',
                         f'DELETE FROM p WHERE id = {base + 60}')
        link.transaction(server, f'DELETE FROM p WHERE id = {base + 4}', f'INSERT INTO p VALUES ({base + 4}, 77{base})',
                         f'INSERT INTO del VALUES ({base + 4}, {base + 4}, 5)')
    link.same()
    assert [row[0] for row in link.rows(link.east, 'p')] == [4, 5, 50, 104, 105, 150]


def test_columns_that_are_not_plain(link):
    """Generated, invisible, with a default that is an expression; AUTO_INCREMENT with the value 0."""
    link.both('CREATE TABLE g (id INT PRIMARY KEY, a INT, s INT GENERATED ALWAYS AS (a * 2) STORED, v INT GENERATED ALWAYS AS (a + 1) VIRTUAL, '
              'z VARCHAR(9) DEFAULT (CONCAT(\'d\', 1))) ENGINE=InnoDB',
              'CREATE TABLE i (id INT PRIMARY KEY, hidden INT INVISIBLE DEFAULT 3, shown INT) ENGINE=InnoDB',
              'CREATE TABLE au (id INT AUTO_INCREMENT PRIMARY KEY, v INT) ENGINE=InnoDB',
              'CREATE TABLE gk (a INT, k INT GENERATED ALWAYS AS (a * 10) STORED, UNIQUE KEY (k)) ENGINE=InnoDB')
    for server, n in ((link.east, 1), (link.west, 11)):
        link.run(server, f'INSERT INTO g (id, a) VALUES ({n}, 5), ({n + 1}, NULL)', f'UPDATE g SET a = 6 WHERE id = {n}',
                 f'INSERT INTO i (id, shown) VALUES ({n}, 1)', f'INSERT INTO i (id, hidden, shown) VALUES ({n + 1}, NULL, 2)',
                 f'UPDATE i SET hidden = 9 WHERE id = {n}',
                 f'INSERT INTO gk (a) VALUES ({n})', f'UPDATE gk SET a = a + 5 WHERE a = {n}')
    link.run(link.east, "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'", 'INSERT INTO au VALUES (0, 1)', 'INSERT INTO au VALUES (-5, 1)',
             "SET SESSION sql_mode = ''", 'INSERT INTO au (v) VALUES (2)')
    link.same()
    link.run(link.west, 'UPDATE au SET v = 3 WHERE id = 0', 'DELETE FROM g WHERE id = 2', 'DELETE FROM gk WHERE a > 10',
             'UPDATE i SET shown = 7')
    link.same()
    assert link.rows(link.east, 'g', 's, v', 'id')[0] == (12, 7)


def test_sequences_of_auto_increment_continue(link):
    """A site that takes over the writing does not hand out numbers again."""
    link.both('CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v INT) ENGINE=InnoDB')
    link.run(link.east, 'INSERT INTO t (v) VALUES (1), (2), (3)')
    link.caught_up()
    link.run(link.west, 'INSERT INTO t (v) VALUES (4)')
    link.same()
    assert [row[0] for row in link.rows(link.east, 't')] == [1, 2, 3, 4]
