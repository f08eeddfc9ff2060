"""Where a search begins: at zero coefficients, or where a model's own data say that something sensible lies.

Receives an assembled panel; returns a point [k]. What the panel says under `start` comes first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goodoffices.panels.assembling import Assembled
from goodoffices.panels.specification import Ultimatum


def beginning(known: Assembled) -> NDArray[np.float64]:
    """[k] the first point of a search."""
    found: dict[str, float] = {}
    if isinstance(known.panel.model, Ultimatum):
        found = _ultimatum(known, known.panel.model)
    found |= known.panel.start
    return np.array([found.get(name, 0.0) for name in known.design.names])


def _ultimatum(known: Assembled, model: Ultimatum) -> dict[str, float]:
    """Reservation values on either side of a typical offer, scales as wide as offers are.

    From a scale far too narrow all offers are impossible and no direction is uphill.
    """
    offer = np.asarray(known.likelihood.data["offer"])
    spread = max(float(offer.std()), 0.02 * model.prize)
    middle = float(np.median(offer))
    eta = known.design.offset
    free = set(known.design.names)
    wide = spread if "log_scale(responder).constant" in free else float(np.exp(eta[:, 3].mean()))
    return {
        "proposer.constant": model.prize - middle - 2.0 * wide,
        "responder.constant": middle - 0.5 * wide,
        "log_scale(proposer).constant": float(np.log(2.0 * spread)),
        "log_scale(responder).constant": float(np.log(0.5 * spread)),
    }
