"""Events written by hand in YAML: a list of mappings, or a mapping whose `events` is such a list.

Receives a path; returns events. Refuses what is not such a list, with the number of each entry that is wrong.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any, cast

from goodoffices.core.diagnostics import Diagnostic, Refusal, refuse
from goodoffices.core.reading import read_at_most
from goodoffices.records.event import Event

MOST_BYTES = 20_000_000
KEYS = ("id", "date", "actor", "target", "type", "lever", "code", "description", "sources", "confidence")
"""What an entry may say; `id`, `date` and `actor` it must."""


def read_yaml(path: Path) -> list[Event]:
    """The events in the order of the file.

    Raises:
        Refusal: `unreadable-record`, `bad-event`.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        content = read_at_most(path, MOST_BYTES)
        if content is None:
            raise refuse(
                "unreadable-record", f"`{path}` has more than {MOST_BYTES:,} bytes; use CSV or Parquet"
            )
        reader: Any = YAML(typ="safe", pure=True)
        found: Any = reader.load(content.decode("utf-8-sig"))
    except (OSError, ValueError, YAMLError) as error:
        reason = " ".join(str(error).split())[:200]
        raise refuse("unreadable-record", f"`{path}` cannot be read: {reason}") from None
    entries: Any = cast(dict[str, Any], found).get("events") if isinstance(found, dict) else found
    if not isinstance(entries, list):
        raise refuse(
            "unreadable-record",
            f"`{path}` holds no list of events",
            hint="write `- {id: E1, date: 2025-04-18, actor: US, target: RUS, type: THREATEN}`",
        )
    events: list[Event] = []
    problems: list[Diagnostic] = []
    for number, entry in enumerate(cast(list[Any], entries), start=1):
        made = _event(entry, path.name)
        if isinstance(made, str):
            problems.append(Diagnostic("bad-event", f"event {number} of `{path.name}` {made}"))
        else:
            events.append(made)
    if problems:
        raise Refusal(problems)
    return events


def _event(entry: Any, origin: str) -> Event | str:
    """An event, or what is wrong with the entry."""
    if not isinstance(entry, dict):
        return "is not a mapping of keys and values"
    given = {str(key): value for key, value in cast(dict[Any, Any], entry).items() if value is not None}
    unknown = [key for key in given if key not in KEYS]
    if unknown:
        return f"has an unknown key `{unknown[0]}`; there are {', '.join(f'`{k}`' for k in KEYS)}"
    missing = [key for key in ("id", "date", "actor") if not str(given.get(key, "")).strip()]
    if missing:
        return f"needs `{missing[0]}`"
    day = given["date"]
    if isinstance(day, datetime.datetime):
        day = day.date()
    if not isinstance(day, datetime.date):
        try:
            day = datetime.date.fromisoformat(str(day).strip())
        except ValueError:
            return f"has a date that cannot be read: `{day}`"
    sources: Any = given.get("sources", ())
    listed = cast(list[Any], sources) if isinstance(sources, list) else [sources] if sources else []
    # Lists and mappings may share parts a billion times over, so that their text would have no end.
    nested = [key for key, value in given.items() if key != "sources" and isinstance(value, dict | list)]
    if nested or any(isinstance(source, dict | list) for source in listed):
        return f"needs plain text in `{(nested or ['sources'])[0]}`"
    texts = {key: " ".join(str(given[key]).split()) for key in KEYS if key in given}
    for key in ("date", "sources"):
        texts.pop(key, None)
    return Event(date=day, sources=tuple(str(s) for s in listed), origin=origin, **texts)
