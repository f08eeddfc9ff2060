"""Tipping maps as sentences: where the claim flips, how exactly that is known, and how many points that took."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goodoffices.claims.wording import figure

if TYPE_CHECKING:
    from goodoffices.analyses.tipping_maps import TippingMap

MOST_FLIPS = 3


def map_sentence(found: TippingMap) -> str:
    """One or two sentences about a map of one or two parameters."""
    solved, inferred, unsolved = found.counts
    total = solved + inferred + unsolved
    parts = [f"{solved} of {total} points were solved"]
    if inferred:
        parts.append(f"{inferred} inferred from solved points around them that agree")
    if unsolved:
        parts.append(f"{unsolved} could not be solved")
    counted = ", ".join(parts)
    names = " and ".join(f"`{axis.parameter}`" for axis in found.axes)
    if not found.crossings:
        known = found.holds[found.status != 2]
        always = "holds" if known.all() else "fails"
        if not known.size:
            return f"Nothing is known of `{found.claim}` over {names}: {counted}."
        return f"`{found.claim}` {always} at every point of this range of {names}: {counted}, none of which flips it."
    text = _one(found) if len(found.axes) == 1 else _two(found)
    return f"{text} ({counted}; the other parameters at {_others(found)}.)"


def _others(found: TippingMap) -> str:
    return "their prior medians or the values given"


def exact(value: float, within: float) -> str:
    """A number with as many digits as its error leaves: `0.618 ± 0.002`."""
    if not within > 0:
        return figure(value)
    digits = max(
        0, int(np.ceil(-np.log10(within))) + (1 if within / 10 ** np.floor(np.log10(within)) < 2 else 0)
    )
    return f"{value:.{digits}f} ± {within:.{max(digits, 0)}f}"


def _one(found: TippingMap) -> str:
    axis = found.axes[0]
    flips = sorted(found.crossings, key=lambda c: abs(c.at[0] - axis.median))
    first = flips[0]
    side = "above" if first.holds_above else "below"
    unit = f" {axis.unit}" if axis.unit else ""
    text = (
        f"`{found.claim}` flips where `{axis.parameter}` is {exact(first.at[0], first.within)}{unit}: it holds {side}; "
        f"the prior median is {figure(axis.median)}."
    )
    if len(flips) > 1:
        others = ", ".join(exact(c.at[0], c.within) for c in flips[1 : MOST_FLIPS + 1])
        text += f" It flips again at {others}{' and elsewhere' if len(flips) > MOST_FLIPS + 1 else ''}."
    return text


def _two(found: TippingMap) -> str:
    known = found.status != 2
    share = float(found.holds[known].mean())
    x, y = found.axes
    text = (
        f"`{found.claim}` holds on {share:.0%} of this range of `{x.parameter}` and `{y.parameter}` "
        "(a share of the picture's area, not of the prior)"
    )
    if found.at_median is not None:
        text += f"; at their prior medians it {'holds' if found.at_median else 'fails'}"
    worst = max(c.within / np.ptp(found.axes[c.axis].values) for c in found.crossings)
    return f"{text}. Its boundary was located in {len(found.crossings)} places to {worst:.2%} of the axis."
