"""The sites of a storm: one server each, or a cluster whose nodes all take writes.

    site = make('east', 1, plan)            # not started yet
    start(site, other)
    site.nodes                              # its servers, in the words of tests/live/servers.py
    site.sql(...), site.connect(...)        # of one that serves
"""

import copy

import servers
from galera import Galera

NODE_SKEW_S = 2             # clocks of the nodes of a cluster differ by up to this from each other


class Site:
    """One server."""

    session = ()            # statements by which a writer's session begins
    stamped_early = False   # stamps have the time of a transaction's first write, not of its COMMIT

    def __init__(self, name, nodes, skews=(0,)):
        self.name, self.nodes, self.skews = name, list(nodes), skews

    def alias(self, name):
        """The same servers under another name."""
        other = copy.copy(self)
        other.name = name
        return other

    @property
    def address(self):
        return ', '.join(node.address for node in self.nodes)

    @property
    def serving(self):
        return self.nodes[0]

    def __getattr__(self, name):
        if name.startswith('__') or name == 'nodes':        # asked for by copy, before there are any
            raise AttributeError(name)
        return getattr(self.serving, name)

    def ready(self, timeout=90):
        """All that it consists of runs and is up to date."""
        for node in self.nodes:
            node.ready(timeout)
        return self

    def wait_applied(self):
        """Whatever one of its nodes holds, all do."""

    def can_spare(self):
        """May a node end or hang now?"""
        return True


class Cluster(Site):
    """A Galera cluster. Writers see what any node has committed before: a row that is seen, and then not any more because
    the writer went on at another node, is not what is looked for here."""

    session = ('SET SESSION wsrep_sync_wait = 7',)
    stamped_early = True    # no other time stands in the log of every node

    def __init__(self, name, cluster, skews):
        super().__init__(name, cluster.nodes, skews)
        self.cluster = cluster

    @property
    def serving(self):
        return next((n for n in self.nodes if n.alive() and n.is_synced()), self.nodes[0])

    def sql(self, statement, *args, **more):
        """What a session keeps out of the log of its node stands in those of the others all the same. GTIDs of one domain would
        name other transactions at each node from then on, and a record of a conflict would not tell which one it means."""
        return () if 'sql_log_bin' in statement else self.serving.sql(statement, *args, **more)

    def ready(self, timeout=90):
        super().ready(timeout)
        self.cluster.wait_synced(timeout)
        return self

    def wait_applied(self):
        self.cluster.wait_applied()

    def can_spare(self):
        """The others must be a majority, and able to send what it misses."""
        return all(n.alive() and n.is_synced() and n.status('cluster_size') == str(len(self.nodes)) for n in self.nodes)


def single(flavour):
    def make(name, number, plan):
        return Site(name, [servers.FLAVOURS[flavour](name, number, durable=True, args=plan.args[number - 1])])
    return make


def galera(name, number, plan):
    """Server ids are those of other sites, too, or all the same. GTIDs are the cluster's; or each node's own, in one domain
    or in three."""
    dice = plan.dice('cluster', name)
    gtid_mode, same_ids, same_domain = (dice.random() < 0.5 for _ in range(3))
    ids = (number,) * 3 if same_ids else (1, 2, 3)
    domains = tuple(10 * number + k for k in range(3)) if gtid_mode or not same_domain else (number,) * 3
    skews = [dice.uniform(-NODE_SKEW_S, NODE_SKEW_S) if dice.random() < 0.5 else 0 for _ in ids]
    return Cluster(name, Galera(name, ids, gtid_mode, domains, plan.args[number - 1]), skews)


MAKERS = {**{flavour: single(flavour) for flavour in servers.FLAVOURS}, 'galera': galera}


def missing(flavour):
    """None, or why such a site cannot be had here."""
    return (Galera if flavour == 'galera' else servers.FLAVOURS[flavour]).missing()


def make(name, number, plan, flavour=None):
    return MAKERS[flavour or plan.flavours[number - 1]](name, number, plan)


def start(*sites, timeout=90):
    """All at once."""
    for site in sites:
        for node in site.nodes:
            node.spawn()
    for site in sites:
        site.ready(timeout)

