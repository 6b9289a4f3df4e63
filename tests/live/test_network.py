"""Packets vanish between sites, without a word, for longer than Ringway waits; all sites write on; then the network comes back."""

import contextlib

import pytest

from load import Load
from network import Network
from scenario import need
from sites import ACCOUNT, COUNTED, NAMES, Several, Sites, adding
from wait import wait_until

SITES = [('mariadb', 'mysql', 'mariadb')]
NAMES = NAMES[:3]
SHORT = {'heartbeat_s': 1, 'deadline_s': 3, 'connect_timeout_s': 1, 'retry_max_s': 1, 'gap_wait_s': 1}


@pytest.fixture(scope='module')
def network():
    if Network.missing():
        pytest.skip(Network.missing())
    with contextlib.closing(Network(NAMES)) as network:
        yield network


@pytest.fixture(scope='module', params=SITES, ids=['-'.join(s) for s in SITES])
def servers(request, network):
    need(*request.param)
    sites = Sites(request.param, network)
    try:
        yield sites.start()
    finally:
        sites.destroy()


class Processes:
    """A topology whose links are run in the namespaces of these sites: by one process for all, or at each site by one for the links into it."""

    def __init__(self, servers, shape, places, stack):
        self.network = servers.network
        self.first = stack.enter_context(contextlib.closing(servers.topology(shape, policies=[('account', 'delta(balance)')], options=SHORT, start=False)))
        self.first.init()
        self.at = {name: stack.enter_context(contextlib.closing(self._start(servers, name, len(places) == 1))) for name in places}
        self.first.process = self.at[places[0]].process         # for its helpers, which look whether it lives
        stack.callback(setattr, self.first, 'process', None)
        self.notice()

    def _start(self, servers, name, alone):
        process = Several(self.first.sites, options=self.first.options, sections=self.first.sections)
        process.inside = self.network.inside(name)
        return process.start(*([] if alone else ['--site', name]), wait=False)

    def at_target(self, link):
        """Where a link is run."""
        target = link.split('->')[1]
        return target if target in self.at else next(iter(self.at))

    def links(self):
        """As each process shows those that it runs."""
        return {name: link for place, process in self.at.items() for name, link in process.links().items() if self.at_target(name) == place}

    def notice(self):
        """Links that cannot reach an end say so, and which; the others run."""
        wrong = {}

        def noticed():
            wrong.clear()
            for name, link in self.links().items():
                away = [end for end in name.split('->') if self.network.apart(self.at_target(name), end)]
                if link['state'] not in (('retrying',) if away else ('running', 'catching_up')) or (away and not any(f'site {end}' in link['error'] for end in away)):
                    wrong[name] = link['state'], link['error']
            return not wrong
        wait_until(noticed, 30, lambda: f'{wrong}')


CUTS = {
    'ring, a site': ('ring', NAMES, lambda network: network.cut_off('west')),
    'ring, a site, one process': ('ring', ['east'], lambda network: network.cut_off('west')),
    'ring, the process': ('ring', ['north'], lambda network: network.cut_off('north')),
    'mesh, two from each other': ('mesh', NAMES, lambda network: network.cut('west', 'north')),
    'mesh, one way': ('mesh', NAMES, lambda network: network.lose('west', 'north')),
}


@pytest.mark.parametrize('cut', CUTS)
def test_the_network_is_cut(servers, cut):
    shape, places, sever = CUTS[cut]
    with contextlib.ExitStack() as stack:
        processes = Processes(servers, shape, places, stack)
        stack.callback(servers.network.heal)
        ringway = processes.first
        ringway.everywhere(*COUNTED, *ACCOUNT)
        loads = {n: stack.enter_context(Load(s, ringway.db, adding(n), patient=True, pause=0.05)) for n, s in ringway.sites.items()}
        for load in loads.values():
            load.wait_for(20)
        sever(servers.network)
        processes.notice()
        for load in loads.values():
            load.wait_for(20)
        servers.network.heal()
        for load in loads.values():
            load.wait_for(20)
        counts = {name: load.stop() for name, load in loads.items()}
        assert not any(load.unknown for load in loads.values())
        ringway.counted(counts)
        for name in NAMES:
            assert ringway.rows(name, 'SELECT balance FROM account') == [(sum(counts.values()),)]
