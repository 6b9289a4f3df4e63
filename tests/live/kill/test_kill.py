"""The short form of the kill test: some twenty kills per pair. The long one is tests/kill.sh."""

import os
import pathlib

import pytest

import killer
from scenario import PAIRS, need

CRASH_BIN = pathlib.Path(os.environ.get('RINGWAY_CRASH_BIN') or pathlib.Path(__file__).resolve().parents[3] / 'build-crash/ringway')


@pytest.mark.parametrize('flavours', PAIRS, ids='-'.join)
def test_kill(flavours, monkeypatch):
    need(*flavours)
    if CRASH_BIN.exists():
        monkeypatch.setenv('RINGWAY_BIN', str(CRASH_BIN))
    killer.run(flavours, kills=22, seed=20240517)
