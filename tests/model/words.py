"""The words of the model: transactions, changes of rows, and what a log tells about who wrote what.

Plain data and two relations, `saw` (causality) and `later` (the order of stamps). Rows are tuples of COLUMNS, keys are (table, number).
"""
from collections import namedtuple

COLUMNS = U, W, V, N, P = range(5)      # two unique columns, a plain one, a number, the parent's number
PARENT, CHILD = 'parent', 'child'

Change = namedtuple('Change', 'key before after')           # a row change as in the log; None: no row
Write = namedtuple('Write', 'change txn columns seen first')    # a change on its way: who made it, what it wrote, what it had seen; first: what the first
                                                            # transaction had seen of those that are folded into it
Mark = namedtuple('Mark', 'key txn deletes columns')        # a write that took effect, visibly or not: what the memory is built from
Unit = namedtuple('Unit', 'stamp seen writes next')         # an entry of a log as a link reads it; stamp, seen: of the log there; next: where to read on
Entry = namedtuple('Entry', 'own stamp seen writes marks')  # of a site's log: its own transaction, or a window that a link applied


class Txn:
    """Committed by an application, or made by a site itself. Its name, and its place in the order, is (stamp, origin); seen: by origin."""
    __slots__ = 'origin', 'stamp', 'seen', 'changes', 'app', 'id'

    def __init__(self, origin, stamp, seen, changes, app):
        self.origin, self.stamp, self.seen, self.changes, self.app = origin, stamp, seen, changes, app
        self.id = (stamp, origin)

    def __repr__(self):
        return f'{self.stamp}@{self.origin}'


def saw(a, b):
    """Had a seen b when it committed?"""
    return a is not b and a.seen[b.origin] >= b.stamp


def later(a, b):
    return a.id > b.id


def columns_of(change):
    """The columns that a change writes: an insert all, an update those that differ."""
    if change.after is None:
        return ()
    if change.before is None:
        return COLUMNS
    return tuple(i for i in COLUMNS if change.before[i] != change.after[i])


def mark(write):
    return Mark(write.change.key, write.txn, write.change.after is None, write.columns)


def put(rows, key, row):
    if row is None:
        rows.pop(key, None)
    else:
        rows[key] = row
