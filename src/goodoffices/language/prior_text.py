"""Text of a prior -> a `Prior`, its arguments checked against the distribution's domain.

Receives `beta(2, 6)`, `0.3`, `0.2 to 0.6` or `normal(-1 to 2)` and the parameter's unit; returns a `Prior`. Refuses unknown
distributions, wrong numbers of arguments, arguments outside the domain, and intervals that are upside down.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace

from goodoffices.core.diagnostics import Refusal, Span, refuse
from goodoffices.language import reach, resolve, syntax
from goodoffices.language.names import suggestion
from goodoffices.language.priors import PRIORS, from_interval
from goodoffices.language.scenario import Prior
from goodoffices.language.syntax import Places, Syntax

_TO = re.compile(r"(?<=[\s)\d])to(?=[\s(+-])")
_FAMILY = re.compile(r"\s*(normal|lognormal|beta)\s*\((.*)\)\s*", re.DOTALL)
SHARES = ("probability", "share")
"""Units whose short form is a beta distribution where the interval lies inside (0, 1)."""


def read_prior(text: str, places: Places, *, unit: str | None = None) -> Prior:
    """Read a prior.

    Raises:
        Refusal: with the places of everything that is wrong in it.
    """
    written = " ".join(text.split())
    whole = places(0, max(len(text), 1))
    family = _FAMILY.fullmatch(text)
    if _TO.search(text):
        offset = family.start(2) if family else 0
        inside = family[2] if family else text
        return _interval(inside, offset, places, whole, family[1] if family else None, unit, written)
    node = _parse(text, places)
    if node.form != "call":
        value = _number(node)
        return Prior("fixed", (value,), written)
    distribution = PRIORS.get(node.text)
    if distribution is None:
        raise refuse(
            "unknown-prior",
            f"no distribution is called `{node.text}`",
            span=node.name_span,
            hint=suggestion(node.text, PRIORS) or f"there are {', '.join(PRIORS)}, and `0.2 to 0.6`",
        )
    count = len(node.parts)
    if (
        count < distribution.least
        or (distribution.most is not None and count > distribution.most)
        or node.conditions
    ):
        raise refuse(
            "wrong-arguments",
            f"`{distribution.signature}` was given {count} argument{'' if count == 1 else 's'}",
            span=node.span,
            hint=f"for instance `{distribution.example}`",
        )
    arguments = tuple(_number(part) for part in node.parts)
    fault = distribution.fault(arguments)
    if fault:
        raise refuse(
            "prior-outside-domain",
            f"`{written}` is not a distribution: {fault}",
            span=node.span,
            hint=distribution.doc,
        )
    return Prior(node.text, arguments, written)


def _parse(text: str, places: Places) -> Syntax:
    """Parse, with a hint that says what a prior looks like."""
    try:
        return syntax.parse(text, places)
    except Refusal as refusal:
        name = re.match(r"\s*(\w+)\s*\(", text)
        known = PRIORS.get(name[1]) if name else None
        example = known.example if known else "beta(2, 6)"
        hint = f"a prior is a distribution such as `{example}`, an interval such as `0.2 to 0.6`, or a number"
        raise Refusal(replace(d, hint=hint) for d in refusal.diagnostics) from None


def _number(node: Syntax) -> float:
    """Value of a constant expression such as `log(2)`."""
    scope = resolve.Scope()
    value = reach.constant(resolve.expression(node, scope), {})
    if value is None or isinstance(value, bool) or not math.isfinite(value):
        raise refuse(
            "prior-not-constant",
            "a prior is made of numbers",
            span=node.span,
            hint="priors may not mention other parameters; name a combination under `let:`",
        )
    return float(value)


def _interval(
    text: str, offset: int, places: Places, whole: Span, family: str | None, unit: str | None, written: str
) -> Prior:
    match = _TO.search(text)
    assert match is not None  # the caller saw it
    ends: list[float] = []
    for start, end in ((0, match.start()), (match.end(), len(text))):
        piece = text[start:end]
        base = offset + start
        ends.append(_number(syntax.parse(piece, lambda a, b, base=base: places(base + a, base + b))))
    low, high = ends
    if not low < high:
        raise refuse(
            "prior-outside-domain",
            f"the interval runs from {low:g} down to {high:g}",
            span=whole,
            hint="least first",
        )
    if family is None:
        inside = low > 0 and high < 1
        family = "beta" if inside and unit in SHARES else "lognormal" if low > 0 else "normal"
    if family == "lognormal" and low <= 0:
        raise refuse(
            "prior-outside-domain",
            "a lognormal interval must be positive",
            span=whole,
            hint="use `normal(...)`",
        )
    if family == "beta" and not (low > 0 and high < 1):
        raise refuse("prior-outside-domain", "a beta interval must lie between 0 and 1", span=whole)
    try:
        return Prior(family, from_interval(low, high, family=family), written)
    except ValueError as error:
        raise refuse(
            "prior-outside-domain", str(error), span=whole, hint="give its arguments: `beta(2, 6)`"
        ) from None
