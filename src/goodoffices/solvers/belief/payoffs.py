"""Payoffs of actions, averaged over what the parties do not know, on a grid of beliefs.

Receives a game with its numbers (every array with a draw axis); returns tables whose grid axes have length one wherever
nothing depends on them, so that payoffs which depend on the own type only cost nothing a cell.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from goodoffices.games.recursive import Floats, RecursiveData, RecursiveGame
from goodoffices.solvers.belief.grid import BeliefGrid


def with_draws(game: RecursiveGame, data: RecursiveData) -> RecursiveData:
    """The same numbers with an axis of draws everywhere, all of one length."""
    arrays = [data.payoff, data.odds, data.end, data.rationality, data.discount, *data.prior]
    plain = [3, 1, 3, 1, 0, *[1] * len(data.prior)]
    arrays = [np.asarray(a, dtype=np.float64) for a in arrays]
    sized = [a.shape[-1] for a, n in zip(arrays, plain, strict=True) if a.ndim > n]
    draws = max(sized, default=1)
    out = [
        np.broadcast_to(a if a.ndim > n else a[..., None], (*a.shape[:n], draws))
        for a, n in zip(arrays, plain, strict=True)
    ]
    edges, places = len(game.edge_to), len(game.place_slot)
    parties, profiles = len(game.players), game.profiles
    wanted = [(edges, profiles, parties), (edges,), (places, profiles, parties), (parties,), ()]
    wanted += [(k,) for k in game.types]
    if [a.shape[:-1] for a in out] != wanted:
        raise ValueError("the numbers do not fit the game's structure")
    return RecursiveData(out[0], out[1], out[2], tuple(out[5:]), out[3], out[4])


def finite(data: RecursiveData) -> np.ndarray:
    """[b] whether all numbers of a draw are finite, and odds, priors, rationality and discount not negative."""
    draws = data.discount.shape[-1]
    good = np.ones(draws, dtype=bool)
    for array in (data.payoff, data.odds, data.end, data.rationality, data.discount, *data.prior):
        good &= np.isfinite(array).reshape(-1, draws).all(0)
    for array in (data.odds, data.rationality, data.discount, *data.prior):
        good &= ~(array < 0).reshape(-1, draws).any(0)
    return good


def take(data: RecursiveData, index: np.ndarray) -> RecursiveData:
    """The numbers of some draws."""
    return RecursiveData(
        data.payoff[..., index],
        data.odds[..., index],
        data.end[..., index],
        tuple(p[..., index] for p in data.prior),
        data.rationality[..., index],
        data.discount[..., index],
    )


def of_actions(game: RecursiveGame, data: RecursiveData) -> Floats:
    """[a, k, p, b] payoff of each action, averaged over its edges."""
    # An edge without any chance counts for nothing, whatever is paid on it.
    worth = np.where(data.odds[:, None, None] > 0, data.odds[:, None, None] * data.payoff, 0.0)
    worth = np.where(np.isnan(data.odds)[:, None, None], np.nan, worth)
    begin = np.searchsorted(game.edge_action, np.arange(len(game.action_place)))
    out: Floats = np.add.reduceat(worth, begin, axis=0)  # every action has an edge
    return out


def expect(game: RecursiveGame, grid: BeliefGrid, payoff: Floats, known: Mapping[int, int]) -> Floats:
    """Average payoffs [..., k, b] over the beliefs about all parties but those whose types are known: [..., g..., b]."""
    lead = payoff.shape[:-2]
    order = np.lexsort(game.profile_types[::-1])
    tensor = payoff[..., order, :].reshape(*lead, *game.types, payoff.shape[-1])
    n = len(lead)
    tensor = tensor.reshape(*tensor.shape[:-1], *(1,) * len(grid.shape), tensor.shape[-1])
    for party in reversed(range(len(game.types))):
        at = n + party
        if party in known:
            tensor = np.take(tensor, known[party], axis=at)
            continue
        first = np.take(tensor, [0], axis=at)
        same = (tensor == first) | (np.isnan(tensor) & np.isnan(first))
        if same.all():
            tensor = np.take(tensor, 0, axis=at)
            continue
        belief = np.exp(_beliefs_on_axes(grid, party))
        tensor = (tensor * belief[..., None]).sum(at)
    return tensor


def _beliefs_on_axes(grid: BeliefGrid, party: int) -> Floats:
    """[type, g...] logarithm of the belief about one party; axes of other parties have length one."""
    from goodoffices.solvers.belief.grid import log_belief

    own = grid.axes(party)
    shape = [len(x) if a in own else 1 for a, x in enumerate(grid.nodes)]
    mesh = np.meshgrid(*(grid.nodes[a] for a in own), indexing="ij")
    return log_belief(np.stack([x.reshape(shape) for x in mesh]))
