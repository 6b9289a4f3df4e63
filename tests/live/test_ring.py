"""Sites that hand on what they got: rings, stars, chains. Each transaction passes each site once, as what it was where it was made."""

import contextlib
import signal

import pytest

import compare
from load import Load
from scenario import need
from sites import NAMES, Several, Sites
from wait import wait_until

RINGS = [('mariadb', 'mysql', 'mariadb', 'mysql')]
NAMES = NAMES[:4]


@pytest.fixture(scope='module', params=RINGS, ids=['-'.join(m) for m in RINGS])
def servers(request):
    need(*request.param)
    sites = Sites(request.param)
    try:
        yield sites.start()
    finally:
        sites.destroy()


@pytest.fixture
def ring(servers):
    with contextlib.closing(servers.topology('ring', policies=[('account', 'delta(balance)'), ('doc', 'merge')])) as ringway:
        yield ringway


def test_each_transaction_passes_each_site_once(ring):
    ring.everywhere('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB', 'CREATE TABLE k (v INT) ENGINE=InnoDB')
    assert sorted(ring.links()) == ['east->west', 'north->south', 'south->east', 'west->north']
    for n, name in enumerate(NAMES):
        ring.run(name, f"INSERT INTO t VALUES ({n}, '{name}')", f'INSERT INTO k VALUES ({n})', f"UPDATE t SET v = CONCAT(v, '!') WHERE id = {n}")
    ring.same()
    assert ring.rows('north', 'SELECT COUNT(*) FROM k') == [(4,)]
    ends = {name: server.binlog_status() for name, server in ring.sites.items()}
    ring.wait_state('running')
    assert {name: server.binlog_status() for name, server in ring.sites.items()} == ends
    assert ring.kinds() == []


def test_a_conflict_settles_the_same_everywhere(ring):
    ring.everywhere('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB', "INSERT INTO t VALUES (1, 'start'), (2, 'start')")
    ring.pause_all()
    for name in NAMES:
        ring.run(name, f"UPDATE t SET v = '{name}' WHERE id = 1")
    ring.run('east', 'DELETE FROM t WHERE id = 2')
    ring.resume_all()
    ring.same()
    assert [r[0] for r in ring.rows('east', 'SELECT id FROM t')] == [1]


def test_counters_and_columns(ring):
    ring.everywhere('CREATE TABLE account (id INT PRIMARY KEY, balance INT) ENGINE=InnoDB', 'INSERT INTO account VALUES (1, 100)',
                    'CREATE TABLE doc (id INT PRIMARY KEY, a INT, b INT, c INT, d INT) ENGINE=InnoDB', 'INSERT INTO doc VALUES (1, 0, 0, 0, 0)')
    ring.pause_all()
    for n, (name, column) in enumerate(zip(NAMES, 'abcd')):
        ring.run(name, f'UPDATE account SET balance = balance + {10 ** n}', f'UPDATE doc SET {column} = 7 WHERE id = 1',
                 f'UPDATE account SET balance = balance + {10 ** n}')
    ring.resume_all()
    ring.same()
    assert ring.rows('west', 'SELECT balance FROM account') == [(2322,)]
    assert ring.rows('west', 'SELECT a, b, c, d FROM doc') == [(7, 7, 7, 7)]


def next_second(ring):
    """All that MariaDB's log tells of the time."""
    now = ring.sites['east'].one('SELECT UNIX_TIMESTAMP()')
    wait_until(lambda: ring.sites['east'].one('SELECT UNIX_TIMESTAMP()') > now + 1, 5, 'the next second')


DOC = 'CREATE TABLE doc (id INT PRIMARY KEY, a INT, b INT, c INT, d INT) ENGINE=InnoDB'


def test_columns_that_lost_are_not_handed_on(ring):
    """North's row comes between the row of east and what east made of it: it loses all but the key, and west knows east's by the same way."""
    ring.everywhere(DOC)
    ring.pause('south->east', 'west->north')
    ring.run('east', 'INSERT INTO doc VALUES (1, 5, 5, 5, 5)')
    next_second(ring)
    ring.run('north', 'INSERT INTO doc VALUES (1, 1, 1, 1, 1)')
    next_second(ring)
    ring.run('east', 'UPDATE doc SET a = 6, b = 6, c = 6, d = 6')
    ring.caught_up(30, sources=[ring.sites['east']], targets=[ring.sites['west']])
    ring.resume('south->east', 'west->north')
    ring.same()
    assert ring.rows('west', 'SELECT * FROM doc') == [(1, 6, 6, 6, 6)]


def test_columns_that_had_the_value_already_are_handed_on(ring):
    """North's a comes to east, which has the same value of an older write: west, whose own write is in between, must hear of it."""
    ring.everywhere(DOC, 'INSERT INTO doc VALUES (1, 0, 0, 0, 0)')
    ring.pause_all()
    ring.run('east', 'UPDATE doc SET a = 1')
    next_second(ring)
    ring.run('west', 'UPDATE doc SET a = 2, c = 2')
    next_second(ring)
    ring.run('north', 'UPDATE doc SET a = 1, b = 1')
    ring.resume_all()
    ring.same()
    assert ring.rows('west', 'SELECT * FROM doc') == [(1, 1, 1, 2, 0)]


def test_columns_that_got_their_old_value_again_are_handed_on(ring):
    """North writes a twice in one transaction; west's own write is older, and must give way there, too."""
    ring.everywhere(DOC, 'INSERT INTO doc VALUES (1, 0, 0, 0, 0), (2, 0, 0, 0, 0)')
    ring.pause_all()
    ring.run('west', 'UPDATE doc SET a = 2, c = 2')
    next_second(ring)
    ring.run('north', 'UPDATE doc SET d = 3 WHERE id = 2', 'BEGIN', 'UPDATE doc SET a = 1, b = 1', 'UPDATE doc SET a = 0', 'COMMIT')
    ring.resume_all()
    ring.same()
    assert ring.rows('west', 'SELECT * FROM doc ORDER BY id') == [(1, 0, 1, 2, 0), (2, 0, 1, 2, 3)]


def test_folded_windows_stay_apart(ring):
    """Writes to one row by all sites in turn, each having seen the one before, arrive in a backlog."""
    ring.everywhere('CREATE TABLE t (id INT PRIMARY KEY, v INT, w VARCHAR(20)) ENGINE=InnoDB', "INSERT INTO t VALUES (1, 0, '')")
    for turn in range(4):
        for name in NAMES:
            ring.run(name, f"UPDATE t SET v = v + 1, w = '{name}'", f"INSERT INTO t VALUES ({turn + 10}{NAMES.index(name)}, 1, '')")
            ring.caught_up(30, sources=[ring.sites[name]], targets=[ring.sites[NAMES[(NAMES.index(name) + 1) % 4]]])
    ring.pause('south->east')
    for n in range(60):
        ring.run(NAMES[n % 4], 'UPDATE t SET v = v + 1 WHERE id = 1' if n % 4 else 'UPDATE t SET v = v + 1 WHERE id <> 1')
    ring.resume('south->east')
    ring.same()


def test_ddl_goes_round_once(ring):
    ring.run('west', 'CREATE TABLE made (id INT PRIMARY KEY, v INT)', 'INSERT INTO made VALUES (1, 1)')
    ring.same()
    ring.run('north', 'ALTER TABLE made ADD COLUMN w INT NOT NULL DEFAULT 5', 'UPDATE made SET w = 6')
    ring.same()
    assert ring.rows('east', 'SELECT * FROM made') == [(1, 1, 6)]
    assert {name: link['ddl'] for name, link in ring.links().items()} == {'east->west': 1, 'west->north': 1, 'north->south': 2, 'south->east': 2}


def test_constraints(ring):
    """Rows that break a constraint together: the delete that a site makes goes round, too."""
    ring.everywhere('CREATE TABLE u (id INT PRIMARY KEY, code INT UNIQUE) ENGINE=InnoDB')
    ring.pause_all()
    for n, name in enumerate(NAMES):
        ring.run(name, f'INSERT INTO u VALUES ({n}, 7)')
    ring.resume_all()
    ring.same()
    assert len(ring.rows('east', 'SELECT * FROM u')) == 1


def test_large_transactions(ring):
    ring.everywhere('CREATE TABLE big (id INT PRIMARY KEY, v VARCHAR(1000)) ENGINE=InnoDB')
    insert = 'INSERT INTO big SELECT a.n * 100 + b.n + {base}, REPEAT(\'x\', 900) FROM ({n}) a, ({n}) b'
    n = ' UNION ALL '.join(f'SELECT {i} AS n' for i in range(100))
    for base, name in enumerate(NAMES):
        ring.run(name, insert.format(base=base * 10000, n=n))
    ring.same()
    assert ring.rows('west', 'SELECT COUNT(*) FROM big') == [(40000,)]


def writer(name):
    """Rows that show by their number if something was applied twice, or not at all."""
    def step(cursor, i):
        cursor.execute('INSERT INTO k VALUES (%s, %s)', (name, i))
        cursor.execute('UPDATE total SET n = n + 1 WHERE site = %s', (name,))
    return step


def test_a_site_dies_and_the_ring_closes(ring):
    """Writes go on at the others. What the dead site's neighbour has of it, the others get; nothing comes twice, nothing gets lost."""
    ring.everywhere('CREATE TABLE k (site VARCHAR(10), n INT) ENGINE=InnoDB', 'CREATE TABLE total (site VARCHAR(10) PRIMARY KEY, n INT) ENGINE=InnoDB',
                    *(f"INSERT INTO total VALUES ('{name}', 0)" for name in NAMES))
    left = [name for name in NAMES if name != 'west']
    with contextlib.ExitStack() as stack:
        loads = {name: stack.enter_context(Load(server, ring.db, writer(name), patient=True, pause=0.005)) for name, server in ring.sites.items()}
        loads['south'].wait_for(30)
        ring.pause('north->south')              # what comes from east and west from now on, north has and south has not
        before = len(loads['west'].acknowledged)
        loads['west'].wait_for(30)
        wait_until(lambda: ring.rows('north', "SELECT COUNT(*) FROM k WHERE site = 'west'")[0][0] > before + 10, 30, lambda: 'rows of west at north')
        assert 'answers' in ring.cmd('topology', 'remove', 'west', expect=2).stderr
        ring.sites['west'].kill9()
        loads.pop('west')._over.set()
        said = ring.cmd('topology', 'remove', 'west', '--print').stdout
        assert 'heir' not in ring.conf.read_text() and 'site north' in said
        ring.cmd('topology', 'remove', 'west')
        assert 'heir = north' in ring.conf.read_text()
        ring.process.send_signal(signal.SIGHUP)
        wait_until(lambda: sorted(ring.links()) == ['east->north', 'north->south', 'south->east'], 30, lambda: f'{ring.links()}')
        ring.resume('north->south')
        ring.wait_state('running', 'catching_up')
        loads['east'].wait_for(50)
        counts = {name: load.stop() for name, load in loads.items()}
    ring.caught_up(60, sources=[ring.sites[n] for n in left], targets=[ring.sites[n] for n in left])
    for other in left[1:]:
        compare.assert_same(ring.sites['east'], ring.sites[other], [ring.db])
    shown = dict(ring.rows('south', 'SELECT site, COUNT(*) FROM k GROUP BY site'))
    assert {name: shown[name] for name in left} == counts
    assert shown['west'] > before
    assert ring.rows('east', 'SELECT site, n FROM total ORDER BY 1') == sorted(shown.items())
    assert [r for n in left for r in ring.conflicts(ring.sites[n])] == []


def test_the_only_writer_dies(ring):
    """The others have written nothing by which their logs could be compared."""
    ring.everywhere('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB')
    for n in range(100):
        ring.run('west', f"INSERT INTO t VALUES ({n}, 'west')")
    ring.caught_up(30, sources=[ring.sites['west']])
    ring.sites['west'].kill9()
    with open(ring.conf) as f:
        password = f.read()
    ring.conf.write_text(password.replace('password = ', 'password = wrong', 1))
    assert ring.cmd('topology', 'remove', 'west', expect=None).returncode != 0       # east does not let it in
    ring.conf.write_text(password)
    ring.cmd('topology', 'remove', 'west')
    ring.process.send_signal(signal.SIGHUP)
    wait_until(lambda: sorted(ring.links()) == ['east->north', 'north->south', 'south->east'], 30, lambda: f'{ring.links()}')
    left = [s for n, s in ring.sites.items() if n != 'west']
    ring.run('east', "INSERT INTO t VALUES (1000, 'east')")
    ring.caught_up(30, sources=left, targets=left)
    for other in left[1:]:
        compare.assert_same(left[0], other, [ring.db])
    # One more, perhaps the heir of the first.
    ring.stop()
    ring.sites['north'].kill9()
    ring.cmd('topology', 'remove', 'north')
    assert ring.conf.read_text().count('heir = ') == 2 and 'heir = north' not in ring.conf.read_text()
    ring.start()
    ring.run('south', "INSERT INTO t VALUES (1001, 'south')")
    ring.caught_up(30, sources=[left[0], left[2]], targets=[left[0], left[2]])
    compare.assert_same(left[0], left[2], [ring.db])


SHAPES = {'star': [], 'links': ['east->west', 'west->east', 'west->north', 'north->west', 'north->south', 'south->north']}


@pytest.mark.parametrize('shape', SHAPES)
def test_other_shapes(servers, shape):
    """A star, and a chain of three pairs, with one process for each site. Wait times of the ends add up, and conflicts of the ends settle the same."""
    sections = '\n'.join(f'[link {name}]\n' for name in SHAPES[shape])
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(contextlib.closing(servers.topology(shape, policies=[('account', 'delta(balance)')], sections=sections, start=False)))
        first.init()
        for name in NAMES:
            process = stack.enter_context(contextlib.closing(Several(first.sites, options={**first.options, 'http': ''}, sections=first.sections)))
            process.db = first.db
            process.start('--site', name, wait=False)
            first.process = first.process or process.process
        first.everywhere('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB', "INSERT INTO t VALUES (1, 'start')",
                         'CREATE TABLE account (id INT PRIMARY KEY, balance INT) ENGINE=InnoDB', 'INSERT INTO account VALUES (1, 0)')
        for turn in range(3):
            for n, name in enumerate(NAMES):
                first.run(name, f"UPDATE t SET v = '{name} {turn}'", f'UPDATE account SET balance = balance + {10 ** n}', f"INSERT INTO t VALUES ({turn}{n + 2}, '')")
        first.run('south', 'CREATE TABLE made AS SELECT * FROM account')
        first.same()
        assert first.rows('east', 'SELECT balance FROM account') == [(3333,)]
        first.process = None
