"""The tables of the storm: how each is made, which policy settles it, and what the checker must know of it.

Almost every table has a column `tag`: the name of the transaction that wrote the row last, such as `east.2.17` (site,
writer, number). So a row says who wrote it, and a writer that reads a row before it changes it knows whose write it
overwrites. Some tables have no tag on purpose: in them a row can change and change back.
"""

import dataclasses

DB = 'storm'
SITES = ('east', 'west', 'north')
INITIAL = 'init'            # the tag of rows that were there from the beginning


@dataclasses.dataclass(frozen=True)
class Table:
    name: str
    columns: tuple          # all, in order
    key: tuple              # () for a table without a key
    ddl: str                # what stands between the brackets of CREATE TABLE
    policy: str = None      # None: that of the whole topology, last_write_wins
    tag: bool = True        # has a column `tag`
    delta: tuple = ()       # columns that add up
    merge: bool = False     # each column is settled by itself; it holds the tag of the transaction that wrote it
    unique: tuple = ()      # columns with a unique key each
    parent: tuple = ()      # (column, table) of a foreign key
    fold: bool = False      # two keys that differ only in case are two rows, and cannot both be there
    deletes: bool = True    # rows come and go
    rows: tuple = ()        # initial ones
    own: bool = False       # every writer keeps to rows of its own: nothing to settle

    def key_of(self, row):
        """The key of a row as the checker writes it."""
        return self.key_text([row[c] for c in self.key])

    @staticmethod
    def key_text(values):
        return tuple(str(v) for v in values)


TAG = 'tag VARCHAR(32) NOT NULL'

KV = Table('kv', ('id', 'tag', 'v', 'num', 'bin', 'at'), ('id',),
           f'id INT PRIMARY KEY, {TAG}, v TEXT, num DECIMAL(12,3), bin VARBINARY(60), at DATETIME(3)')
WORD = Table('word', ('k1', 'k2', 'tag', 'v'), ('k1', 'k2'),
             f'k1 VARCHAR(12), k2 VARCHAR(12), {TAG}, v VARCHAR(200), PRIMARY KEY (k1, k2)', fold=True)
UNIQ = Table('uniq', ('id', 'tag', 'u', 'n', 'v'), ('id',),
             f'id INT PRIMARY KEY, {TAG}, u VARCHAR(20) NOT NULL, n INT NULL, v VARCHAR(100), UNIQUE KEY (u), UNIQUE KEY (n)',
             unique=('u', 'n'))
ACCOUNT = Table('account', ('id', 'tag', 'balance', 'hits', 'note'), ('id',),
                f'id INT PRIMARY KEY, {TAG}, balance DECIMAL(20,2) NOT NULL, hits INT NOT NULL, note VARCHAR(60)',
                policy='delta(balance, hits)', delta=('balance', 'hits'), deletes=False,
                rows=tuple((i, INITIAL, '1000.00', 0, None) for i in range(8)))
ACCOUNT2 = Table('account2', ACCOUNT.columns, ('id',), ACCOUNT.ddl, policy=ACCOUNT.policy, delta=ACCOUNT.delta,
                 rows=ACCOUNT.rows)
TALLY = Table('tally', ('id', 'n'), ('id',), 'id INT PRIMARY KEY, n BIGINT NOT NULL', policy='delta(n)', tag=False,
              delta=('n',), deletes=False, rows=tuple((i, 0) for i in range(4)))
DOC = Table('doc', ('id', 'a', 'b', 'c', 'd'), ('id',),
            'id INT PRIMARY KEY, ' + ', '.join(f'{c} VARCHAR(32) NOT NULL' for c in 'abcd'), policy='merge', tag=False,
            merge=True, rows=tuple((i, *[INITIAL] * 4) for i in range(12)))
PRIO = Table('prio', ('id', 'tag', 'v'), ('id',), f'id INT PRIMARY KEY, {TAG}, v VARCHAR(100)', policy='site_priority')
FLIP = Table('flip', ('id', 'v'), ('id',), 'id INT PRIMARY KEY, v INT NOT NULL', tag=False, deletes=False,
             rows=tuple((i, 0) for i in range(10)))
PARENT = Table('parent', ('id', 'tag', 'v'), ('id',), f'id INT PRIMARY KEY, {TAG}, v VARCHAR(60)',
               rows=tuple((i, INITIAL, None) for i in range(6)))
CHILD = Table('child', ('id', 'parent', 'tag', 'v'), ('id',),
              f'id INT PRIMARY KEY, parent INT NOT NULL, {TAG}, v VARCHAR(60), FOREIGN KEY (parent) REFERENCES parent (id)',
              parent=('parent', 'parent'))
COLD = Table('cold', ('id', 'tag', 'v'), ('id',), f'id BIGINT PRIMARY KEY, {TAG}, v VARCHAR(200)', own=True)
TRAIL = Table('trail', ('tag', 'v'), (), f'{TAG}, v INT', own=True)

# Every transaction leaves a row in journal, and its number in the writer's row of seen. The rows of seen that a
# transaction finds say what had reached its site when it was made.
JOURNAL = Table('journal', ('site', 'writer', 'n'), ('site', 'writer', 'n'),
                'site VARCHAR(8), writer INT, n INT, PRIMARY KEY (site, writer, n)', tag=False, own=True)
SEEN = Table('seen', ('site', 'writer', 'n'), ('site', 'writer'),
             'site VARCHAR(8), writer INT, n INT NOT NULL, PRIMARY KEY (site, writer)', tag=False, own=True)

HOT = (KV, WORD, UNIQ, ACCOUNT, ACCOUNT2, TALLY, DOC, PRIO, FLIP, PARENT, CHILD)
ALL = (*HOT, COLD, TRAIL, JOURNAL, SEEN)
BY_NAME = {t.name: t for t in ALL}


def create(table):
    return f'CREATE TABLE {table.name} ({table.ddl}) ENGINE=InnoDB'


def fill(sites, writers):
    """Statements that make all tables as they are before the storm."""
    def text(v):
        return 'NULL' if v is None else str(v) if isinstance(v, int) else f"'{v}'"
    out = [create(t) for t in ALL]
    out += [f"INSERT INTO {t.name} VALUES " + ', '.join(f"({', '.join(map(text, r))})" for r in t.rows) for t in ALL if t.rows]
    out.append('INSERT INTO seen VALUES ' + ', '.join(f"('{s}', {w}, 0)" for s in sites for w in range(writers)))
    return out


def sections(sites):
    """The [table] sections of the configuration: the policies that differ from the general one."""
    text = ''
    for t in HOT:
        if t.policy:
            policy = f"site_priority({', '.join(sites)})" if t.policy == 'site_priority' else t.policy
            text += f'\n[table {DB}.{t.name}]\nconflict = {policy}\n'
    return text
