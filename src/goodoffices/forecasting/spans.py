"""Spans of the calendar in forecasts: `12 weeks` in days, and questions that are limited by them.

Receives text; returns days, or the question with the day by which it is decided. Lengths are those of `time.round` in a
scenario. Refuses what is no span.
"""

from __future__ import annotations

import datetime
import re

from goodoffices.core.diagnostics import refuse
from goodoffices.language.times import DAYS

_SPAN = rf"(?P<count>[0-9]{{1,5}})\s*(?P<word>{'|'.join(DAYS)})s?"
_WHOLE = re.compile(rf"\s*{_SPAN}\s*")
_WITHIN = re.compile(rf"\bwithin\s+{_SPAN}\b")
_BEFORE = re.compile(r"\bbefore\s+(\d{4}-\d{2}-\d{2})\b")


def span_days(text: str) -> int:
    """Days of a span such as `12 weeks`, rounded.

    Raises:
        Refusal: `not-a-span`.
    """
    found = _WHOLE.fullmatch(text)
    if not found or int(found["count"]) < 1:
        raise refuse("not-a-span", f"`{text}` is no span of time", hint="such as `12 weeks`")
    return _days(found)


def with_dates(text: str, day: datetime.date) -> str:
    """The question with `within 12 weeks` (from the day on) and `before DATE` as `by DATE`, which the language has.

    `by` a day counts the rounds that have ended when that day has ended.

    Raises:
        Refusal: `bad-date`.
    """
    try:
        text = _WITHIN.sub(lambda m: f"by {day + datetime.timedelta(_days(m))}", text)
        return _BEFORE.sub(lambda m: f"by {datetime.date.fromisoformat(m[1]) - datetime.timedelta(1)}", text)
    except (ValueError, OverflowError):
        raise refuse("bad-date", f"`{text}` names a day that is not in the calendar") from None


def _days(found: re.Match[str]) -> int:
    return max(1, round(int(found["count"]) * DAYS[found["word"]]))
