"""Options that several commands share, and how their text is read.

Receives the text of an option; returns its value; refuses with `Misuse` (exit code 2).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from cyclopts import Parameter, Token

from goodoffices.cli.streams import Misuse


def whole(_type: Any, tokens: Sequence[Token]) -> int:
    """Read a whole number; `2.5` is none, and is not cut to 2."""
    text = tokens[0].value.strip()
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise ValueError(f"it takes a whole number, not {text!r}")
    return int(text)


Whole = Parameter(converter=whole)
Rounds = Annotated[
    str | None,
    Parameter(help="Number of rounds to play, or `open-ended`, instead of the scenario's own."),
]
Method = Annotated[
    Literal["auto", "tree", "belief"],
    Parameter(help="Unroll a tree, or go backward over rounds on a grid of beliefs; auto picks by size."),
]
Accuracy = Annotated[
    float | None,
    Parameter(
        help="Error, in utility, that looking beliefs up between the nodes of a grid may make at a turn."
    ),
]
Changes = Annotated[
    tuple[str, ...],
    Parameter(
        name="--set",
        negative=(),
        show_default=False,
        help="Fix a parameter at a value, as `name=number`; may be repeated.",
    ),
]


HIGHEST_RATIONALITY = 1e12
"""Beyond, products with utilities keep no digit of the differences that matter."""


def read_changes(texts: Iterable[str]) -> dict[str, float]:
    """Read `name=number` items; the last one of a name counts."""
    changes: dict[str, float] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise Misuse(f"--set takes name=number, not {text!r}")
        changes[name.strip()] = _number("--set", value.strip())
    return changes


def read_rationality(text: str) -> float:
    """Read a logit precision: a number from zero, or `inf`."""
    value = math.inf if text.strip().lower() in ("inf", "infinity") else _number("--rationality", text)
    if value < 0:
        raise Misuse(f"--rationality takes a number from 0, or inf, not {text!r}")
    if HIGHEST_RATIONALITY < value < math.inf:
        raise Misuse(f"--rationality takes a number up to {HIGHEST_RATIONALITY:g}, or inf, not {text!r}")
    return value


def read_rounds(text: str | None) -> int | Literal["open-ended"] | None:
    """Read a number of rounds, or `open-ended`."""
    if text is None:
        return None
    if text.strip().lower() == "open-ended":
        return "open-ended"
    if not re.fullmatch(r"[+-]?[0-9]{1,6}", text.strip()) or int(text) < 1:
        raise Misuse(f"--rounds takes a whole number from 1, or open-ended, not {text!r}")
    return int(text)


def read_accuracy(value: float | None) -> float | None:
    """Check an accuracy in utility."""
    if value is not None and not 0 < value < math.inf:
        raise Misuse(f"--accuracy takes a number above 0, not {value}")
    return value


def at_least(option: str, value: int | None, least: int) -> None:
    """Refuse a whole number that is too small to mean anything."""
    if value is not None and value < least:
        raise Misuse(f"{option} takes a whole number from {least}, not {value}")


def _number(option: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise Misuse(f"{option} takes a number, not {text!r}")
    return value
