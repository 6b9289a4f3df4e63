"""A storm over one database that calls itself by the names of all sites. Nothing is replicated and nothing can conflict,
so the checker must find nothing: this proves that the writers keep their books well, also when the server is killed."""

import pathlib
import tempfile

import servers
from servers import FLAVOURS
from storm import Storm
from tables import DB, fill
from scenario import new_schema, unlogged
from weather import Clock, library


class Alias:
    """The one server under the name of a site."""

    def __init__(self, server, name):
        self.__dict__.update(server=server, name=name)

    def __getattr__(self, name):
        return getattr(self.server, name)

    def __setattr__(self, name, value):
        setattr(self.server, name, value)


class NoRingway:
    process, db = None, DB

    def __init__(self, servers_):
        self.dir = pathlib.Path(tempfile.mkdtemp(dir=servers.workspace()))
        self.servers = servers_

    def nothing(self, *_, **__):
        return None

    kill9 = start = wait_state = cmd = caught_up = tail = nothing

    def links(self):
        return {}

    def conflicts(self, _):
        return []


class Alone(Storm):
    def prepare(self):
        flavour = self.plan.flavours[0]
        server = FLAVOURS[flavour]('alone', 1, durable=True)
        self.clock = Clock(server, self.plan.clocks[0]) if self.plan.clocks and library() else None
        server.start()
        self.servers = {s: Alias(server, s) for s in self.plan.sites}
        self.clocks = dict.fromkeys(self.plan.sites, self.clock) if self.clock else {}
        unlogged(server, *new_schema(DB), f'USE {DB}', *fill(self.plan.sites, self.plan.writers))
        self.history.initial = self.rows(server)
        self.ringway = NoRingway(self.servers)

    def settle(self, timeout=0):
        pass
