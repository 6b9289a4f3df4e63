"""A site is put in, new or come back: with a copy of another one's data, while applications write at the others."""

import contextlib
import shutil
import signal

import pytest

from load import Load
from ringway import make_user
from scenario import need, new_schema, unlogged
from sites import COUNTED, NAMES, Several, Sites, counting
from wait import wait_until

SITES = [('mariadb', 'mysql', 'mariadb', 'mysql')]
NAMES = NAMES[:4]


@pytest.fixture(scope='module', params=SITES, ids=['-'.join(m) for m in SITES])
def servers(request):
    need(*request.param)
    sites = Sites(request.param)
    try:
        yield sites.start()
    finally:
        sites.destroy()


def fresh_copy(ringway, name, of, whole):
    """An empty server with the data of another site, as a dump would bring it; where that site's log stood, by file and by GTID. whole: with schema ringway."""
    server, source = ringway.sites[name], ringway.sites[of]
    server.kill9()
    shutil.rmtree(server.data)
    server.start()
    make_user(server)
    unlogged(server, *new_schema(ringway.db, NAMES))
    source.sql('FLUSH TABLES WITH READ LOCK')
    try:
        file, offset = source.binlog_status()
        gtid = source.one('SELECT @@global.gtid_executed' if source.flavour == 'mysql' else 'SELECT @@global.gtid_binlog_pos')
        tables = [(schema, table) for schema in ([ringway.db, 'ringway'] if whole else [ringway.db]) for (table,) in source.sql(f'SHOW TABLES FROM `{schema}`')]
        rows = {(schema, table): source.sql(f'SELECT * FROM `{schema}`.`{table}`') for schema, table in tables}
        definitions = {(schema, table): source.sql(f'SHOW CREATE TABLE `{schema}`.`{table}`')[0][1] for schema, table in tables}
    finally:
        source.sql('UNLOCK TABLES')
    server.sql('SET SESSION sql_log_bin=0')
    server.sql('CREATE DATABASE IF NOT EXISTS ringway')
    for (schema, table), content in rows.items():
        server.sql(f'USE `{schema}`')
        server.sql(f'DROP TABLE IF EXISTS `{table}`')
        server.sql(definitions[schema, table])
        for row in content:
            server.sql(f'INSERT INTO `{table}` VALUES ({", ".join(["%s"] * len(row))})', row)
    if not whole:
        server.sql('DROP DATABASE ringway')
    server.sql('SET SESSION sql_log_bin=1')
    ringway.grant()
    return f'{file}:{offset}', gtid.replace('\n', '')


def put_in(ringway, name):
    """The second step, when the links have caught up: the others write on."""
    def done():
        ringway.stop()
        answer = ringway.cmd('topology', 'add', name, expect=None)
        ringway.start()
        assert answer.returncode == 0 or 'no place is recorded' in answer.stderr, answer.stderr
        return answer.returncode == 0
    wait_until(done, 60, 'the copy to be put in')


@pytest.mark.parametrize('shape,of,whole', [('ring', 'south', False), ('mesh', 'south', True)])
def test_a_site_comes_back(servers, shape, of, whole):
    with contextlib.closing(servers.topology(shape)) as ringway, contextlib.ExitStack() as stack:
        ringway.everywhere(*COUNTED)
        loads = {n: stack.enter_context(Load(s, ringway.db, counting(n), patient=True, pause=0.01)) for n, s in ringway.sites.items()}
        loads['south'].wait_for(30)
        loads['west'].stop()
        ringway.caught_up(30, sources=[ringway.sites['west']])
        assert 'whose copy' in ringway.cmd('topology', 'add', 'west', expect=2).stderr
        ringway.sites['west'].kill9()
        if shape == 'mesh':
            ringway.stop()
        ringway.cmd('topology', 'remove', 'west')
        if shape == 'mesh':
            ringway.start()
        else:
            ringway.process.send_signal(signal.SIGHUP)
        before = len(loads.pop('west').acknowledged)
        place, gtid = fresh_copy(ringway, 'west', of, whole)
        for wrong, why in (('bin.000001:5', 'no place'), ('bin.000001:999999999', 'no transaction that ends')):
            assert why in ringway.cmd('topology', 'add', 'west', '--copy-of', of, '--from', wrong, expect=2).stderr
        assert 'not one that others' in ringway.cmd('topology', 'add', 'west', '--copy-of', 'west', '--from', place, expect=2).stderr
        ringway.cmd('topology', 'add', 'west', '--copy-of', of, '--from', gtid if whole else place)
        assert f'copy_of = {of}' in ringway.conf.read_text()
        ringway.process.send_signal(signal.SIGHUP)
        wait_until(lambda: f'{of}->west' in ringway.links(), 30, lambda: f'{ringway.links()}')
        ringway.wait_state('running', 'catching_up', link=f'{of}->west')
        for load in loads.values():
            load.wait_for(20)
        others = [s for n, s in ringway.sites.items() if n != 'west']
        ringway.caught_up(30, sources=others)
        put_in(ringway, 'west')
        text = ringway.conf.read_text()
        assert 'copy_of' not in text and 'heir' not in text
        loads['west'] = stack.enter_context(Load(ringway.sites['west'], ringway.db, counting('west', -1), patient=True, pause=0.01))
        for load in loads.values():
            load.wait_for(20)
        counts = {n: load.stop() for n, load in loads.items()}
        counts['west'] += before
        ringway.counted(counts)


def test_a_pair_grows(servers):
    """A new site, whose section stands there before the copy is made."""
    servers.topology('mesh', start=False).close()
    three = {name: servers.servers[name] for name in ('east', 'west', 'north')}
    three['north'].site_options = {'copy_of': 'east'}
    with contextlib.closing(Several(three, options={'topology': 'mesh', 'conflict': 'last_write_wins'})) as ringway, contextlib.ExitStack() as stack:
        stack.callback(lambda: delattr(three['north'], 'site_options'))
        ringway.db = next(db for db in three['east'].schemas() if db.startswith('m'))
        ringway.everywhere(*COUNTED)
        assert 'east->north: begins with ringway topology add north' in ringway.init().stdout
        ringway.start(wait=False)
        ringway.wait_state('running', link='west->east')
        loads = {n: stack.enter_context(Load(three[n], ringway.db, counting(n), patient=True, pause=0.01)) for n in ('east', 'west')}
        loads['west'].wait_for(30)
        assert 'not in yet' in ringway.cmd('topology', 'show').stdout
        assert 'not in yet' in ringway.cmd('topology', 'remove', 'north', expect=2).stderr
        _, gtid = fresh_copy(ringway, 'north', 'east', True)
        ringway.cmd('topology', 'add', 'north', '--from', gtid)
        ringway.wait_state('running', 'catching_up', link='east->north')
        assert 'is being run' in ringway.cmd('topology', 'add', 'north', '--from', gtid, expect=2).stderr
        for load in loads.values():
            load.wait_for(20)
        put_in(ringway, 'north')
        assert len(ringway.links()) == 6
        loads['north'] = stack.enter_context(Load(three['north'], ringway.db, counting('north'), patient=True, pause=0.01))
        for load in loads.values():
            load.wait_for(20)
        ringway.counted({n: load.stop() for n, load in loads.items()})
