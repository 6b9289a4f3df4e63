"""Every policy converges in random histories, and every rule is needed."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from rules import RULES     # noqa: E402
from world import World     # noqa: E402

CONVERGE = ('last_write_wins', 'site_priority', 'delta', 'merge')


def wrong(runs, first, *args, steps=80, **kwargs):
    """The first wrong one of some histories, or None."""
    for seed in range(first, first + runs):
        found = World(seed, *args, steps=steps, **kwargs).run()
        if found:
            return f'seed {seed}: {found}'
    return None


@pytest.mark.parametrize('sites', (2, 3, 4))
@pytest.mark.parametrize('policy', CONVERGE)
def test_mesh(policy, sites):
    assert not wrong(200, 1000 * sites, sites, policy)


@pytest.mark.parametrize('shape,sites', (('ring', 3), ('ring', 4), ('star', 3), ('star', 4), ('any', 3)))
@pytest.mark.parametrize('policy', CONVERGE)
def test_what_is_handed_on(policy, shape, sites):
    assert not wrong(60, 1000 * sites, sites, policy, shape=shape)


@pytest.mark.parametrize('policy', CONVERGE)
def test_the_outcome_does_not_depend_on_where_windows_end(policy):
    assert not wrong(100, 1, 3, policy, folded=True)


@pytest.mark.parametrize('policy', CONVERGE)
def test_all_own_deletes_may_be_made_with_the_window(policy):
    assert not wrong(60, 1, 3, policy, one=True)


def test_tables_with_different_policies():
    assert not wrong(150, 1, 3, 'mixed')


@pytest.mark.parametrize('sites', (2, 3))
def test_error_overwrites_nothing(sites):
    assert not wrong(150, 1, sites, 'error')


@pytest.mark.parametrize('rule', RULES)
def test_rule_is_needed(rule):
    _, policy, sites, shape = RULES[rule]
    assert wrong(300, 1, sites, policy, shape, steps=120, rule=rule)
