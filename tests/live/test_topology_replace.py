"""A replica takes the place of a site's dead server, while applications write at the others: what it had and nobody else goes out, what it lacks and others have
comes back, each once."""

import contextlib
import signal

import pytest

from cluster import Cluster
from load import Load
from ringway import Ringway, make_user
from scenario import need, new_schema, unlogged
from servers import FLAVOURS, start_all
from sites import Several
from wait import wait_until

QUICK = {'heartbeat_s': 1, 'deadline_s': 2, 'connect_timeout_s': 1, 'retry_max_s': 1, 'conflict': 'last_write_wins'}
FLAVOUR = ('mysql', 'mariadb')
NAMES = ('east', 'west', 'north')
TABLES = ('CREATE TABLE k (site VARCHAR(10), n INT) ENGINE=InnoDB', 'CREATE TABLE total (site VARCHAR(10) PRIMARY KEY, n INT) ENGINE=InnoDB',
          'CREATE TABLE account (id INT PRIMARY KEY, balance INT NOT NULL, note VARCHAR(20)) ENGINE=InnoDB', "INSERT INTO account VALUES (0, 0, ''), (1, 0, ''), (2, 0, '')",
          *(f"INSERT INTO total VALUES ('{name}', 0)" for name in NAMES))


class Primary(Cluster):
    """The configuration names the primary alone."""

    @property
    def address(self):
        return self.primary.address


class Sites:
    def __init__(self, flavour):
        other = next(f for f in FLAVOUR if f != flavour)
        self.west = Primary(flavour, 'west', (2, 4))
        self.servers = {'east': FLAVOURS[flavour]('east', server_id=1), 'west': self.west, 'north': FLAVOURS[other]('north', server_id=3)}
        self.others = [self.servers['east'], self.servers['north']]

    def start(self):
        start_all(*self.others, *self.west.servers)
        for server in self.others:
            make_user(server)
        self.west.prepare()
        for server in self.west.servers:                # one that is read-only could not be granted anything
            with contextlib.closing(Ringway({**self.servers, 'west': server}, options={'topology': 'mesh'})) as once:
                once.grant()
        return self

    def topology(self, shape):
        """A Ringway with a fresh schema everywhere, running; west's replica follows."""
        self.west.restore()
        db = 'replaced'
        for server in self.servers.values():
            statements = [*new_schema(db, NAMES), f'USE `{db}`', *TABLES]
            if server in self.others:
                unlogged(server, *statements)
            else:
                for statement in statements:
                    server.sql(statement)
        ringway = Several(self.servers, options={**QUICK, 'topology': shape}, sections=f'[table {db}.account]\nconflict = delta(balance)\n')
        ringway.db = db
        ringway.init()
        ringway.start()
        return ringway

    def destroy(self):
        for server in self.servers.values():
            server.destroy()


@pytest.fixture
def sites(request):
    """Made for one test: what the former server had alone would be in the way of the next."""
    need(*FLAVOUR)
    sites = Sites(request.param)
    try:
        yield sites.start()
    finally:
        sites.destroy()


def writer(name):
    def step(cursor, i):
        cursor.execute('INSERT INTO k VALUES (%s, %s)', (name, i))
        cursor.execute('UPDATE total SET n = n + 1 WHERE site = %s', (name,))
        cursor.execute('UPDATE account SET balance = balance + 1, note = %s WHERE id = %s', (f'{name} {i}', i % 3))
    return step


def write(ringway, name, first, count):
    with ringway.sites[name].connect(ringway.db, autocommit=False) as connection, connection.cursor() as cursor:
        for i in range(first, first + count):
            writer(name)(cursor, i)
            connection.commit()


def stop_receiving(server):
    server.sql('STOP REPLICA IO_THREAD' if server.flavour == 'mysql' else 'STOP SLAVE IO_THREAD')


def replace(ringway, west, new):
    west.primary.kill9()
    west.promote(new)
    shown = ringway.cmd('topology', 'replace', 'west', new.address, '--print').stdout
    answer = ringway.cmd('topology', 'replace', 'west', new.address).stdout
    assert answer.startswith(shown) and f'hosts = {new.address}' in ringway.conf.read_text()
    if ringway.running():
        ringway.process.send_signal(signal.SIGHUP)
    else:
        ringway.start(wait=False)
    return answer


def check(ringway, counts):
    ringway.counted(counts)
    for name in ringway.sites:
        assert ringway.rows(name, 'SELECT SUM(balance) FROM account') == [(sum(counts.values()),)]


LOST = (('total: 1 changed', 'account: 1 changed', 'k: 1 inserted'), ('total: 1 inserted', 'account: 1 changed', 'k: 1 inserted'),
        ('total: 1 changed', 'account: 1 changed', 'k: 1 inserted'), ('CREATE TABLE late',), ('late: 1 inserted',))


def lose(ringway):
    """Transactions at west that nobody else gets: one on a row that is written to later, two that build on each other, a statement, and one that needs it."""
    write(ringway, 'west', 900, 1)
    with ringway.sites['west'].connect(ringway.db, autocommit=False) as connection, connection.cursor() as cursor:
        for n, total in ((1, "INSERT INTO total VALUES ('spare', 1)"), (2, "UPDATE total SET n = 2 WHERE site = 'spare'")):
            cursor.execute("INSERT INTO k VALUES ('spare', %s)", (n,))
            cursor.execute(total)
            cursor.execute('UPDATE account SET balance = balance + 1 WHERE id = 1')
            connection.commit()
        cursor.execute('CREATE TABLE late (id INT PRIMARY KEY)')
        cursor.execute('INSERT INTO late VALUES (1)')
        connection.commit()


def lost(ringway, old, *apply, expect=0):
    answer = ringway.cmd('topology', 'lost', 'west', old.address, *apply, expect=expect)
    return [line.partition('  => ') for line in answer.stdout.splitlines()], answer.stderr


def listed(ringway, old):
    """What only the former server has. Owned: its GTIDs."""
    old.start()
    lines, _ = lost(ringway, old)
    assert len(lines) == len(LOST) and not any(outcome for _, _, outcome in lines), lines
    for (line, _, _), words in zip(lines, LOST):
        assert all(f'{ringway.db}.{word}' in line or word in line for word in words), line
    present = ringway.cmd('topology', 'lost', 'west', ringway.sites['west'].primary.address, expect=2)
    assert 'is the present server' in present.stderr
    return [line.split()[0] for line, _, _ in lines]


def brought_in(ringway, old, gtids):
    """As the user says: one that cannot be without the one before it, one that is none of them, all of them, and all once more."""
    lines, error = lost(ringway, old, '--apply', gtids[2], expect=1)
    assert [outcome for _, _, outcome in lines[:2] + lines[3:]] == [''] * 4, lines
    assert "`total` {`site`: 'spare'} was changed since" in lines[2][2] and '0 transactions were applied, 1 were not' in error, (lines, error)
    assert 'is not among them' in lost(ringway, old, '--apply', f'{gtids[0]}0', expect=2)[1]
    for done, counts in (('applied', '2 transactions were applied, 3 were not'), ('applied before, at 20', '0 transactions were applied, 3 were not')):
        lines, error = lost(ringway, old, '--apply', 'all', expect=1)
        assert "`total` {`site`: 'west'} was changed since" in lines[0][2] and all(lines[i][2].startswith(done) for i in (1, 2)), lines
        assert 'it is a statement' in lines[3][2] and 'late' in lines[4][2] and counts in error, (lines, error)
    lines, _ = lost(ringway, old)
    assert [outcome[:14] for _, _, outcome in lines] == ['', 'applied before', 'applied before', '', ''], lines


@pytest.mark.parametrize('sites, shape, what', [('mysql', 'ring', 'lacks'), ('mysql', 'mesh', 'lags'), ('mysql', 'mesh', 'leads'),
                                                ('mariadb', 'ring', 'lags'), ('mariadb', 'mesh', 'lacks'), ('mariadb', 'ring', 'equal')], indirect=['sites'])
def test_a_replica_takes_over(sites, shape, what):
    west = sites.west
    old, new = west.primary, west.replica
    lacks = {'lacks': 20, 'lags': 500}.get(what, 0)         # more than the windows that stay in ringway.progress
    counted = lacks or (20 if what == 'leads' else 0)
    with contextlib.closing(sites.topology(shape)) as ringway, contextlib.ExitStack() as stack:
        loads = {n: stack.enter_context(Load(ringway.sites[n], ringway.db, writer(n), patient=True, pause=0.05)) for n in ('east', 'north')}
        write(ringway, 'west', 0, 30)
        ringway.caught_up(30, sources=[west])
        west.caught_up(new)
        out = [link for link in ringway.links() if link.startswith('west->')]
        behind = ['north->west'] if lacks and shape == 'mesh' else []   # what comes back was written onto rows that it had not come to yet
        ringway.pause(*behind)
        west.caught_up(new)
        if lacks:
            stop_receiving(new)
            write(ringway, 'west', 30, lacks)
            ringway.caught_up(30, sources=[west])
            ringway.stop()
            lose(ringway)
        elif what == 'leads':
            ringway.pause(*out)
            write(ringway, 'west', 30, 20)
            west.caught_up(new)
        answer = replace(ringway, west, new)
        assert ('come back from site' in answer) == bool(lacks), answer
        if what == 'leads':
            ringway.resume(*out)
        for load in loads.values():
            load.wait_for(len(load.acknowledged) + 20)
        ringway.resume(*behind)
        ringway.caught_up(60, sources=sites.others)
        if counted:
            wait_until(lambda: ringway.rows('west', "SELECT n FROM total WHERE site = 'west'") == [(30 + counted,)], 30, lambda: ringway.tail())
        write(ringway, 'west', 2000, 20)
        counts = {n: load.stop() for n, load in loads.items()}
        counts['west'] = 30 + counted + 20
        check(ringway, counts)
        if lacks:
            brought_in(ringway, old, listed(ringway, old))
            ringway.caught_up(30, sources=[*sites.others, west])
            check(ringway, {**counts, 'spare': 2})
        else:
            old.start()
            assert 'nothing that others have not' in ringway.cmd('topology', 'lost', 'west', old.address).stdout
