"""Rows go both ways: inserts, updates, deletes, transactions; a reader sees only whole transactions."""

import threading

from wait import wait_until

TABLE = 'CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(50), n INT) ENGINE=InnoDB'


def test_insert_update_delete_both_ways(link):
    link.both(TABLE)
    for server, first in ((link.east, 1), (link.west, 101)):
        link.run(server, f"INSERT INTO t VALUES ({first}, 'a', 1)",
                 f"INSERT INTO t VALUES ({first + 1}, 'b', NULL), ({first + 2}, NULL, 3), ({first + 3}, '', 0)")
    link.same()
    assert len(link.rows(link.east, 't')) == 8

    # each side changes what the other one wrote
    for server, first in ((link.west, 1), (link.east, 101)):
        link.run(server, f"UPDATE t SET v = 'c', n = n + 1 WHERE id BETWEEN {first} AND {first + 2}",
                 f'DELETE FROM t WHERE id = {first + 3}')
    link.same()
    assert link.rows(link.west, 't')[:3] == [(1, 'c', 2), (2, 'c', None), (3, 'c', 4)]

    for server, first in ((link.west, 101), (link.east, 1)):
        link.run(server, f'DELETE FROM t WHERE id BETWEEN {first} AND {first + 99}')
    link.same()
    assert link.rows(link.east, 't') == []


def test_one_row_back_and_forth(link):
    """Both sites write the same row, one after the other: no conflict, for each had seen the other's."""
    link.both(TABLE)
    link.run(link.east, "INSERT INTO t VALUES (1, '', 0)")
    for step in range(1, 11):
        here, there = (link.west, link.east) if step % 2 else (link.east, link.west)
        wait_until(lambda: (1, step - 1) in link.rows(here, 't', 'id, n'), 20, f'step {step - 1} at {here.name}')
        link.run(here, f'UPDATE t SET n = {step} WHERE id = 1')
        del there
    link.same()
    assert link.rows(link.east, 't', 'n') == [(10,)]


def test_transactions_over_tables(link):
    link.both(TABLE, 'CREATE TABLE u (id INT PRIMARY KEY, t INT) ENGINE=InnoDB')
    link.transaction(link.east, "INSERT INTO t VALUES (1, 'a', 1)", 'INSERT INTO u VALUES (1, 1)',
                     "UPDATE t SET v = 'b' WHERE id = 1", 'INSERT INTO u VALUES (2, 1)', 'DELETE FROM u WHERE id = 1',
                     "INSERT INTO t VALUES (2, 'gone', 2)", 'DELETE FROM t WHERE id = 2')
    link.transaction(link.west, 'INSERT INTO u VALUES (9, 9)', "INSERT INTO t VALUES (9, 'x', 9)")
    link.same()
    assert link.rows(link.west, 't') == [(1, 'b', 1), (9, 'x', 9)]
    assert link.rows(link.west, 'u') == [(2, 1), (9, 9)]


def test_what_was_rolled_back_never_leaves(link):
    link.both(TABLE)
    link.run(link.east, 'BEGIN', "INSERT INTO t VALUES (1, 'a', 1)", 'ROLLBACK')
    link.run(link.east, 'BEGIN', "INSERT INTO t VALUES (2, 'kept', 2)", 'SAVEPOINT s',
             "INSERT INTO t VALUES (3, 'undone', 3)", "UPDATE t SET v = 'undone' WHERE id = 2", 'ROLLBACK TO s',
             "INSERT INTO t VALUES (4, 'kept', 4)", 'COMMIT')
    link.same()
    assert [row[0] for row in link.rows(link.west, 't')] == [2, 4]


def test_names_that_need_quotes(link):
    link.both('CREATE TABLE `or``der` (`select` INT PRIMARY KEY, `a b` INT, `ключ` INT, `it\'s "x"` INT) ENGINE=InnoDB',
              'CREATE TABLE `таблица` (`group` VARCHAR(10) PRIMARY KEY) ENGINE=InnoDB')
    for server, n in ((link.east, 1), (link.west, 2)):
        link.run(server, f'INSERT INTO `or``der` VALUES ({n}, 1, 1, 1)', f"INSERT INTO `таблица` VALUES ('{n}')",
                 f'UPDATE `or``der` SET `ключ` = 2, `it\'s "x"` = 3 WHERE `select` = {n}')
    link.same()
    assert len(link.rows(link.east, '`таблица`')) == 2


def test_readers_see_whole_transactions(link):
    """Money moves between accounts at one site; whoever sums them up at the other always gets the same sum."""
    link.both('CREATE TABLE account (id INT PRIMARY KEY, balance INT) ENGINE=InnoDB',
              'CREATE TABLE total (id INT PRIMARY KEY, balance INT) ENGINE=InnoDB',
              'INSERT INTO account VALUES ' + ', '.join(f'({i}, 100)' for i in range(10)),
              'INSERT INTO total VALUES (1, 1000)')
    wrong, over = [], threading.Event()

    def audit():
        with link.west.connect(link.db, autocommit=False) as connection, connection.cursor() as cursor:
            while not over.is_set():
                cursor.execute('START TRANSACTION WITH CONSISTENT SNAPSHOT')
                cursor.execute('SELECT SUM(balance) FROM account')
                accounts = cursor.fetchone()[0]
                cursor.execute('SELECT balance FROM total')
                total = cursor.fetchone()[0]
                if accounts != total:
                    wrong.append((accounts, total))
                connection.commit()
    auditor = threading.Thread(target=audit)
    auditor.start()
    try:
        for i in range(300):
            link.transaction(link.east, f'UPDATE account SET balance = balance - 1 WHERE id = {i % 10}',
                             f'UPDATE account SET balance = balance + 3 WHERE id = {(i * 7 + 3) % 10}',
                             'UPDATE total SET balance = balance + 2')
        link.caught_up()
    finally:
        over.set()
        auditor.join()
    assert wrong == []
    link.same()
    assert link.rows(link.west, 'total', 'balance') == [(1600,)]
