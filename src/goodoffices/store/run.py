"""A run: the shards that were solved from one scenario with one choice of settings, seed and version.

Receives a folder and keys; returns shards, or None for those that are not there. A shard's file is named by its key and
by the SHA-256 of its bytes, so that damage is seen before anything is made of the contents. Raises `OSError` where a shard
cannot be written, `Damaged` where one cannot be believed.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from goodoffices.store.damage import Damaged
from goodoffices.store.files import remove_stale, write_whole
from goodoffices.store.lock import Lock
from goodoffices.store.shard import FORMAT, Shard, decode, encode

CARD = "run.json"
LOCK = "lock"
SUFFIX = ".nc"


@dataclass(frozen=True)
class RunCard:
    """What a run is, for people; the address says it for programs."""

    id: str
    title: str
    source: str
    """File of the scenario, or its name in the catalogue."""
    seed: int
    draws: int
    """Largest number of draws that was asked for."""
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    version: str = ""
    created: str = ""
    """Time in UTC."""
    format: int = FORMAT


def key_of(address: str) -> str:
    """The part of a digest that names a shard in its run."""
    return address[:32]


class Run:
    """The shards of a run on disk."""

    def __init__(self, folder: Path, card: RunCard, *, writable: bool) -> None:
        self.folder, self.card, self.writable = folder, card, writable
        self._known: dict[str, Path] = {}
        self._listed = -1
        self._lock = Lock(folder / LOCK, alone=False)

    def close(self) -> None:
        """Let others remove the run."""
        self._lock.release()

    def has(self, key: str) -> bool:
        """Whether there is a file of this key, whole or not."""
        return self._find(key) is not None

    def read(self, key: str) -> Shard | None:
        """The shard of a key, or None.

        Raises:
            Damaged: there is a file, and its bytes are not those that were written.
        """
        path = self._find(key)
        if path is None:
            return None
        try:
            contents = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Damaged(error.strerror or "it cannot be read") from error
        if hashlib.sha256(contents).hexdigest() != path.name.split(".")[1]:
            raise Damaged("its checksum is not that of its contents")
        return decode(contents)

    def write(self, key: str, shard: Shard) -> int:
        """Keep a shard; returns the number of bytes. Files of the same key that are damaged give way to it."""
        contents = encode(shard)
        path = self.folder / f"{key}.{hashlib.sha256(contents).hexdigest()}{SUFFIX}"
        before = self._find(key)
        write_whole(path, contents)
        if before is not None and before != path:
            with contextlib.suppress(OSError):
                before.unlink()
        self._known[key] = path
        return len(contents)

    def _find(self, key: str) -> Path | None:
        if key not in self._known:
            self._list()
        return self._known.get(key)

    def _list(self) -> None:
        """Look what there is, if anything has changed since: others may be writing too."""
        try:
            changed = self.folder.stat().st_mtime_ns
        except FileNotFoundError:  # a store that can only be read, and has no such run
            return
        if changed == self._listed:
            return
        self._listed = changed
        for name in sorted(os.listdir(self.folder)):
            if name.endswith(SUFFIX) and name.count(".") == 2:
                self._known[name.split(".")[0]] = self.folder / name


def read_card(folder: Path) -> RunCard | None:
    """The card of a run, or None where there is none that can be read."""
    try:
        found = json.loads((folder / CARD).read_text("utf-8"))
        return RunCard(**found)
    except (OSError, ValueError, TypeError):
        return None


def open_run(folder: Path, card: RunCard, *, writable: bool) -> Run:
    """Open a run, made new where there is none."""
    if writable:
        folder.mkdir(parents=True, exist_ok=True)
        remove_stale(folder)
    known = read_card(folder)
    draws = max(card.draws, known.draws if known else 0)
    made = known.created if known else ""
    made = made or datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    card = replace(card, draws=draws, created=made)
    if writable:
        if card != known:
            text = json.dumps(asdict(card), ensure_ascii=False, indent=2)
            write_whole(folder / CARD, f"{text}\n".encode())
        else:
            os.utime(folder / CARD)
    return Run(folder, card, writable=writable)
