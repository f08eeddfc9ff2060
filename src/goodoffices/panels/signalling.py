"""The crisis-signalling model over a panel: three estimators of the same coefficients.

Receives a `Signalling`; returns its indices, its data and its `Kernel`. Under `mle` every episode is at an equilibrium, found
before compiled code and differentiated implicitly; under `pl` and `npl` first-stage probabilities stand in for it.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import log_ndtr
from numpy.typing import NDArray

from goodoffices.core.diagnostics import refuse
from goodoffices.panels.assembling import nonnegative, refuse_other_outcomes
from goodoffices.panels.crisis import Utilities, log_outcomes, log_resist, sender, threshold
from goodoffices.panels.equilibria import follow
from goodoffices.panels.kernel import Data, Kernel
from goodoffices.panels.specification import SIGNALLING_OUTCOMES, Signalling, Utility
from goodoffices.panels.table import Table
from goodoffices.panels.terms import rows

Floats = NDArray[np.float64]

UTILITIES = (
    "sender(status_quo)",
    "sender(concession)",
    "sender(war)",
    "sender(back_down)",
    "target(concession)",
    "target(war)",
    "target(back_down)",
)
SHRINK = 4.0
"""Episodes' worth of pooled shares in a first stage that is made from counts."""


def utilities_of_signalling(model: Signalling) -> dict[str, Utility]:
    """Every index of the model by name.

    Raises:
        Refusal: a utility that the game does not have.
    """
    given = {f"{p}({o})": u for p, of in model.utilities.items() for o, u in of.items()}
    if lost := [name for name in given if name not in UTILITIES]:
        raise refuse(
            "unknown-outcome",
            f"`{lost[0]}` is no utility of the game",
            hint=f"there are {', '.join(UTILITIES)}",
        )
    return {name: given.get(name, 0.0) for name in UTILITIES}


def signalling_data(model: Signalling, table: Table) -> tuple[dict[str, Any], dict[str, float]]:
    """Counts [r, 4] and first-stage probabilities [r], and totals by outcome.

    Raises:
        Refusal: counts or probabilities that are none, with the rows.
    """
    refuse_other_outcomes(model.counts, SIGNALLING_OUTCOMES)
    counts = nonnegative(model.counts, SIGNALLING_OUTCOMES, table)
    totals: dict[str, float] = dict(zip(SIGNALLING_OUTCOMES, counts.sum(axis=0).tolist(), strict=True))
    challenged, resisted = counts[:, 1:].sum(axis=1), counts[:, 2:].sum(axis=1)
    made = {
        "resist": _shrunk(resisted, challenged),
        "fight": _shrunk(counts[:, 2], resisted),
    }
    if lost := [name for name in model.first_stage if name not in made]:
        raise refuse("unknown-key", f"`first_stage` has `{lost[0]}`", hint="it takes `resist` and `fight`")
    for name, column in model.first_stage.items():
        given = table.number(column)
        if (bad := (given <= 0) | (given >= 1)).any():
            raise refuse(
                "not-a-probability",
                f"column `{column}` is not strictly between 0 and 1 in {rows(table, bad)}",
            )
        made[name] = given
    return {"counts": counts, **made}, totals


def _shrunk(part: Floats, whole: Floats) -> Floats:
    pooled = part.sum() / max(whole.sum(), 1.0)
    return (part + SHRINK * pooled) / (whole + SHRINK)


def signalling_kernel(model: Signalling) -> Kernel:
    """The log-likelihood, or the pseudo-log-likelihood, of an episode."""
    return _AT_EQUILIBRIUM if model.estimator == "mle" else GIVEN_FIRST_STAGE


def at_equilibrium(eta: Floats, data: Data) -> Data:
    """The data with the equilibrium `z` of every episode that is near `data["z"]`, or near the first stage."""
    return {**data, "z": follow(eta, data["z"] if "z" in data else as_threshold(data["resist"]))}


def as_threshold(resist: Floats) -> Floats:
    """[r] thresholds of given probabilities of resisting, within what can be told from 0 and 1."""
    from scipy.special import ndtri

    return np.clip(ndtri(resist), -8.0, 8.0)


def _at_root(eta: Any, z: Any, data: Any) -> tuple[Any, Any]:
    u = Utilities(*eta)
    of = sender(u, *log_resist(z))
    return (data["counts"] * log_outcomes(of, z)).sum(), z - threshold(u, of.fight)


def _row_at_root(eta: Any, data: Any) -> Any:
    return _at_root(eta, data["z"], data)[0]


def row_given_first_stage(eta: Any, data: Any) -> Any:
    u = Utilities(*eta)
    logs = log_outcomes(
        sender(u, jnp.log(data["resist"]), jnp.log1p(-data["resist"])), threshold(u, data["fight"])
    )
    return (data["counts"] * logs).sum()


_AT_EQUILIBRIUM = Kernel(UTILITIES, _row_at_root, at_root=_at_root, prepare=at_equilibrium, traceable=False)
GIVEN_FIRST_STAGE = Kernel(UTILITIES, row_given_first_stage)


def implied_probabilities(eta: Any, resist: Any, fight: Any) -> tuple[Any, Any]:
    """The probabilities of resisting and of fighting that best responses to given ones imply; one episode."""
    u = Utilities(*eta)
    return (
        jnp.exp(log_ndtr(threshold(u, fight))),
        sender(u, jnp.log(resist), jnp.log1p(-resist)).fight,
    )
