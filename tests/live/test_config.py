"""A mistake in the configuration is found before anything happens, and the message helps."""

import subprocess

import pytest

from ringway import binary

GOOD = '''[ringway]
name = shop
topology = pair
conflict = error

[site east]
id = 1
hosts = 127.0.0.1:1
user = ringway
password = secret-east
ssl_mode = disabled

[site west]
id = 2
hosts = 127.0.0.1:2
user = ringway
password = secret-west
ssl_mode = disabled
'''


def ringway(tmp_path, text, *args):
    conf = tmp_path / 'ringway.cnf'
    conf.write_text(text)
    conf.chmod(0o600)
    return subprocess.run([str(binary()), *args, '-c', str(conf)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def test_good(tmp_path):
    assert ringway(tmp_path, GOOD, 'config', '--check').returncode == 0


def test_print_masks_passwords(tmp_path):
    result = ringway(tmp_path, GOOD, 'config', '--print')
    assert result.returncode == 0 and 'secret' not in result.stdout and '127.0.0.1:1' in result.stdout


@pytest.mark.parametrize('old, new, words', [
    ('topology = pair', 'topologie = pair', [':3:', 'topologie', 'topology']),
    ('topology = pair', 'topology = pear', [':3:', 'pear', 'pair']),
    ('[site west]', '[sight west]', [':13:', 'sight', 'site']),
    ('id = 2', 'id = 1', [':14:', 'east']),
    ('id = 2', 'id = 256', [':14:', '255']),
    ('id = 2\n', '', ['west', 'id']),
    ('hosts = 127.0.0.1:2', 'hosts = 127.0.0.1:port', [':15:', 'port']),
    ('ssl_mode = disabled\n\n', 'ssl_mode = of\n\n', [':11:', 'disabled']),
    ('name = shop', 'name shop', [':2:']),
    ('user = ringway', 'user = ringway\nuser = ringway', [':10:', 'user']),
])
@pytest.mark.parametrize('verb', [['config', '--check'], ['run'], ['status']], ids=lambda v: v[0])
def test_bad(tmp_path, old, new, words, verb):
    assert old in GOOD
    result = ringway(tmp_path, GOOD.replace(old, new, 1), *verb)
    assert result.returncode == 2, result
    assert result.stderr.startswith('ringway: ') and len(result.stderr.strip().splitlines()) == 1, result.stderr
    for word in words:
        assert word in result.stderr, result.stderr
    assert 'secret' not in result.stderr


def test_a_file_that_is_not_there(tmp_path):
    result = subprocess.run([str(binary()), 'status', '-c', str(tmp_path / 'none.cnf')], capture_output=True, text=True, timeout=60)
    assert result.returncode == 2 and 'none.cnf' in result.stderr


def test_no_site_can_be_reached(tmp_path):
    result = ringway(tmp_path, GOOD, 'init')
    assert result.returncode == 3 and 'east' in result.stderr and 'secret' not in result.stderr, result


def test_unknown_verbs_and_options(tmp_path):
    result = subprocess.run([str(binary()), 'rum'], capture_output=True, text=True, timeout=60)
    assert result.returncode == 2 and "run" in result.stderr
    result = ringway(tmp_path, GOOD, 'status', '--jsn')
    assert result.returncode == 2 and '--json' in result.stderr


def test_help_and_version():
    for args in (['--help'], ['run', '--help'], ['--version']):
        result = subprocess.run([str(binary()), *args], capture_output=True, text=True, timeout=60)
        assert result.returncode == 0 and 'ringway' in result.stdout.lower()
