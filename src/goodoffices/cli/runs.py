"""`goodoffices runs`: the solved draws that are kept from one study to the next; and the options of `study` about them."""

from __future__ import annotations

import json
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import cyclopts
from cyclopts import Parameter

from goodoffices.cli.cache import folder
from goodoffices.cli.settings import Whole
from goodoffices.cli.streams import Misuse, complain, output

StoreOption = Annotated[
    Path | None,
    Parameter(
        name="--store",
        show_default=False,
        help="Folder in which runs are kept, instead of the user's cache folder.",
    ),
]
NoStore = Annotated[bool, Parameter(name="--no-store", negative=(), help="Keep no run, and use none.")]
Resume = Annotated[
    bool, Parameter(negative=(), help="Go on with a run that was begun; refuse to begin another.")
]
EngineOption = Annotated[
    Literal["local", "ray"], Parameter(help="Solve in processes on this machine, or on a Ray cluster.")
]
Workers = Annotated[
    int | None, Whole, Parameter(help="How many processes solve at once; the number of cores if left out.")
]
Address = Annotated[
    str | None,
    Parameter(help="Of a Ray cluster: `auto` or `ray://HOST:PORT`; one is started here if left out."),
]
AsJson = Annotated[bool, Parameter(name="--json", negative=(), help="Print as JSON.")]
Id = Annotated[str, Parameter(help="Identifier of a run, or its first four digits or more.")]
OlderThan = Annotated[
    str | None,
    Parameter(help="Remove what nobody has used for so long: `30d`, `12h`, `2w`.", show_default=False),
]
KeepUnder = Annotated[
    str | None,
    Parameter(
        help="Remove what was used least recently until the rest takes no more: `2GB`, `500MB`.",
        show_default=False,
    ),
]
UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
SPANS = {"h": 1, "d": 24, "w": 7 * 24}
"""Hours."""

runs = cyclopts.App(name="runs", help="List, show and remove the runs that are kept.")


def default_store() -> Path | None:
    """The folder of runs in the user's cache, or None where there cannot be one."""
    try:
        place = folder() / "runs"
        place.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # RuntimeError: no home folder can be found
        return None
    return place if os.access(place, os.W_OK) else None


def choose_store(store: Path | None, *, no_store: bool, resume: bool) -> Path | None:
    """The folder that the options of `study` ask for."""
    if no_store:
        if store is not None or resume:
            raise Misuse("--no-store cannot be combined with --store or --resume")
        return None
    return store if store is not None else default_store()


def remark(sentence: str) -> None:
    """Show what was dealt with and need not be acted upon."""
    complain(f"note: {sentence}")


@runs.command(name="list")
def list_all(*, store: StoreOption = None, as_json: AsJson = False) -> None:
    """List the runs, the one that was used last first."""
    from goodoffices.workflow.runs import list_runs

    place = store or default_store()
    found = list_runs(place) if place is not None else []
    if as_json:
        _print_json([kept.data() for kept in found])
        return
    console = output()
    if not found:
        console.print(f"No runs in {place}.", markup=False, soft_wrap=True)
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for head in ("id", "scenario", "draws", "seed", "shards", "size", "last used"):
        table.add_column(head, justify="right" if head in ("draws", "seed", "shards", "size") else "left")
    for kept in found:
        card = kept.card
        used = kept.used[:16].replace("T", " ")
        row = (card.id, card.title, card.draws, card.seed, kept.shards, size(kept.bytes), used)
        table.add_row(*map(str, row))
    console.print(table)
    console.print(
        f"{len(found)} run{'' if len(found) == 1 else 's'}, {size(sum(k.bytes for k in found))}, in {place}",
        markup=False,
        soft_wrap=True,
    )


@runs.command
def show(run: Id, /, *, store: StoreOption = None, as_json: AsJson = False) -> None:
    """Show what a run was solved from, and where its files are."""
    from goodoffices.workflow.runs import show_run

    kept = show_run(_place(store), run)
    if as_json:
        _print_json(kept.data())
        return
    for name, value in kept.data().items():
        shown = size(kept.bytes) if name == "bytes" else value
        if name == "settings":
            shown = ", ".join(f"{key} {setting}" for key, setting in kept.card.settings.items())
        output().print(f"{name:<9} {shown}", markup=False, soft_wrap=True)


@runs.command
def remove(
    run: Annotated[Id | None, Parameter(show_default=False)] = None,
    /,
    *,
    older_than: OlderThan = None,
    keep_under: KeepUnder = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Remove a run, or those that were used least recently. What they held can be solved again.

    Runs that somebody works with stay.
    """
    from goodoffices.workflow.runs import evict_runs, remove_run

    age, most = read_age(older_than), read_size(keep_under)
    if (run is None) == (age is None and most is None):
        raise Misuse("runs remove takes a run, or --older-than or --keep-under")
    place = _place(store)
    if run is not None:
        kept = remove_run(place, run)
        if as_json:
            _print_json(kept.data())
            return
        output().print(f"Removed {kept.card.id}: {kept.shards} shards, {size(kept.bytes)}.", markup=False)
        return
    done = evict_runs(place, older_than=age, keep_under=most)
    for kept in done.in_use:
        remark(f"another process is working with the run {kept.card.id}; it stays")
    if as_json:
        names = {"removed": done.removed, "in_use": done.in_use}
        _print_json(
            {name: [kept.data() for kept in some] for name, some in names.items()} | {"left": done.left}
        )
        return
    for kept in done.removed:
        output().print(f"Removed {kept.card.id}: {kept.shards} shards, {size(kept.bytes)}.", markup=False)
    count = len(done.removed)
    output().print(
        f"{count} run{'' if count == 1 else 's'} removed, {size(done.left)} left in {place}",
        markup=False,
        soft_wrap=True,
    )


def size(count: int) -> str:
    """Bytes for people."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} B"


def read_size(text: str | None) -> int | None:
    """Bytes of `2GB` or `500 MB`."""
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) *([kKMGT]?B)", text.strip())
    if found is None:
        raise Misuse(f"--keep-under takes a size such as 2GB or 500MB, not {text!r}")
    return int(float(found[1]) * UNITS[found[2].replace("K", "k")])


def read_age(text: str | None) -> timedelta | None:
    """The time of `30d`, `12h` or `2w`."""
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,5}) *([hdw])", text.strip())
    if found is None:
        raise Misuse(f"--older-than takes a time such as 30d, 12h or 2w, not {text!r}")
    return timedelta(hours=int(found[1]) * SPANS[found[2]])


def _place(store: Path | None) -> Path:
    place = store or default_store()
    if place is None:
        raise Misuse("the user's cache folder cannot be used: give --store DIR")
    return place


def _print_json(data: object) -> None:
    output().print(json.dumps(data, ensure_ascii=False, indent=2), markup=False, soft_wrap=True)
