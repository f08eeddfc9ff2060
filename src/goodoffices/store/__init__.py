"""The run store: solved draws on disk, in checksummed shards, addressed by what they were solved from.

Knows arrays, addresses and files; what the arrays mean is known above. See docs/how-to/keep-runs.md.
"""

from __future__ import annotations

from goodoffices.store.address import canonical, digest
from goodoffices.store.damage import Damaged
from goodoffices.store.folder import Store, open_store
from goodoffices.store.run import Run, RunCard
from goodoffices.store.shard import Shard, decode, encode

__all__ = [
    "Damaged",
    "Run",
    "RunCard",
    "Shard",
    "Store",
    "canonical",
    "decode",
    "digest",
    "encode",
    "open_store",
]
