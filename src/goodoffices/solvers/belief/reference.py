"""The belief recursion written plainly: backward over rounds, place by place, in NumPy.

Receives a game of turns of one party with at most two types, chance, and a number of rounds; returns its solution on a
grid. Every cell is followed from zero rationality by pseudo-arclength, so that this is the answer which the faster
code is measured against. It takes all draws at once, but is meant for a few.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from goodoffices.games.recursive import (
    Choices,
    FailedCell,
    Floats,
    RecursiveData,
    RecursiveGame,
    RecursiveSolution,
    Survey,
    components,
    list_choices,
)
from goodoffices.solvers.belief.arclength import Equations, Evaluate, follow
from goodoffices.solvers.belief.grid import BeliefGrid
from goodoffices.solvers.belief.interpolation import interpolate, slopes
from goodoffices.solvers.belief.payoffs import expect, of_actions, with_draws
from goodoffices.solvers.belief.signals import evaluate, probability


def solve_reference(
    game: RecursiveGame, data: RecursiveData, grid: BeliefGrid, *, rounds: int, from_outset: bool = False
) -> RecursiveSolution:
    """Solve a number of rounds, every cell along its branch from zero rationality.

    Parties choose by what is at stake counted from the turn they are at; `from_outset` discounts it to the outset first,
    as a tree does whose payoffs are discounted on its leaves, so that choices grow more random with time.
    """
    begun = time.perf_counter()
    solver = _Reference(game, with_draws(game, data), grid)
    values: list[tuple[Floats, ...]] = [(solver.end(),)]
    choices: list[tuple[Floats, ...]] = []
    posteriors: list[tuple[Floats, ...]] = []
    for r in reversed(range(rounds)):
        solver.fade = solver.data.discount ** (r if from_outset else 0)
        following = values[-1][0]
        found: list[tuple[Floats, Floats, Floats]] = []
        for slot in reversed(range(len(game.slots))):
            found.append(solver.slot(r, slot, following))
            following = found[-1][0]
        found.reverse()
        values.append(tuple(f[0] for f in found))
        choices.append(tuple(f[1] for f in found))
        posteriors.append(tuple(f[2] for f in found))
    values.reverse()
    survey = Survey(solver.cells, solver.cells, 0, time.perf_counter() - begun, tuple(solver.failed))
    status = np.zeros(solver.draws, np.int8)
    for cell in solver.failed:
        status[cell.draw] = 1
    return RecursiveSolution(
        game,
        solver.data,
        grid.nodes,
        rounds,
        solver.root(values[0][0]),
        tuple(values),
        tuple(choices[::-1]),
        tuple(posteriors[::-1]),
        status,
        None,
        survey,
        from_outset,
    )


Continuation = Callable[[Floats, np.ndarray], tuple[Floats, Floats]]


class _Reference:
    def __init__(self, game: RecursiveGame, data: RecursiveData, grid: BeliefGrid) -> None:
        if any(
            len(movers) > 1 or max((game.types[p] for p in movers), default=1) > 2 for movers in game.slots
        ):
            raise ValueError("the reference takes turns of one party with at most two types")
        self.game, self.data, self.grid = game, data, grid
        self.draws = data.discount.shape[-1]
        self.parts = components(game)
        self.part = {pair: v for v, pair in enumerate(self.parts)}
        self.choices: Choices = list_choices(game)
        self.payoff = of_actions(game, data)
        self.first = np.searchsorted(game.place_slot, np.arange(len(game.slots)))
        self.shape = (*grid.shape, self.draws)
        self.fade = np.ones(self.draws)
        self.cells = 0
        self.failed: list[FailedCell] = []

    def end(self) -> Floats:
        places = np.flatnonzero(self.game.place_slot == 0)
        out = np.zeros((len(places), len(self.parts), *self.shape))
        for v, (party, own) in enumerate(self.parts):
            out[:, v] = expect(self.game, self.grid, self.data.end[places, :, party], {party: own})
        return out

    def root(self, first: Floats) -> Floats:
        """[v, b] values at the start, at the prior of each draw."""
        here = first[self.game.start - self.first[0]]
        out = np.zeros((len(self.parts), self.draws))
        for b in range(self.draws):
            at = here[..., b]
            for party in range(len(self.game.types)):
                for axis in self.grid.axes(party):
                    x = np.array([self.data.prior[party][0, b]])
                    along = np.moveaxis(at, 1, 0)
                    node = self.grid.nodes[axis]
                    x = np.full((1, *along.shape[1:]), x)
                    at = interpolate(x, along, slopes(along, node, 0), node)[0][0]
            out[:, b] = at
        return out

    def slot(self, r: int, slot: int, following: Floats) -> tuple[Floats, Floats, Floats]:
        """Values [place, v, g..., b], log choices and posteriors of one slot, given the next slot's values."""
        game = self.game
        places = np.flatnonzero(game.place_slot == slot)
        rows = np.flatnonzero(np.isin(self.choices.place, places))
        movers = game.slots[slot]
        types = game.types[movers[0]] if movers else 1
        values = np.zeros((len(places), len(self.parts), *self.shape))
        logs = np.zeros((len(rows), types, *self.shape))
        posterior = np.zeros((len(rows), types - 1, *self.shape))
        row = 0
        for n, s in enumerate(places.tolist()):
            actions = np.flatnonzero(game.action_place == s)
            ahead = self.ahead(slot, actions, following)
            if not movers:
                if len(actions) > 1:
                    raise ValueError(f"nobody moves at {game.label(s)}, but it has several actions")
                for v, (party, own) in enumerate(self.parts):
                    u = expect(game, self.grid, self.payoff[actions[0], :, party], {party: own})
                    values[n, v] = u + ahead[0, v]
                continue
            mine = slice(row, row + len(actions))
            row += len(actions)
            if types == 1:
                values[n], logs[mine], posterior[mine] = self.plain(movers[0], actions, ahead)
                continue
            (axis,) = self.grid.axes(movers[0])
            bend = self.ahead(slot, actions, slopes(following, self.grid.nodes[axis], 2 + axis))
            values[n], logs[mine], posterior[mine] = self.signal(r, s, movers[0], actions, ahead, bend)
        return values, logs, posterior

    def ahead(self, slot: int, actions: np.ndarray, following: Floats) -> Floats:
        """[m, v, g..., b] what follows each action, discounted."""
        game = self.game
        last = slot == len(game.slots) - 1
        base = 0 if last else self.first[slot + 1]
        out = np.zeros((len(actions), *following.shape[1:]))
        for m, a in enumerate(actions.tolist()):
            for e in np.flatnonzero(game.edge_action == a):
                out[m] += self.data.odds[e] * following[game.edge_to[e] - base]
        return out * self.data.discount if last else out

    def plain(self, mover: int, actions: np.ndarray, ahead: Floats) -> tuple[Floats, Floats, Floats]:
        """A turn of a party without private types: logit choice, nothing is learned."""
        worth = ahead.copy()
        for v, (party, own) in enumerate(self.parts):
            worth[:, v] += expect(self.game, self.grid, self.payoff[actions, :, party], {party: own})
        u = self.fade * self.data.rationality[mover] * worth[:, self.part[mover, 0]]
        logs = u - np.logaddexp.reduce(u, 0)
        values = (np.exp(logs)[:, None] * worth).sum(0)
        return values, logs[:, None], np.zeros((len(actions), 0, *self.shape))

    def signal(
        self, r: int, s: int, mover: int, actions: np.ndarray, ahead: Floats, bend: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """A turn of a party with two types, all cells of the grid and all draws at once."""
        game, grid = self.game, self.grid
        (axis,) = grid.axes(mover)
        nodes = grid.nodes[axis]
        own = [self.part[mover, 0], self.part[mover, 1]]
        lead = np.moveaxis(ahead, 2 + axis, 0)  # [node, m, v, rest..., b]
        slope = np.moveaxis(bend, 2 + axis, 0)
        pay = np.stack(
            [expect(game, grid, self.payoff[actions, :, mover], {mover: k}) for k in (0, 1)]
        )  # [k, m, g..., b], length one along the mover's own axis
        pay = np.moveaxis(pay, 2 + axis, 2)
        prior = grid.log_beliefs(mover).reshape(2, *grid.shape)
        prior = np.moveaxis(prior[0] - prior[1], axis, 0)[..., None]
        shape = np.moveaxis(np.empty(self.shape), axis, 0).shape
        prior = np.broadcast_to(prior, shape)
        moves = len(actions)

        if moves == 1:
            z = prior[None].copy()
            x = probability(z)
        else:
            q = self._continuation(lead[:, :, own], slope[:, :, own], pay, nodes, shape)
            z = self._trace(r, s, mover, axis, q, prior, moves)
            x = probability(z)
        # Values at the solution: of the mover's types, and of everybody else over the mover's posterior.
        v, _ = interpolate(np.moveaxis(x[:, None], 2, 0), lead, slope, nodes)  # [query, m, v, rest..., b]
        v = np.moveaxis(v, 0, 2)  # [m, v, query, rest..., b]
        mine = np.stack([pay[k] + v[:, own[k]] for k in (0, 1)])
        u = self.fade * self.data.rationality[mover] * mine
        logs = u - np.logaddexp.reduce(u, 1)[:, None]
        choice = np.exp(logs)
        weight = np.exp(prior - np.logaddexp(0, prior)), np.exp(-np.logaddexp(0, prior))
        total = weight[0] * choice[0] + weight[1] * choice[1]
        values = np.zeros((len(self.parts), *shape))
        for c, (party, kind) in enumerate(self.parts):
            if party == mover:
                values[c] = (choice[kind] * mine[kind]).sum(0)
                continue
            for k in (0, 1):
                known = {party: kind, mover: k}
                u = expect(game, grid, self.payoff[actions, :, party], known)
                values[c] += weight[k] * (choice[k] * np.moveaxis(u, 1 + axis, 1)).sum(0)
            values[c] += (total * v[:, c]).sum(0)
        back = np.moveaxis(values, 1, 1 + axis)
        logs = np.moveaxis(np.moveaxis(logs, 2, 2 + axis), 0, 1)
        return back, logs, np.moveaxis(x, 1, 1 + axis)[:, None]

    def _continuation(
        self, lead: Floats, slope: Floats, pay: Floats, nodes: Floats, shape: tuple[int, ...]
    ) -> Continuation:
        """A function of z [m, n] and of which cells [n]: the mover's Q [k, m, n] and its derivative in the belief."""
        size = int(np.prod(shape))
        rest = size // shape[0]
        flat = lead.reshape(*lead.shape[:3], rest)
        flat_slope = slope.reshape(*slope.shape[:3], rest)
        wide = np.broadcast_to(pay, (*pay.shape[:2], *shape)).reshape(*pay.shape[:2], size)

        def at(z: Floats, cells: np.ndarray) -> tuple[Floats, Floats]:
            column = cells % rest
            x = probability(z)[None, :, None]
            v, d = interpolate(
                np.broadcast_to(x, (1, z.shape[0], 2, z.shape[1])),
                flat[..., column],
                flat_slope[..., column],
                nodes,
            )
            return wide[:, :, cells] + np.moveaxis(v[0], 1, 0), np.moveaxis(d[0], 1, 0)

        return at

    def _trace(
        self, r: int, s: int, mover: int, axis: int, q: Continuation, prior: Floats, moves: int
    ) -> Floats:
        shape = prior.shape
        flat = prior.reshape(-1)
        rationality = np.broadcast_to(self.fade * self.data.rationality[mover], shape).reshape(-1)

        def equations(who: np.ndarray, z: Floats, share: Floats) -> Equations:
            value, slope = q(z.T, who)
            stage = evaluate(z.T, flat[who], share * rationality[who], value, slope)
            jacobian = np.zeros((len(who), moves, moves)) + stage.row.T[:, None, :]
            jacobian[:, np.arange(moves), np.arange(moves)] += stage.diagonal.T
            return Equations(stage.gap.T, jacobian, stage.by_rationality.T * rationality[who][:, None])

        run: Evaluate = equations
        start = np.repeat(flat[:, None], moves, 1)
        found = follow(run, start, rationality)
        self.cells += flat.size
        if not found.arrived.all():
            self._record(r, s, axis, found.arrived, equations, found.x, shape)
        return found.x.T.reshape(moves, *shape)

    def _record(
        self,
        r: int,
        s: int,
        axis: int,
        arrived: np.ndarray,
        equations: Evaluate,
        x: Floats,
        shape: tuple[int, ...],
    ) -> None:
        for n in np.flatnonzero(~arrived).tolist():
            left = equations(np.array([n]), x[[n]], np.ones(1)).gap
            where = list(np.unravel_index(n, shape))
            draw = int(where.pop())
            place = [int(w) for w in where]
            place.insert(axis, place.pop(0))
            belief = tuple(float(node[i]) for node, i in zip(self.grid.nodes, place, strict=True))
            self.failed.append(FailedCell(draw, r, s, belief, float(np.abs(left).max())))
