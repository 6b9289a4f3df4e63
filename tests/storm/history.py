"""What happened in a storm, as the checker needs it: transactions, the records of conflicts, the rows at the end.

A history is plain data. It can be made by hand (cases.py), by a model (model.py), by a storm (storm.py), and kept in a
file and read again.
"""

import dataclasses
import datetime
import decimal
import json


def plain(value):
    """A value of a column as it is compared and kept: None, a number, or a text."""
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, (bytes, bytearray)):
        return 'x' + bytes(value).hex()
    if isinstance(value, (datetime.datetime, datetime.date, datetime.timedelta)):
        return str(value)
    return value


@dataclasses.dataclass
class Write:
    """What one transaction did to one row, net: before and after are the whole row, None where there is none."""
    table: str
    key: tuple
    before: dict
    after: dict
    add: dict = None            # columns that add up: how much
    times: int = 1              # so often the transaction changed the row


@dataclasses.dataclass
class Tx:
    site: str
    writer: int
    n: int                      # counts up within the writer; some numbers are missing
    outcome: str                # acked, or unknown: the server was lost at COMMIT
    vector: dict                # {(site, writer): n} that it had seen, itself included
    at: float                   # on one clock for all, when it looked: whatever it had seen is earlier
    clock: float = 0.0          # of its server, in seconds since 1970, just before COMMIT
    node: int = 0               # which server of its site that was
    since: float = 0.0          # as `at`: what its stamp cannot be older than; 0: as `at`
    writes: list = dataclasses.field(default_factory=list)

    @property
    def tag(self):
        return f'{self.site}.{self.writer}.{self.n}'

    @property
    def who(self):
        return self.site, self.writer

    def saw(self, other):
        return self is not other and self.vector.get(other.who, 0) >= other.n


@dataclasses.dataclass
class Record:
    """A row of ringway.conflict. Rows are dictionaries, None where there is none; stamps are (microseconds, site id)."""
    site: str                   # where it stands
    id: int
    link: str
    kind: str
    policy: str
    verdict: str
    table: str
    key: tuple
    operation: str
    before: dict
    incoming: dict
    current: dict
    stamp: tuple
    gtid: str
    current_stamp: tuple        # None where it is not known
    current_gtid: str
    reason: str = ''

    def __str__(self):
        return (f'{self.site}:{self.id} {self.link} {self.kind} {self.policy} kept {self.verdict} {self.table}{self.key}: '
                f'before {self.before}, incoming {self.incoming} {self.stamp} {self.gtid}, '
                f'current {self.current} {self.current_stamp} {self.current_gtid}'
                + (f'; {self.reason}' if self.reason else ''))


@dataclasses.dataclass
class History:
    sites: list                                                 # names; the first has id 1
    txs: list = dataclasses.field(default_factory=list)         # all that may have been committed
    records: list = dataclasses.field(default_factory=list)
    initial: dict = dataclasses.field(default_factory=dict)     # {table: {key: row}}
    finals: dict = dataclasses.field(default_factory=dict)      # {site: {table: {key: row}}}; keyless: {table: [row]}
    journals: dict = dataclasses.field(default_factory=dict)    # {site: {tag}}
    gtids: dict = dataclasses.field(default_factory=dict)       # {gtid: [tag]}: what lies in a transaction of some log
    vague: set = dataclasses.field(default_factory=set)         # GTIDs that name other transactions at other nodes of a cluster
    links: dict = dataclasses.field(default_factory=dict)       # {name: status}
    differences: list = dataclasses.field(default_factory=list)     # in words, found by comparing the servers
    troubles: list = dataclasses.field(default_factory=list)    # (kind, words) that the storm met by itself

    def save(self, path):
        def text(o):
            return dataclasses.asdict(o) if dataclasses.is_dataclass(o) else plain(o)

        def rows(tables):
            return {t: [[list(k), r] for k, r in rs.items()] if isinstance(rs, dict) else rs for t, rs in tables.items()}
        out = {'sites': self.sites, 'gtids': self.gtids, 'vague': sorted(self.vague), 'links': self.links, 'differences': self.differences,
               'troubles': self.troubles, 'records': [dataclasses.asdict(r) for r in self.records],
               'txs': [{**dataclasses.asdict(t), 'vector': [[*k, n] for k, n in t.vector.items()]} for t in self.txs],
               'initial': rows(self.initial), 'finals': {s: rows(t) for s, t in self.finals.items()},
               'journals': {s: sorted(j) for s, j in self.journals.items()}}
        path.write_text(json.dumps(out, default=text))

    @classmethod
    def load(cls, path):
        d = json.loads(path.read_text())

        def rows(tables):
            return {t: {tuple(k): r for k, r in rs} if t != 'trail' else rs for t, rs in tables.items()}

        def stamp(r, name):
            r[name] = tuple(r[name]) if r[name] else None
        for r in d['records']:
            r['key'] = tuple(r['key'])
            stamp(r, 'stamp')
            stamp(r, 'current_stamp')
        for t in d['txs']:
            t['vector'] = {(s, w): n for s, w, n in t['vector']}
            t['writes'] = [Write(**{**w, 'key': tuple(w['key'])}) for w in t['writes']]
        return cls(sites=d['sites'], txs=[Tx(**t) for t in d['txs']], records=[Record(**r) for r in d['records']],
                   initial=rows(d['initial']), finals={s: rows(t) for s, t in d['finals'].items()},
                   journals={s: set(j) for s, j in d['journals'].items()}, gtids=d['gtids'], vague=set(d.get('vague', ())), links=d['links'],
                   differences=d['differences'], troubles=[tuple(t) for t in d['troubles']])
