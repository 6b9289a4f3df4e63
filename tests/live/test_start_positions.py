"""Where a link starts: now, at a GTID, at a place in the log, or where a backup was taken."""

import os
import shutil
import subprocess

import pytest

from scenario import unlogged
from servers import MySQL

TABLE = 'CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB'


def ids(scenario, server):
    return [row[0] for row in scenario.rows(server, 't')]


def begin_from(scenario, position):
    """Both links start now, then east->west is told to start elsewhere."""
    scenario.grant()
    scenario.init()
    scenario.init('--link', 'east->west', '--from', position)
    return scenario.start()


def history(scenario):
    """Rows 1 to 3 at east, of which west has the first; the places after each."""
    scenario.both(TABLE)
    places = []
    for i in (1, 2, 3):
        scenario.run(scenario.east, f"INSERT INTO t VALUES ({i}, 'x')")
        places.append((scenario.east.gtid_position(), scenario.east.binlog_status()))
    unlogged(scenario.west, f"INSERT INTO `{scenario.db}`.t VALUES (1, 'x')")
    return places


def test_gtid(scenario):
    places = history(scenario)
    begin_from(scenario, places[0][0])
    scenario.same()
    assert ids(scenario, scenario.west) == [1, 2, 3]


def test_file_and_offset(scenario):
    places = history(scenario)
    begin_from(scenario, '%s:%d' % places[0][1])
    scenario.same()
    assert ids(scenario, scenario.west) == [1, 2, 3]
    # further transactions carry on from there
    scenario.run(scenario.east, "INSERT INTO t VALUES (4, 'x')")
    scenario.same()
    assert scenario.link()['position']['file'] == scenario.east.binlog_status()[0]


def test_now(scenario):
    history(scenario)
    scenario.begin()
    scenario.run(scenario.east, "INSERT INTO t VALUES (4, 'x')")
    scenario.caught_up()
    assert ids(scenario, scenario.west) == [1, 4]


@pytest.mark.parametrize('position, words', [('nonsense', ['nonsense']), ('bin.000001', ['bin.000001']), ('/nowhere/info', ['/nowhere/info']),
                                             ('bin.999999:4', ['bin.999999'])])
@pytest.mark.pairs(('mariadb', 'mysql'))
def test_places_that_do_not_exist(scenario, position, words):
    scenario.both(TABLE)
    scenario.grant()
    scenario.init()
    result = scenario.init('--link', 'east->west', '--from', position, expect=None)
    if result.returncode == 0:              # found out when it is read
        scenario.start(wait=False)
        error = scenario.wait_stopped()
    else:
        assert result.returncode == 2, result
        error = result.stderr
    for word in words:
        assert word in error, error


def root_of(server):
    return ['--user=root', f'--socket={server.socket}']


def dump(server, db, path):
    """A dump of the running server with its position, by the program that belongs to it."""
    if server.flavour == 'mariadb':
        command = ['mariadb-dump', '--no-defaults', *root_of(server), '--single-transaction', '--master-data=2', '--gtid', '--databases', db]
    else:
        command = [*MySQL.program('mysqldump'), '--no-defaults', *root_of(server), '--single-transaction', '--source-data=2',
                   '--set-gtid-purged=COMMENTED', '--no-tablespaces', '--databases', db]
    with open(path, 'wb') as out:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, check=True)


@pytest.mark.pairs(('mariadb', 'mariadb'), ('mysql', 'mysql'))
def test_dump(scenario, tmp_path):
    """A dump taken while the application writes, loaded at the other site; then both ways from its header's position."""
    history(scenario)
    path = tmp_path / 'dump.sql'
    dump(scenario.east, scenario.db, path)
    scenario.run(scenario.east, "INSERT INTO t VALUES (4, 'after the dump')", "UPDATE t SET v = 'changed' WHERE id = 2")
    unlogged(scenario.west, f'DROP DATABASE `{scenario.db}`')
    client = ['mariadb', '--no-defaults', *root_of(scenario.west), '--init-command=SET sql_log_bin=0']
    if scenario.west.flavour == 'mysql':
        client = [*MySQL.program('mysql'), '--no-defaults', *root_of(scenario.west), '--init-command=SET sql_log_bin=0']
    with open(path, 'rb') as source:
        subprocess.run(client, stdin=source, check=True)
    begin_from(scenario, path)
    scenario.run(scenario.west, "INSERT INTO t VALUES (100, 'back')")
    scenario.same()
    assert ids(scenario, scenario.east) == [1, 2, 3, 4, 100]


@pytest.mark.pairs(('mariadb', 'mariadb'))
def test_physical_backup(scenario, tmp_path):
    """mariadb-backup of east becomes west; the position stands in the backup's info file."""
    history(scenario)
    backup = tmp_path / 'backup'
    for step in (['--backup', *root_of(scenario.east), f'--datadir={scenario.east.data}'], ['--prepare']):
        subprocess.run(['mariadb-backup', '--no-defaults', *step, f'--target-dir={backup}'], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    info = next(p for p in (backup / 'mariadb_backup_binlog_info', backup / 'xtrabackup_binlog_info') if p.exists())
    scenario.run(scenario.east, "INSERT INTO t VALUES (4, 'after the backup')")

    west = scenario.west
    west.stop()
    before = west.data.with_name('data.before')
    os.rename(west.data, before)
    try:
        shutil.copytree(backup, west.data)
        west.start()
        begin_from(scenario, info)
        scenario.run(west, "INSERT INTO t VALUES (100, 'back')")
        scenario.same()
        assert ids(scenario, scenario.east) == [1, 2, 3, 4, 100]
        scenario.stop()
    finally:
        scenario.kill9()
        west.kill9()
        shutil.rmtree(west.data, ignore_errors=True)
        os.rename(before, west.data)
        west.start()
