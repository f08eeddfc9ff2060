"""Eviction: what was used least recently goes first, until the bounds hold, and never what is in use."""

from __future__ import annotations

import datetime
import os

import numpy as np
import pytest

from goodoffices.store import RunCard, Shard, open_store
from goodoffices.store.eviction import evict
from goodoffices.store.run import CARD

NOW = datetime.datetime(2025, 10, 20, tzinfo=datetime.UTC)
SHARD = Shard({"status": (("draw",), np.zeros(3, np.int8))})
IDS = ["aaaa", "bbbb", "cccc"]
"""Used one, two and three days ago."""


@pytest.fixture
def store(tmp_path):
    store = open_store(tmp_path)
    for days, name in enumerate(IDS, 1):
        run = store.open(RunCard(name, "", "", 1, 8))
        run.write("key", SHARD)
        run.close()
        used = (NOW - datetime.timedelta(days=days)).timestamp()
        os.utime(run.folder / CARD, (used, used))
    return store


def left(store):
    return [kept.card.id for kept in store.runs()]


@pytest.mark.parametrize(("hours", "stay"), [(0, 0), (24, 1), (25, 1), (48, 2), (71, 2), (72, 3)])
def test_runs_that_rest_longer_go(store, hours, stay):
    done = evict(store, older_than=datetime.timedelta(hours=hours), now=NOW)
    assert left(store) == IDS[:stay]
    assert [kept.card.id for kept in done.removed] == IDS[stay:][::-1]


@pytest.mark.parametrize("stay", [0, 1, 2, 3])
def test_the_most_recent_stay_as_far_as_there_is_room(store, stay):
    each = store.runs()[0].bytes
    done = evict(store, keep_under=(stay + 1) * each - 1 if stay < 3 else 3 * each)
    assert left(store) == IDS[:stay]
    assert done.left == stay * each == sum(kept.bytes for kept in store.runs())


def test_either_bound_is_enough(store):
    each = store.runs()[0].bytes
    evict(store, older_than=datetime.timedelta(hours=60), keep_under=each, now=NOW)
    assert left(store) == IDS[:1]


def test_a_run_in_use_stays_and_is_told_about(store):
    held = store.open(RunCard("cccc", "", "", 1, 8))
    used = (NOW - datetime.timedelta(days=3)).timestamp()
    os.utime(held.folder / CARD, (used, used))
    done = evict(store, keep_under=0)
    assert [kept.card.id for kept in done.in_use] == left(store) == ["cccc"]
    assert done.left == store.runs()[0].bytes
    held.close()
    assert not evict(store, keep_under=0).in_use
    assert left(store) == []


def test_no_bound_removes_nothing(store):
    assert evict(store).removed == ()
    assert left(store) == IDS
