"""Eviction: which runs a store can do without, when it is to hold no more than so many bytes, or none that rests so long.

Receives a store and bounds; removes the runs that were used least recently, never one that somebody works with. Returns
what was removed and what could not be.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from goodoffices.core.diagnostics import Refusal
from goodoffices.store.folder import Kept, Store


@dataclass(frozen=True)
class Evicted:
    """What an eviction did."""

    removed: tuple[Kept, ...]
    in_use: tuple[Kept, ...]
    """Runs that were due, and that somebody works with."""
    left: int
    """Bytes of the shards that are still there."""


def evict(
    store: Store,
    *,
    older_than: datetime.timedelta | None = None,
    keep_under: int | None = None,
    now: datetime.datetime | None = None,
) -> Evicted:
    """Remove runs until the bounds hold, those that were used least recently first.

    Args:
        store: where from.
        older_than: runs that nobody has used for longer than this go.
        keep_under: bytes of shards that may stay; a run that is in use counts, and stays.
        now: the present, with its time zone.

    Raises:
        Refusal: `store-unwritable`.
    """
    runs = store.runs()[::-1]
    total = sum(kept.bytes for kept in runs)
    due = _resting(runs, older_than, now or datetime.datetime.now(datetime.UTC))
    removed: list[Kept] = []
    in_use: list[Kept] = []
    for kept in runs:
        if kept not in due and (keep_under is None or total <= keep_under):
            continue
        try:
            store.remove(kept.card.id)
        except Refusal as refusal:
            codes = {diagnostic.code for diagnostic in refusal.diagnostics}
            if "unknown-run" in codes:  # somebody else has removed it meanwhile
                continue
            if "run-in-use" not in codes:
                raise
            in_use.append(kept)
            continue
        removed.append(kept)
        total -= kept.bytes
    return Evicted(tuple(removed), tuple(in_use), total)


def _resting(
    runs: Sequence[Kept], older_than: datetime.timedelta | None, now: datetime.datetime
) -> list[Kept]:
    if older_than is None:
        return []
    return [kept for kept in runs if now - datetime.datetime.fromisoformat(kept.used) > older_than]
