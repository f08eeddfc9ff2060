"""The folder in which runs are kept.

Receives a path; returns a `Store`. Refuses a folder that cannot be made, that a newer version wrote, or (where that is
asked for) that cannot be written to. A folder that can only be read is still read.
"""

from __future__ import annotations

import datetime
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goodoffices.core.diagnostics import refuse
from goodoffices.store.files import is_writable, write_whole
from goodoffices.store.lock import InUse, Lock
from goodoffices.store.run import CARD, LOCK, SUFFIX, Run, RunCard, open_run, read_card
from goodoffices.store.shard import FORMAT

MARKER = "goodoffices-store.json"
SHORTEST = 4
"""Digits of an identifier that are enough to name a run, where they are those of one run only."""


@dataclass(frozen=True)
class Kept:
    """A run as a list shows it."""

    card: RunCard
    folder: Path
    shards: int
    bytes: int
    used: str
    """Time in UTC at which the run was last opened for writing."""

    def data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        card = self.card
        return {
            "id": card.id,
            "title": card.title,
            "source": card.source,
            "seed": card.seed,
            "draws": card.draws,
            "settings": card.settings,
            "version": card.version,
            "created": card.created,
            "used": self.used,
            "shards": self.shards,
            "bytes": self.bytes,
            "folder": str(self.folder),
        }


@dataclass(frozen=True)
class Store:
    """A folder of runs."""

    path: Path
    writable: bool

    def open(self, card: RunCard) -> Run:
        """The run that a card describes, made new where there is none.

        Raises:
            OSError: the run's folder cannot be made.
        """
        return open_run(self.path / card.id, card, writable=self.writable)

    def has(self, run: str) -> bool:
        """Whether there is a run."""
        return (self.path / run / CARD).is_file()

    def runs(self) -> list[Kept]:
        """Every run, the one that was used last first."""
        return sorted(self._kept(), key=lambda kept: kept.used, reverse=True)

    def find(self, name: str) -> Kept:
        """The run whose identifier begins with `name`.

        Raises:
            Refusal: `unknown-run`, also where several begin so.
        """
        runs = self.runs()
        found = [kept for kept in runs if len(name) >= SHORTEST and kept.card.id.startswith(name)]
        if len(found) == 1:
            return found[0]
        listed = ", ".join(kept.card.id for kept in (found or runs)[:4])
        raise refuse(
            "unknown-run",
            f"{'several runs begin' if found else 'no run begins'} with `{name}` in {self.path}",
            hint=f"there are {listed}" if listed else "there are no runs yet",
        )

    def remove(self, name: str) -> Kept:
        """Remove a run and all its shards.

        Raises:
            Refusal: `unknown-run`; `run-in-use` while somebody works with it; `store-unwritable`.
        """
        kept = self.find(name)
        try:
            lock = Lock(kept.folder / LOCK, alone=True)
        except InUse:
            raise refuse(
                "run-in-use",
                f"another process is working with the run {kept.card.id}",
                hint="wait until it has ended, or stop it",
            ) from None
        away = self.path / f".removed-{kept.card.id}"
        try:
            # Renamed first: a removal that is cut short leaves no half of a run behind.
            shutil.rmtree(away, ignore_errors=True)
            kept.folder.rename(away)
            shutil.rmtree(away)
        except OSError as error:
            raise refuse(
                "store-unwritable", f"the run {kept.card.id} cannot be removed: {error.strerror}"
            ) from None
        finally:
            lock.release()
        return kept

    def _kept(self) -> Iterator[Kept]:
        for folder in sorted(self.path.iterdir()) if self.path.is_dir() else ():
            if folder.name.startswith(".") or not folder.is_dir() or not (folder / CARD).exists():
                continue
            files = [p for p in folder.iterdir() if p.suffix == SUFFIX]
            used = datetime.datetime.fromtimestamp((folder / CARD).stat().st_mtime, datetime.UTC)
            card = read_card(folder) or RunCard(folder.name, "(its description cannot be read)", "", 0, 0)
            yield Kept(
                card,
                folder,
                len(files),
                sum(p.stat().st_size for p in files),
                used.isoformat(timespec="seconds"),
            )


def open_store(path: Path, *, must_write: bool = False) -> Store:
    """Open a store, made new where there is none.

    Args:
        path: the folder.
        must_write: refuse a folder that can only be read.

    Raises:
        Refusal: `store-newer`, `store-unwritable`.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error.strerror or "it cannot be made") from None
    marker = path / MARKER
    writable = is_writable(path)
    if must_write and not writable:
        raise _unwritable(path, "it can only be read")
    version = _format(marker)
    if version > FORMAT:
        raise refuse(
            "store-newer",
            f"the runs in {path} were written in format {version} by a newer version; this one reads format {FORMAT}",
            hint="update goodoffices, or give another folder with `--store`, or go without: `--no-store`",
        )
    if version < FORMAT and writable:
        try:
            write_whole(marker, f'{{"format": {FORMAT}}}\n'.encode())
        except OSError as error:
            if must_write:
                raise _unwritable(path, error.strerror or "it cannot be written to") from None
            writable = False
    return Store(path, writable)


def _format(marker: Path) -> int:
    """The store's format, zero where that is not known (a new store, or a marker that was damaged)."""
    try:
        return int(json.loads(marker.read_text("utf-8"))["format"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _unwritable(path: Path, why: str) -> Exception:
    return refuse(
        "store-unwritable",
        f"runs cannot be kept in {path}: {why}",
        hint="give another folder with `--store`, or go without: `--no-store`",
    )
