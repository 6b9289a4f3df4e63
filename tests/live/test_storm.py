"""The storm in short, and the proof that its checker catches what it is there for. The long one is tests/storm.sh."""

import pathlib
import sys

import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'storm'))

import alone                                                                        # noqa: E402
import model                                                                        # noqa: E402
import nodes                                                                        # noqa: E402
import plan                                                                         # noqa: E402
import storm                                                                        # noqa: E402
from cases import CASES                                                             # noqa: E402
from checker import check                                                           # noqa: E402
from history import History, Record                                                 # noqa: E402
from tables import BY_NAME                                                          # noqa: E402

# Seeds that pause, kill and skew.
RUNS = [('pair', ('mariadb', 'mysql'), 7), ('mesh', ('mysql', 'mariadb', 'mariadb'), 12), ('ring', ('mariadb', 'mysql', 'mysql'), 3011),
        ('pair', ('galera', 'mysql'), 13)]


def need(*flavours):
    for flavour in flavours:
        if nodes.missing(flavour):
            pytest.skip(nodes.missing(flavour))


def words(violations):
    return '\n'.join(str(v)[:1000] for v in violations[:10])


@pytest.mark.parametrize('tell, wanted', [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_history(tell, wanted):
    """Histories made by hand: a lost write, a row that comes back, a record of no conflict, ..."""
    found = check(tell())
    assert {v.kind for v in found} == wanted, words(found)


@pytest.mark.parametrize('sites', [2, 3])
def test_rules(sites):
    """Histories of a model that settles conflicts by all rules of the design: nothing is wrong."""
    for seed in range(60):
        found = check(model.storm(seed, sites))
        assert not found, f'seed {seed}: {words(found)}'


@pytest.mark.parametrize('rule', model.BROKEN)
def test_broken_rule(rule):
    """The same without one of the rules: most histories are found to be wrong."""
    caught = sum(bool(check(model.storm(seed, 3, rule))) for seed in range(60))
    assert caught >= (5 if rule in ('compensate', 'gap') else 30), f'{caught} of 60'


def tampered(history):
    """Ways to spoil a good history, and what must be found then."""
    site = history.sites[0]
    finals, by_tag = history.finals[site], {t.tag: t for t in history.txs}

    def shown(table):
        return next((k, r) for k, r in finals[table].items() if r.get('tag') in by_tag)

    def a_row_is_gone():
        finals['kv'].pop(shown('kv')[0])

    def an_older_row_is_back():
        for tx in history.txs:
            for w in tx.writes:
                if w.table == 'kv' and w.before and w.before['tag'] in by_tag and finals['kv'].get(w.key, {}).get('tag') != w.before['tag']:
                    finals['kv'][w.key] = w.before
                    return

    def a_row_is_changed():
        shown('uniq')[1]['v'] = 'something else'

    def an_addition_is_lost():
        row = finals['account'][('3',)]
        row['hits'] -= 1

    def a_column_is_lost():
        finals['doc'][next(k for k, r in finals['doc'].items() if r['a'] in by_tag)]['a'] = 'init'

    def a_transaction_is_gone():
        history.journals[site].remove(max(history.journals[site]))

    def a_record_of_nothing():
        tx, w = next((t, w) for t in history.txs for w in t.writes if w.table == 'kv' and w.before and w.after and w.before['tag'] in by_tag)
        history.records.append(Record(site, 1, 'west->east', 'update/update', '', 'source', 'kv', w.key, 'update', None, w.after,
                                      w.before, (2, 2), '', (1, 1), ''))
    return [(a_row_is_gone, 'lost'), (an_older_row_is_back, 'resurrected'), (a_row_is_changed, 'strange'),
            (an_addition_is_lost, 'counter'), (a_column_is_lost, 'lost'), (a_transaction_is_gone, 'vanished'),
            (a_record_of_nothing, 'false')]


@pytest.mark.parametrize('flavour', ['mariadb', 'mysql', 'galera'])
def test_one_database(flavour, tmp_path, monkeypatch):
    """Writers and checker without replication: nothing is wrong, until the history is spoiled."""
    need(flavour)
    monkeypatch.setattr(storm, 'KEEP', tmp_path)
    kept = []

    class Kept(alone.Alone):
        def close(self):
            super().close()
            self.history.save(tmp_path / 'history.json')
            kept.append(self.history)
    p = plan.make(3, 6, flavours=(flavour, flavour), without=('pause', 'kill ringway', 'freeze ringway', 'kill both'))
    result = storm.run(p, make=Kept)
    assert result.ok, f'{result}\n{words(result.violations)}'
    assert result.acknowledged > 100 and {w.table for t in kept[0].txs for w in t.writes} >= {t for t in BY_NAME if t in p.weights}
    assert not check(History.load(tmp_path / 'history.json'))
    for number in range(len(tampered(kept[0]))):
        history = History.load(tmp_path / 'history.json')
        spoil, wanted = tampered(history)[number]
        spoil()
        assert wanted in {v.kind for v in check(history)}, spoil.__name__


def test_plan_is_repeated_by_its_seed():
    one, two = (plan.make(5, 60, 3) for _ in range(2))
    assert one == two
    assert plan.make(6, 60, 3) != one


@pytest.mark.parametrize('shape, flavours, seed', RUNS, ids=['-'.join((s, *f)) for s, f, _ in RUNS])
def test_storm(shape, flavours, seed):
    need(*flavours)
    result = storm.run(plan.make(seed, 8, flavours=flavours, options={'topology': shape}))
    assert result.ok, f'{result}\n{words(result.violations)}\nkept in {result.kept}'
    assert result.acknowledged > 200 and sum(result.conflicts.values()) > 20, result
