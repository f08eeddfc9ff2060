"""One turn of the recursive form computed from its definition: posteriors, what each move is worth, what it leads to.

Receives beliefs, strategies and the values that follow; returns what each type gets from each move. Written for evidence,
not for speed: any number of types and of movers at a time, sums over type profiles and joint moves as they stand. It
borrows nothing from a solver; its interpolation is the tensor product of cubic Hermite polynomials with monotone slopes
(Fritsch and Butland 1984).

Index letters: x whatever cells or samples there are (the draw b is always their last axis), k type or profile, v
component (party, own type).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np

from goodoffices.games.recursive import (
    Choices,
    Floats,
    Ints,
    RecursiveData,
    RecursiveGame,
    components,
    list_choices,
)

CERTAIN = 800.0
"""Log-odds that stand for certainty."""


@dataclass(frozen=True, eq=False)
class Turn:
    """What a turn comes to at x."""

    choice_worth: Floats
    """[choice, k, x] expected utility of each own move for each type of its mover."""
    value: Floats
    """[v, x] expected utility at the turn, before anything is chosen."""
    posterior: Floats
    """[choice, k, x] logarithm of the (unnormalised) belief in the mover's types after each move."""


@dataclass(frozen=True, eq=False)
class Interpolant:
    """Functions of belief given by their values on a grid: values [f, g..., b], nodes of each axis."""

    values: Floats
    nodes: tuple[Floats, ...]

    @cached_property
    def derivatives(self) -> dict[tuple[int, ...], Floats]:
        """Values and mixed slopes by the axes that slopes are taken along."""
        found = {(): self.values}
        for axis, node in enumerate(self.nodes):
            found |= {(*key, axis): monotone_slopes(v, node, 1 + axis) for key, v in list(found.items())}
        return found

    def at(self, points: Floats) -> Floats:
        """[f, x..., b] at coordinates [axis, x..., b]."""
        width: int = self.values.shape[-1]
        draws: Ints = np.broadcast_to(np.arange(width), points.shape[1:])
        low: list[Ints] = []
        weights: list[tuple[tuple[Floats, Floats], tuple[Floats, Floats]]] = []
        rows: list[Floats] = list(points)
        for x, node in zip(rows, self.nodes, strict=True):
            i = cast("Ints", np.clip(np.searchsorted(node, x, side="right") - 1, 0, len(node) - 2))
            h = node[i + 1] - node[i]
            t = (x - node[i]) / h
            low.append(i)
            rise = t * t * (3 - 2 * t)
            weights.append(((1 - rise, h * t * (1 - t) ** 2), (rise, h * t * t * (t - 1))))
        out = np.zeros((len(self.values), *points.shape[1:]))
        for corner in itertools.product((0, 1), repeat=len(self.nodes)):
            where = (slice(None), *(i + c for i, c in zip(low, corner, strict=True)), draws)
            for key, table in self.derivatives.items():
                weight = np.ones(points.shape[1:])
                for axis, c in enumerate(corner):
                    weight = weight * weights[axis][c][int(axis in key)]
                if np.any(weight):
                    out += weight * table[where]
        return out


def monotone_slopes(values: Floats, nodes: Floats, axis: int) -> Floats:
    """Slopes of the monotone interpolant along an axis."""
    v = np.moveaxis(values, axis, 0)
    h = np.diff(nodes)
    secant = np.diff(v, axis=0) / h.reshape(-1, *(1,) * (v.ndim - 1))
    out = np.zeros_like(v)
    if len(nodes) == 2:
        out[:] = secant
        return np.moveaxis(out, 0, axis)
    for i in range(1, len(nodes) - 1):
        a, b = secant[i - 1], secant[i]
        wa, wb = h[i - 1] + 2 * h[i], 2 * h[i - 1] + h[i]
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = (wa + wb) / (wa / a + wb / b)
        out[i] = np.where(a * b > 0, mean, 0.0)
    for i, near, far, h0, h1 in ((0, 0, 1, h[0], h[1]), (-1, -1, -2, h[-1], h[-2])):
        d = secant[near] + h0 * (secant[near] - secant[far]) / (h0 + h1)
        d = np.where(d * secant[near] > 0, d, 0.0)
        steep = (secant[near] * secant[far] < 0) & (np.abs(d) > np.abs(3 * secant[near]))
        out[i] = np.where(steep, 3 * secant[near], d)
    return np.moveaxis(out, 0, axis)


class Play:
    """A game with its numbers, ready to compute turns."""

    def __init__(self, game: RecursiveGame, data: RecursiveData, nodes: tuple[Floats, ...]) -> None:
        self.game, self.data, self.nodes = game, data, nodes
        self.choices: Choices = list_choices(game)
        self.parts = components(game)
        self.first = [int(np.searchsorted(game.place_slot, slot)) for slot in range(len(game.slots))]
        bounds = np.cumsum([0, *(k - 1 for k in game.types)])
        self.axes = [list(range(a, b)) for a, b in itertools.pairwise(bounds.tolist())]

    def log_beliefs(self, coordinates: Floats) -> list[Floats]:
        """[party][k, x] logarithms of beliefs from coordinates [axis, x]."""
        out: list[Floats] = []
        for axes in self.axes:
            left = np.zeros(coordinates.shape[1:])
            logs: list[Floats] = []
            for axis in axes:
                with np.errstate(divide="ignore"):
                    odds = np.log(coordinates[axis]) - np.log1p(-coordinates[axis])
                odds = np.clip(odds, -CERTAIN, CERTAIN)
                logs.append(left - np.logaddexp(0, -odds))
                left = left - np.logaddexp(0, odds)
            out.append(np.stack([*logs, left]))
        return out

    def coordinates(self, party: int, log_belief: Floats) -> Floats:
        """[coordinate, x] from logarithms [k, x]."""
        out: list[Floats] = []
        for k in range(len(log_belief) - 1):
            rest = np.logaddexp.reduce(log_belief[k + 1 :], 0)
            out.append(np.exp(log_belief[k] - np.logaddexp(log_belief[k], rest)))
        return np.stack(out) if out else np.zeros((0, *log_belief.shape[1:]))

    def rows(self, place: int) -> np.ndarray:
        """Numbers of a place's choices."""
        return np.flatnonzero(self.choices.place == place)

    def turn(self, place: int, points: Floats, logs: Floats, following: list[Interpolant]) -> Turn:
        """Compute a place at coordinates [axis, x] under log strategies [choice, k, x] of its movers.

        `following` interpolates the values of each place of the next slot.
        """
        game, shape = self.game, points.shape[1:]
        slot = int(game.place_slot[place])
        movers = game.slots[slot]
        last = slot == len(game.slots) - 1
        base = 0 if last else self.first[slot + 1]
        factor = self.data.discount if last else np.ones_like(self.data.discount)
        beliefs = self.log_beliefs(points)
        rows = self.rows(place)
        posterior = np.zeros_like(logs)
        chance = np.zeros((len(rows), *shape))
        for n, row in enumerate(rows):
            prior = beliefs[int(self.choices.party[row])]
            types = len(prior)
            joint: Floats = prior + logs[n, :types]
            posterior[n, :types] = joint
            chance[n] = np.exp(cast("Floats", np.logaddexp.reduce(joint, 0)))
        worth = np.zeros_like(logs)
        value = np.zeros((len(self.parts), *shape))
        for a in np.flatnonzero(game.action_place == place).tolist():
            taken = [
                int(np.searchsorted(rows, int(self.choices.of_action[a, j]))) for j in range(len(movers))
            ]
            after, where = list(beliefs), points.copy()
            for n, party in zip(taken, movers, strict=True):
                own = posterior[n, : game.types[party]]
                after[party] = own - np.logaddexp.reduce(own, 0)
                where[self.axes[party]] = self.coordinates(party, own)
            gain = self._paid(a, after)
            for e in np.flatnonzero(game.edge_action == a).tolist():
                ahead = following[int(game.edge_to[e]) - base].at(where)
                gain = gain + self.data.odds[e] * factor * ahead
            for v, (party, own) in enumerate(self.parts):
                weight = np.ones(shape)
                for n, other in zip(taken, movers, strict=True):
                    weight = weight * (1.0 if other == party else chance[n])
                if party in movers:
                    n = taken[movers.index(party)]
                    worth[n, own] += weight * gain[v]
                    value[v] += weight * np.exp(logs[n, own]) * gain[v]
                else:
                    value[v] += weight * gain[v]
        return Turn(worth, value, posterior)

    def _paid(self, action: int, beliefs: list[Floats]) -> Floats:
        """[v, x] what an action pays on average, given what is believed after it."""
        game = self.game
        edges = np.flatnonzero(game.edge_action == action)
        out = np.zeros((len(self.parts), *beliefs[0].shape[1:]))
        for k in range(game.profiles):
            types = game.profile_types[:, k]
            paid = (self.data.odds[edges][:, None] * self.data.payoff[edges, k]).sum(0)
            for v, (party, own) in enumerate(self.parts):
                if types[party] != own:
                    continue
                weight = np.zeros(beliefs[0].shape[1:])
                for q, t in enumerate(types):
                    if q != party:
                        weight = weight + beliefs[q][t]
                out[v] += np.exp(weight) * paid[party]
        return out

    def mover_types(self, place: int) -> np.ndarray:
        """[choice] number of types of each choice's mover."""
        return np.array([self.game.types[p] for p in self.choices.party[self.rows(place)]], dtype=np.int64)
