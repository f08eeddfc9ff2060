"""The calendar of a scenario file: how long a round is, when the first begins, how many there are, and the discount.

Receives the `time` node and the reader; returns `Time`. Problems are recorded in the reader, and what could not be read
is left at its default.
"""

from __future__ import annotations

import datetime
import re

from goodoffices.language import tree
from goodoffices.language.reader import Reader
from goodoffices.language.scenario import Time
from goodoffices.language.yaml_text import Node
from goodoffices.language.yaml_text import Text as Scalar

DAYS = {
    "day": 1.0,
    "week": 7.0,
    "fortnight": 14.0,
    "month": 365.25 / 12,
    "quarter": 365.25 / 4,
    "year": 365.25,
}
"""Calendar words for lengths of time, in days."""
LONGEST_ROUND = 36_525
"""Days: a century."""
_LENGTH = re.compile(r"(?:(\d+(?:\.\d+)?)\s+)?(day|week|fortnight|month|quarter|year)s?")


def read_time(reader: Reader, node: Node | None) -> Time:
    """Length and number of rounds, their first day, and the discount per round."""
    fields = reader.fields(node, "time", what="`time`")
    days = 7.0
    if "round" in fields:
        match = _LENGTH.fullmatch(reader.text(fields["round"], "`round`"))
        length = float(match[1] or 1) * DAYS[match[2]] if match else 0.0
        if 0 < length <= LONGEST_ROUND:
            days = length
        else:
            reader.report(
                "bad-length",
                "`round` is a length of time, up to a century",
                fields["round"].span,
                f"such as `1 week`; known are {', '.join(DAYS)}",
            )
    start: datetime.date | None = None
    if "from" in fields:
        try:
            start = datetime.date.fromisoformat(reader.text(fields["from"], "`from`"))
        except ValueError:
            reader.report("bad-date", "`from` must be a day", fields["from"].span, "as in `2025-01-20`")
    rounds: int | None = 1
    if "rounds" in fields:
        text = reader.text(fields["rounds"], "`rounds`")
        if text == "open-ended":
            rounds = None
        elif text.isdecimal() and 1 <= int(text[:7]) <= 100_000:
            rounds = int(text[:7])
        else:
            reader.report(
                "bad-rounds", "`rounds` is a whole number from 1, or `open-ended`", fields["rounds"].span
            )
    return Time(days, start, rounds, _discount(reader, fields.get("discount"), days))


def _discount(reader: Reader, node: Node | None, round_days: float) -> tree.Expression:
    """Discount per round; `0.97 per week` is taken to the power of the weeks in a round."""
    if node is None:
        return tree.Number(1.0)
    if isinstance(node, Scalar):
        match = re.search(r"\s+per\s+(day|week|fortnight|month|quarter|year|round)\s*$", node.value)
        if match:
            cut = Scalar(node.value[: match.start()], node.span, node.plain, node.places)
            base = reader.expression(cut, "`discount`")
            power = 1.0 if match[1] == "round" else round_days / DAYS[match[1]]
            return base if power == 1.0 else tree.Binary("**", base, tree.Number(power), node.span)
    return reader.expression(node, "`discount`")
