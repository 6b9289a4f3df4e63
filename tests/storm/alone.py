"""A storm over one database, or one cluster, that calls itself by the names of all sites. Nothing is replicated and nothing can conflict,
so the checker must find nothing: this proves that the writers keep their books well, also when the server is killed."""

import pathlib
import tempfile
import types

import nodes
import servers
from storm import Storm
from tables import DB, fill
from scenario import new_schema, unlogged
from weather import Clocks, library


class NoRingway:
    process, db = None, DB

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(dir=servers.workspace()))

    def nothing(self, *_, **__):
        return None

    def cmd(self, *_, **__):
        return types.SimpleNamespace(stdout='')

    kill9 = start = wait_state = caught_up = tail = nothing

    def links(self):
        return {}

    def status(self):
        return {'sites': [], 'links': []}

    def conflicts(self, _):
        return []


class Alone(Storm):
    def prepare(self):
        site = nodes.make('alone', 1, self.plan)
        self.sites = {name: site.alias(name) for name in self.plan.sites}
        if self.plan.clocks and library():
            self.clocks = dict.fromkeys(self.plan.sites, Clocks(site, self.plan.clocks[0]))
        nodes.start(site)
        unlogged(site, *new_schema(DB), f'USE {DB}', *fill(self.plan.sites, self.plan.writers))
        site.wait_applied()
        self.history.initial = self.rows(site)
        self.ringway = NoRingway()

    def settle(self, timeout=0):
        pass
