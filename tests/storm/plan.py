"""What a storm will do, all of it from the seed: servers, clocks, options, who writes what, and what happens meanwhile.

The timing of a run is not repeated by its seed; what was planned is.
"""

import dataclasses
import random

from tables import SITES

IN_USE = -1
NODE_EVERY_S = 8        # a node of a cluster is hit so often, besides what hits all servers
CLOCK_S = 60                # clocks are wrong by up to this
PAIRS = (('mariadb', 'mysql'), ('mysql', 'mariadb'), ('mariadb', 'mariadb'), ('mysql', 'mysql'))
TRIPLES = (('mariadb', 'mysql', 'mariadb'), ('mysql', 'mariadb', 'mysql'), ('mariadb', 'mariadb', 'mysql'),
           ('mysql', 'mysql', 'mariadb'), ('mariadb', 'mariadb', 'mariadb'), ('mysql', 'mysql', 'mysql'))

# What happens to whom, how often, and how long it lasts, in seconds.
ACTS = (('pause', 5, (0.3, 6)), ('kill ringway', 4, (0.0, 1.5)), ('kill server', 3, (0.0, 2)), ('freeze server', 3, (0.1, 2.5)),
        ('freeze ringway', 2, (0.1, 2)), ('clock', 3, (0, 0)), ('kill both', 1, (0.0, 1)), ('rotate', 1, (0, 0)))

# A node that hangs is left for another soon.
IMPATIENT = {'deadline_s': 3, 'connect_timeout_s': 2}

WEIGHTS = {'kv': 5, 'word': 2, 'uniq': 5, 'account': 3, 'account2': 1, 'tally': 1, 'doc': 3, 'prio': 2, 'flip': 3,
           'family': 4, 'cold': 2, 'trail': 1}


@dataclasses.dataclass
class Act:
    at: float               # seconds since the beginning
    what: str
    whom: tuple             # site, or sites of a link
    seconds: float          # how long it lasts
    value: float = 0.0
    node: int = 0           # which one of a cluster; IN_USE: the one that Ringway reads from


@dataclasses.dataclass
class Plan:
    seed: int
    seconds: float
    flavours: tuple
    writers: int            # at each site
    clocks: tuple           # seconds by which each site's clock is wrong at first; empty: not to be touched
    options: dict           # of [ringway]
    args: tuple             # of each server
    acts: list
    weights: dict           # table: how often it is written
    quiet_at: float         # DDL on hot tables while nobody writes; None: never
    builders: bool          # DDL on side tables all the time

    @property
    def sites(self):
        return SITES[:len(self.flavours)]

    @property
    def links(self):
        if self.options['topology'] == 'ring':
            return [(a, self.sites[(i + 1) % len(self.sites)]) for i, a in enumerate(self.sites)]
        return [(a, b) for a in self.sites for b in self.sites if a != b]

    def dice(self, *what):
        """The same dice for the same purpose, whatever else was thrown."""
        return random.Random('/'.join(map(str, (self.seed, *what))))

    def __str__(self):
        clocks = self.clocks or [None] * len(self.flavours)
        return self.options['topology'] + ' ' + ' '.join(f'{s}={f}' + (f'({c:+.0f}s)' if c is not None else '') for s, f, c in zip(self.sites, self.flavours, clocks))


def make(seed, seconds=60, sites=2, flavours=None, writers=4, clocks=True, acts=True, without=(), options=None):
    """flavours: of the sites; else the seed decides. without: names of tables, of acts, 'ddl' or 'quiet' to leave out."""
    dice = random.Random(f'{seed}/plan')
    drawn = dice.choice(TRIPLES if sites == 3 else PAIRS)
    flavours = tuple(flavours or drawn)
    own = dice.choice(({}, {}, {'window_bytes': '64K'}, {'window_transactions': 1}, {'window_transactions': 7}))
    args = [['--binlog-row-metadata=FULL'] if dice.random() < 0.5 else [] for _ in SITES]
    for extra, flavour in zip(args, flavours):
        if dice.random() < 0.25:
            extra.append('--binlog-transaction-compression=ON' if flavour == 'mysql' else '--log-bin-compress=ON')
        if dice.random() < 0.3:
            extra.append('--max-binlog-size=1M')
    plan = Plan(
        seed=seed, seconds=seconds, flavours=flavours, writers=writers,
        clocks=tuple(dice.uniform(-CLOCK_S, CLOCK_S) for _ in flavours) if clocks else (),
        options={'topology': random.Random(f'{seed}/topology').choice(('mesh', 'ring')) if len(flavours) > 2 else 'pair', 'conflict': 'last_write_wins', 'retry_max_s': 1,
                 'gap_wait_s': 60, **(IMPATIENT if 'galera' in flavours else {}), **own, **(options or {})},
        args=tuple(map(tuple, args)), acts=[], weights={k: w for k, w in WEIGHTS.items() if k not in without},
        quiet_at=None, builders='ddl' not in without)
    if dice.random() < 0.5 and seconds >= 20 and 'quiet' not in without:
        plan.quiet_at = dice.uniform(0.3, 0.7) * seconds
    if acts:
        plan.acts = weather(plan, without)
    return plan


def weather(plan, without):
    """Some act every four seconds or so, at any moment but the very end."""
    dice, acts = plan.dice('weather'), []
    kinds = [(what, weight, times) for what, weight, times in ACTS if what not in without and (what != 'clock' or plan.clocks)]
    for _ in range(max(3, round(plan.seconds / 3.5))):
        what, _, (least, most) = dice.choices(kinds, [k[1] for k in kinds])[0]
        whom = dice.choice(plan.links) if what == 'pause' else (dice.choice(plan.sites),)
        acts.append(Act(dice.uniform(0.05, 0.92) * plan.seconds, what, whom, dice.uniform(least, most),
                        dice.uniform(-CLOCK_S, CLOCK_S)))
    for site, flavour in zip(plan.sites, plan.flavours):
        if flavour == 'galera':
            strike_nodes(plan, site, acts, without)
    return sorted(acts, key=lambda a: a.at)


def strike_nodes(plan, site, acts, without):
    """Of a cluster that can be spared one node at a time: whichever act hits its server hits one, and there are more of these.
    A node may hang, or not reach the others, for so long that these go on without it."""
    dice = plan.dice('nodes', site)
    kinds = [what for what in ('kill server', 'kill server', 'freeze server', 'kill both', 'cut off', 'cut off') if what not in without]
    for k in range(round(plan.seconds / NODE_EVERY_S) if kinds else 0):
        acts.append(Act((k + dice.uniform(0.2, 0.7)) * NODE_EVERY_S, dice.choice(kinds), (site,), dice.uniform(0.1, 2)))
    for act in acts:
        if act.whom[0] == site:
            act.node = dice.choice((IN_USE, IN_USE, IN_USE, 0, 1, 2))
            if act.what == 'cut off' or (act.what == 'freeze server' and dice.random() < 0.5):
                act.seconds += 3
