"""Synthetic panels: outcomes drawn from a model at known coefficients, for checking estimators and for planning studies.

Receives a panel, a table of covariates and coefficients; returns the table with the outcome columns filled in. Columns that the
panel reads its outcomes from are overwritten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from goodoffices.core.diagnostics import refuse
from goodoffices.panels.design import Design, known_names, make_design
from goodoffices.panels.specification import SIGNALLING_OUTCOMES, Panel, Signalling, Tree, Ultimatum
from goodoffices.panels.table import Table, read_table

Floats = NDArray[np.float64]


def simulate(
    panel: Panel, data: Any, coefficients: Mapping[str, float], *, seed: int, episodes: int = 1
) -> Table:
    """Draw the outcomes of every row.

    Args:
        panel: the game; trees, ultimatum games and signalling games can be drawn.
        data: covariates, one row an episode.
        coefficients: name -> value of every coefficient.
        seed: of the draws.
        episodes: how often each row is played, where the panel reads counts.

    Raises:
        Refusal: `unknown-coefficient`, or `cannot-simulate` for games that cannot be drawn here.
    """
    table = read_table(data)
    random = np.random.default_rng(seed)
    model = panel.model
    if isinstance(model, Tree):
        return _tree(model, table, coefficients, random, episodes)
    if isinstance(model, Signalling):
        return _signalling(model, table, coefficients, random, episodes)
    if isinstance(model, Ultimatum):
        return _ultimatum(model, table, coefficients, random)
    raise refuse("cannot-simulate", "simultaneous games cannot be drawn here")


def _indices(utilities: Any, table: Table, coefficients: Mapping[str, float]) -> Floats:
    design: Design = make_design(utilities, table)
    known_names(design.names, coefficients, "coefficients")
    return design.eta(np.array([coefficients.get(n, 0.0) for n in design.names]))


def _tree(model: Tree, table: Table, coefficients: Mapping[str, float], random: Any, episodes: int) -> Table:
    from goodoffices.panels.tree import log_probabilities, outcomes_of, utilities_of

    eta = _indices(utilities_of(model), table, coefficients)
    outcomes = outcomes_of(model)
    p = np.exp(np.asarray(jax.vmap(log_probabilities(model))(eta)))
    if isinstance(model.outcome, str):
        drawn = np.array(outcomes, dtype=np.str_)[_draw(p, random)]
        return _with(table, {model.outcome: drawn})
    if not model.counts:
        raise refuse("cannot-simulate", "outcomes are drawn into one column of labels, or into counts")
    counts = random.multinomial(episodes, p / p.sum(axis=1, keepdims=True)).astype(np.float64)
    return _with(table, {str(model.outcome[o]): counts[:, k] for k, o in enumerate(outcomes)})


def _draw(p: Floats, random: Any) -> NDArray[np.intp]:
    return (random.random(len(p))[:, None] > np.cumsum(p, axis=1)[:, :-1]).sum(axis=1)


def _signalling(
    model: Signalling, table: Table, coefficients: Mapping[str, float], random: Any, episodes: int
) -> Table:
    from goodoffices.panels.crisis import Utilities, log_outcomes, log_resist, sender
    from goodoffices.panels.equilibria import find_all
    from goodoffices.panels.signalling import utilities_of_signalling

    eta = _indices(utilities_of_signalling(model), table, coefficients)
    z = find_all(eta).z[:, 0]

    def one(eta: Any, z: Any) -> Any:
        return log_outcomes(sender(Utilities(*eta), *log_resist(z)), z)

    p = np.exp(np.asarray(jax.jit(jax.vmap(one))(eta, z)))
    counts = random.multinomial(episodes, p / p.sum(axis=1, keepdims=True)).astype(np.float64)
    return _with(table, {model.counts[o]: counts[:, k] for k, o in enumerate(SIGNALLING_OUTCOMES)})


def _ultimatum(model: Ultimatum, table: Table, coefficients: Mapping[str, float], random: Any) -> Table:
    from goodoffices.panels.ultimatum import utilities_of_ultimatum

    first, second, log_s1, log_s2 = _indices(utilities_of_ultimatum(model), table, coefficients).T
    s1, s2 = np.exp(log_s1), np.exp(log_s2)
    mine = first + s1 * random.logistic(size=table.n)
    # The best offer y solves prize - y - mine = s2 (1 + exp((y - second) / s2)), whose left side falls and right side rises.
    low, high = np.zeros(table.n), np.full(table.n, float(model.prize))
    for _ in range(60):
        middle = (low + high) / 2
        more = model.prize - middle - mine > s2 * (1 + np.exp((middle - second) / s2))
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    offer = np.where(high <= 1e-12, 0.0, np.where(low >= model.prize - 1e-12, model.prize, (low + high) / 2))
    accepted = (offer > second + s2 * random.logistic(size=table.n)).astype(np.float64)
    return _with(table, {model.offer: offer, **({model.accept: accepted} if model.accept else {})})


def _with(table: Table, columns: Mapping[str, Any]) -> Table:
    return replace(table, columns={**table.columns, **columns})
