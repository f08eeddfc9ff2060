"""Numbers as a reader wants them: two significant digits, percentages that never round to certainty, powers of ten.

Receives floats (nan and infinities included); returns text. Minus signs are the typographic one (U+2212).
"""

from __future__ import annotations

import math

MINUS = "\N{MINUS SIGN}"
EN_DASH = "\N{EN DASH}"
UNKNOWN = "unknown"

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def plain(value: float | None, digits: int = 2) -> str:
    """Show a number to `digits` significant digits: `0.31`, `−12`, `4,800`, `3.1×10⁻⁹`."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "unbounded" if value > 0 else f"{MINUS}unbounded"
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    rounded = round(value, digits - 1 - size)
    size = math.floor(math.log10(abs(rounded)))
    if size < -3 or size > 6:
        return power(value, digits)
    decimals = max(0, digits - 1 - size)
    return f"{rounded:,.{decimals}f}".replace("-", MINUS)


def power(value: float | None, digits: int = 2) -> str:
    """Show a number as a power of ten: `3.1×10⁻⁹`; for residuals, whose size is all that matters."""
    if value is None or not math.isfinite(value):
        return "not finite"
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa.replace('-', MINUS)}×10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def percent(share: float | None, *, decimals: int = 0) -> str:
    """Show a share of one as a percentage; only exactly none and exactly all read 0% and 100%."""
    if share is None or math.isnan(share):
        return UNKNOWN
    least = 10.0**-decimals
    value = 100.0 * share
    if 0 < value < least / 2:
        return f"<{least:g}%"
    if 100 - least / 2 < value < 100:
        return f">{100 - least:g}%"
    return f"{value:.{decimals}f}%"


def between(low: float, high: float) -> str:
    """Show a range of shares: `41–80%`."""
    if math.isnan(low) or math.isnan(high):
        return UNKNOWN
    first, last = percent(low), percent(high)
    if first == last:
        return first
    if first[:1] in "<>" or last[:1] in "<>":
        return f"{first} to {last}"
    return f"{first[:-1]}{EN_DASH}{last}"


def interval(low: float, high: float) -> str:
    """Show a range of numbers: `0.3 to 4.8`."""
    return f"{plain(low)} to {plain(high)}"


def count(number: int) -> str:
    """Show a whole number with thousands separated."""
    return f"{number:,}"


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """`1 draw`, `512 draws`."""
    return f"{count(number)} {singular if number == 1 else plural or singular + 's'}"


def finite(value: float | None) -> float | None:
    """The number itself, or None (JSON null) where it is not finite."""
    return None if value is None or not math.isfinite(value) else float(value)
