"""TLS to every site, verified as far as the configuration asks; caching_sha2_password."""

import pytest

import tls
from scenario import Scenario, need, new_schema, unlogged
from ringway import make_user
from servers import FLAVOURS, start_all

TABLE = 'CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB'


@pytest.fixture(scope='module')
def authority(tmp_path_factory):
    return tls.Authority(tmp_path_factory.mktemp('ca'))


@pytest.fixture(scope='module', params=[('mariadb', 'mysql')], ids=['mariadb-mysql'])
def secure(request, authority):
    """east has a certificate for 127.0.0.1; west's is for another name. Both insist on TLS for the user."""
    need(*request.param)
    east = FLAVOURS[request.param[0]]('east', 1, args=authority.server_args('east', ['IP:127.0.0.1', 'DNS:localhost']))
    west = FLAVOURS[request.param[1]]('west', 2, args=authority.server_args('west', ['DNS:db.example']))
    try:
        start_all(east, west)

        class Own:
            db = None
            servers = (east, west)
        Own.east, Own.west = east, west
        for server in (east, west):
            make_user(server)
            unlogged(server, "ALTER USER 'ringway'@'%' REQUIRE SSL")
        yield Own
    finally:
        east.destroy()
        west.destroy()


@pytest.fixture
def scenario(secure, request):
    secure.db = 'tls'
    for server in secure.servers:
        unlogged(server, 'DROP DATABASE IF EXISTS ringway', 'DROP DATABASE IF EXISTS tls', *new_schema('tls'))
        server.site_options = {}
    scenario = Scenario(secure)
    yield scenario
    scenario.close()


def configure(scenario, east, west):
    scenario.east.site_options, scenario.west.site_options = east, west
    scenario.write_conf()


def test_verified_as_asked(scenario, authority):
    configure(scenario, {'ssl_mode': 'verify_identity', 'ssl_ca': authority.ca}, {'ssl_mode': 'verify_ca', 'ssl_ca': authority.ca})
    scenario.both(TABLE)
    scenario.begin()
    scenario.run(scenario.east, 'INSERT INTO t VALUES (1)')
    scenario.run(scenario.west, 'INSERT INTO t VALUES (2)')
    scenario.same()
    scenario.stop()


def test_required_asks_for_no_certificate(scenario):
    configure(scenario, {'ssl_mode': 'required'}, {'ssl_mode': 'required'})
    scenario.both(TABLE)
    scenario.begin()
    scenario.run(scenario.east, 'INSERT INTO t VALUES (1)')
    scenario.same()
    scenario.stop()


def fails(scenario, *words):
    result = scenario.cmd('init', expect=None)
    assert result.returncode in (2, 3), result
    assert any(word in result.stderr.lower() for word in words), result.stderr
    assert 'a-secret' not in result.stderr + result.stdout


def test_the_wrong_name_is_refused(scenario, authority):
    configure(scenario, {'ssl_mode': 'verify_ca', 'ssl_ca': authority.ca}, {'ssl_mode': 'verify_identity', 'ssl_ca': authority.ca})
    fails(scenario, 'verif', 'certificate', 'host', 'identity')


def test_the_wrong_authority_is_refused(scenario, authority, tmp_path):
    other = tls.Authority(tmp_path, 'Somebody else')
    configure(scenario, {'ssl_mode': 'verify_ca', 'ssl_ca': other.ca}, {'ssl_mode': 'verify_ca', 'ssl_ca': authority.ca})
    fails(scenario, 'verif', 'certificate')


def test_no_tls_where_the_user_must(scenario):
    configure(scenario, {'ssl_mode': 'disabled'}, {'ssl_mode': 'disabled'})
    fails(scenario, 'access denied', 'ssl', 'tls')


@pytest.mark.parametrize('mode', ['disabled', 'required'])
def test_caching_sha2_password_cold(secure, scenario, mode):
    """The first login after a start of the server goes another way than those after it."""
    unlogged(secure.west, "ALTER USER 'ringway'@'%' REQUIRE NONE", 'FLUSH PRIVILEGES')
    unlogged(secure.east, "ALTER USER 'ringway'@'%' REQUIRE NONE")
    try:
        assert secure.west.one("SELECT plugin FROM mysql.user WHERE user = 'ringway'") == 'caching_sha2_password'
        configure(scenario, {'ssl_mode': mode}, {'ssl_mode': mode})
        scenario.both(TABLE)
        scenario.begin()
        secure.west.kill9()
        secure.west.start()
        scenario.run(scenario.east, 'INSERT INTO t VALUES (1)')
        scenario.same()
        scenario.stop()
    finally:
        for server in secure.servers:
            unlogged(server, "ALTER USER 'ringway'@'%' REQUIRE SSL")


def test_the_wrong_password(scenario):
    configure(scenario, {'ssl_mode': 'required', 'password': 'wrong-but-secret'}, {'ssl_mode': 'required'})
    result = scenario.cmd('init', expect=None)
    assert result.returncode in (2, 3) and 'ccess denied' in result.stderr, result
    assert 'wrong-but-secret' not in result.stderr + result.stdout
