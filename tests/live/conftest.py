"""What the scenarios share: running server pairs, a fresh schema per test, a Ringway between them."""

import os
import pathlib
import sys

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from galera import Galera                                                           # noqa: E402
from network import Network                                                         # noqa: E402
import ringway as ringway_module                                                    # noqa: E402
import servers                                                                      # noqa: E402
from ringway import Ringway                                                         # noqa: E402
from scenario import PAIRS, Pair, Scenario, need                                    # noqa: E402
from servers import FLAVOURS                                                        # noqa: E402


def group_of(item):
    """Tests of one worker: those that share servers."""
    pair = getattr(item, 'callspec', None) and item.callspec.params.get('pair')
    return '-'.join(pair) if pair else item.module.__name__


def pytest_configure(config):
    config.addinivalue_line('markers', 'xdist_group: tests that run one after the other, in one process')
    config.addinivalue_line('markers', 'long: takes minutes or gigabytes; only with --long')


def pytest_addoption(parser):
    parser.addoption('--long', action='store_true', help='also the tests that take minutes or gigabytes')


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group_of(item)))
    if config.getoption('--long'):
        return
    for item in items:
        if item.get_closest_marker('long'):
            item.add_marker(pytest.mark.skip(reason='long: run with --long'))


def pytest_terminal_summary(terminalreporter):
    for cls in (*FLAVOURS.values(), Galera, Network):
        if cls.missing():
            terminalreporter.write_line(f'WARNING: tests were SKIPPED: {cls.missing()}', red=True, bold=True)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows the end of Ringway's log."""
    report = (yield).get_result()
    if report.when == 'call' and report.failed:
        for ringway in {id(v): v for v in getattr(item, 'funcargs', {}).values() if isinstance(v, Ringway)}.values():
            report.sections.append(('ringway.log', ringway.tail(60)))


@pytest.fixture(scope='session')
def pair(request):
    """Both servers of a pair, running; shared by all tests. `request.param` is a tuple of flavours."""
    need(*request.param)
    pair = Pair(request.param)
    try:
        yield pair.start()
    finally:
        pair.destroy()


def pytest_generate_tests(metafunc):
    """Every scenario runs on every pair, unless its module says PAIRS = [...] or the test names its pairs itself."""
    by_hand = any('pair' in str(marker.args[0]).split(', ') for marker in metafunc.definition.iter_markers('parametrize'))
    if 'pair' in metafunc.fixturenames and not by_hand:
        pairs = getattr(metafunc.module, 'PAIRS', PAIRS)
        marker = metafunc.definition.get_closest_marker('pairs')
        if marker:
            pairs = list(marker.args)
        metafunc.parametrize('pair', pairs, indirect=True, ids=['-'.join(p) for p in pairs], scope='session')


@pytest.fixture
def scenario(pair):
    """Configured, not yet initialised or started."""
    if not ringway_module.binary().exists():
        pytest.fail(f'{ringway_module.binary()} is not there: build it, or set RINGWAY_BIN')
    scenario = Scenario(pair.fresh())
    yield scenario
    scenario.close()


@pytest.fixture
def link(scenario):
    """Running both ways."""
    scenario.begin()
    yield scenario
    for server in scenario.sites.values():
        if server.process is not None:
            server.thaw()
    if scenario.running():
        scenario.stop()


if os.environ.get('RINGWAY_KEEP'):
    print(f'kept: {servers.workspace()}')
