"""A topology in which nobody writes: what Ringway itself makes the binary logs grow by."""

import contextlib
import time

import pytest

from scenario import need
from sites import Sites
from wait import wait_until

LIMIT = 1000                # bytes a second at each site, as promised; far less is expected
SHORT_S = 5                 # with a heartbeat a second from every log, which must leave no trace
LONG_S = 660                # more than the ten minutes after which a link writes its position, if nothing else did
TOPOLOGIES = {'pair': ('mariadb', 'mysql'), 'ring': ('mariadb', 'mysql', 'mariadb'), 'mesh': ('mariadb', 'mysql', 'mariadb')}


@pytest.fixture
def idle(request):
    """After a first transaction at each site, which has come to all others."""
    flavours = TOPOLOGIES[request.param]
    need(*flavours)
    sites = Sites(flavours)
    try:
        sites.start()
        with contextlib.closing(sites.topology(request.param, options={'heartbeat_s': 1, 'deadline_s': 3})) as ringway:
            ringway.same()
            yield ringway
    finally:
        sites.destroy()


def growth(ringway, window_s):
    """{site: bytes a second}. Here the time itself is what is waited for."""
    before, began = {name: server.binlog_bytes() for name, server in ringway.sites.items()}, time.monotonic()
    wait_until(lambda: time.monotonic() - began >= window_s, window_s + 60, 'the end of the window', every=0.25)
    after, seconds = {name: server.binlog_bytes() for name, server in ringway.sites.items()}, time.monotonic() - began
    ringway.wait_state('running')
    return {name: (after[name] - before[name]) / seconds for name in before}


def check(ringway, window_s, capsys):
    grown = growth(ringway, window_s)
    with capsys.disabled():
        print(f'\n    {ringway.options["topology"]}, idle for {window_s} s, bytes of log a second: ' + ', '.join(f'{name} {rate:.2f}' for name, rate in grown.items()))
    assert max(grown.values()) < LIMIT / 10, grown


@pytest.mark.parametrize('idle', TOPOLOGIES, indirect=True)
def test_logs_hardly_grow(idle, capsys):
    check(idle, SHORT_S, capsys)


@pytest.mark.long
@pytest.mark.parametrize('idle', ['ring'], indirect=True)
def test_logs_hardly_grow_for_long(idle, capsys):
    check(idle, LONG_S, capsys)
