"""The ultimatum game with private reservation values: the log-likelihood of an offer and of its acceptance.

Receives an `Ultimatum`; returns a `Kernel` with the indices `proposer`, `responder` and the logarithms of both scales. The
data of a row are `offer`, `accepted` and the `prize`. Everything is in logarithms, so that no offer is too unlikely.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import jax.numpy as jnp
from jax import nn

from goodoffices.core.diagnostics import refuse
from goodoffices.panels.kernel import Kernel
from goodoffices.panels.specification import Ultimatum, Utility

PLAYERS = ("proposer", "responder")


def utilities_of_ultimatum(model: Ultimatum) -> dict[str, Utility]:
    """Every index of the model by name.

    Raises:
        Refusal: `unknown-player` where a scale is of neither player.
    """
    if lost := [p for p in model.log_scale if p not in PLAYERS]:
        raise refuse("unknown-player", f"`log_scale` names `{lost[0]}`", hint="players: proposer, responder")
    scales = {f"log_scale({p})": model.log_scale.get(p, 0.0) for p in PLAYERS}
    return {"proposer": model.proposer, "responder": model.responder, **scales}


def ultimatum_kernel(model: Ultimatum) -> Kernel:
    """The log-likelihood of an episode.

    The proposer weighs its gain against the chance of acceptance; its best offer is an increasing function of its shock,
    so the offer's distribution function is that of the shock (logistic) at the inverse.
    """
    return _make(model.floor, model.accept is not None)


@cache
def _make(least: float, both: bool) -> Kernel:
    floor = math.log(least) if least > 0 else -math.inf

    def row(eta: Any, data: Any) -> Any:
        first, second, s1, s2 = eta[0], eta[1], jnp.exp(eta[2]), jnp.exp(eta[3])
        offer, prize = data["offer"], data["prize"]
        ease = (offer - second) / s2
        at = (offer + first + s2 * (1.0 + jnp.exp(ease)) - prize) / s1
        below, above = nn.log_sigmoid(at), nn.log_sigmoid(-at)
        inside = below + above + nn.softplus(ease) - eta[2]
        log_offer = jnp.where(offer <= 0, below, jnp.where(offer >= prize, above, inside))
        total = jnp.maximum(log_offer, floor)
        if both:
            log_answer = jnp.where(data["accepted"] > 0, nn.log_sigmoid(ease), nn.log_sigmoid(-ease))
            total += jnp.maximum(log_answer, floor)
        return total

    return Kernel(("proposer", "responder", "log_scale(proposer)", "log_scale(responder)"), row)
