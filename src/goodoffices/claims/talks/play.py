"""The play of talks, drawn to a depth: who does what, with which probability, and what it tells the others.

Receives solutions chunk by chunk (the first point being the prior medians); returns a `PlayPoint`, as `claims.play` does
for trees: the first round whole, up to `MOST_POINTS` points, later ones where play comes with at least `LEAST_REACH` at
the medians. Strategies are looked up at the beliefs that the play itself leads to.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goodoffices.claims.play import LEAST_REACH, MOST_POINTS
from goodoffices.claims.talks.running import TalksView
from goodoffices.claims.talks.stencils import at_points
from goodoffices.claims.talks.turns import coordinates
from goodoffices.claims.verdict import PlayMove, PlayPoint
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.recursive import ScenarioRound
from goodoffices.games.recursive import Choices, RecursiveSolution, list_choices, select_draws

MOST_ROUNDS = 3
"""Rounds that are drawn at most."""

Path = tuple[int, ...]
"""What was chosen (numbers of choices) and drawn (-1 less the number of the edge) since the outset; nothing forced."""


@dataclass(frozen=True, eq=False)
class _Here:
    """Play at a point."""

    round: int
    place: int
    taken: tuple[int, ...]
    """Choices already made in this turn, by movers that the scenario names before."""
    path: Path
    reach: Array
    """[k, b] logarithm of the probability that types are k and play comes here."""
    turn: Array
    """[k, b] the same where the turn began: who moves at the same time has seen no more."""

    @property
    def total(self) -> Array:
        """[b] logarithm of the probability that play comes here."""
        return np.logaddexp.reduce(self.reach, 0)


class TalksRecorder:
    """Keeps what the drawing needs while a survey goes over its points; pass `see` to the survey."""

    def __init__(self, compiled: ScenarioRound) -> None:
        self.of = compiled
        self.choices: Choices = list_choices(compiled.game)
        self.shown: set[Path] = set()
        self.shares: dict[Path, list[Array]] = {}
        """Path -> [b] probability of its last step, over the mover's types."""
        self.medians: RecursiveSolution | None = None

    def see(self, view: TalksView, part: slice) -> None:
        """Take notes of one chunk."""
        if part.start == 0:
            self.prepare(select_draws(view.solution, slice(0, 1)))
        self.note(self.read(view.solution), part)

    def prepare(self, medians: RecursiveSolution) -> None:
        """Choose what is drawn by the solution at the prior medians, one draw."""
        self.medians = medians
        self._choose(medians)

    def read(self, solution: RecursiveSolution) -> dict[Path, Array]:
        """Path -> [b] probability of its last step, of every step that is drawn."""
        out: dict[Path, Array] = {}
        waiting = [self._outset(solution)]
        while waiting:
            here = self._forced(solution, waiting.pop())
            if here.path not in self.shown:
                continue
            for branch in self._branches(solution, here):
                with np.errstate(invalid="ignore"):
                    out[branch.path] = np.exp(branch.total - here.total)
                waiting.append(branch)
        return out

    def note(self, shares: Mapping[Path, Array], part: slice) -> None:
        """Keep what was read of one chunk; chunks come in order."""
        for path, share in shares.items():
            self.shares.setdefault(path, []).append(share)

    def build(self, solved: NDArray[np.bool_]) -> PlayPoint:
        """The drawing; `solved` [b] says which points count, the first of them being the medians."""
        assert self.medians is not None
        if not len(solved) or not solved[0]:
            self.shown = set()
        shares = {path: np.concatenate(parts) for path, parts in self.shares.items()}
        return self._point(self._forced(self.medians, self._outset(self.medians)), shares, solved)

    # ------------------------------------------------------------ play
    def _outset(self, solution: RecursiveSolution) -> _Here:
        game, data = self.of.game, solution.data
        reach = np.zeros((game.profiles, data.discount.shape[-1]))
        with np.errstate(divide="ignore"):
            for p, prior in enumerate(data.prior):
                reach += np.log(prior)[game.profile_types[p]]
        return _Here(0, game.start, (), (), reach, reach)

    def _choose(self, medians: RecursiveSolution) -> None:
        """Which points are drawn: those of the first round, and the likeliest of later ones."""
        number = itertools.count()
        here = self._forced(medians, self._outset(medians))
        queue = [(0, -1.0, next(number), here)]
        while queue and len(self.shown) < MOST_POINTS:
            late, less, _, here = heapq.heappop(queue)
            if late and -less < LEAST_REACH:
                continue
            branches = self._branches(medians, here)
            if branches:
                self.shown.add(here.path)
            for branch in branches:
                then = self._forced(medians, branch)
                heapq.heappush(
                    queue, (int(then.round > 0), -float(np.exp(then.total[0])), next(number), then)
                )

    def _forced(self, solution: RecursiveSolution, here: _Here) -> _Here:
        """Past everything where only one thing can happen."""
        while len(branches := self._branches(solution, here)) == 1:
            (here,) = branches
        return here

    def _branches(self, solution: RecursiveSolution, here: _Here) -> list[_Here]:
        """What can happen: moves of the next mover; where all have moved, lots."""
        game = self.of.game
        end = MOST_ROUNDS if solution.rounds is None else min(MOST_ROUNDS, solution.rounds)
        if here.round >= end:
            return []
        slot = int(game.place_slot[here.place])
        if len(here.taken) < len(game.slots[slot]):
            return self._moves(solution, here, slot)
        last = slot == len(game.slots) - 1
        edges: list[int] = np.flatnonzero(game.edge_action == self._action(here)).tolist()
        out: list[_Here] = []
        with np.errstate(divide="ignore"):
            for e in edges:
                reach = here.reach + np.log(solution.data.odds[e])
                path = here.path if len(edges) == 1 else (*here.path, -1 - e)
                out.append(_Here(here.round + last, int(game.edge_to[e]), (), path, reach, reach))
        return out

    def _action(self, here: _Here) -> int:
        actions = np.flatnonzero(self.of.game.action_place == here.place)
        made = self.choices.of_action[actions][:, : len(here.taken)]
        return int(actions[(made == np.array(here.taken, dtype=np.int64)).all(1)][0])

    def _moves(self, solution: RecursiveSolution, here: _Here, slot: int) -> list[_Here]:
        game, mover = self.of.game, len(here.taken)
        own = game.profile_types[game.slots[slot][mover]]
        mine: list[int] = np.flatnonzero(
            (self.choices.place == here.place) & (self.choices.mover == mover)
        ).tolist()
        low = int(np.searchsorted(game.place_slot[self.choices.place], slot))
        r = here.round if solution.rounds is not None else 0
        points = coordinates(self._believed(here.turn))
        table = solution.log_choice[r][slot][[c - low for c in mine]]
        flat = at_points(table.reshape(-1, *table.shape[2:]), points, solution.axes)
        logs = flat.reshape(*table.shape[:2], -1)
        logs = logs - np.logaddexp.reduce(logs, axis=0)
        return [
            _Here(
                here.round,
                here.place,
                (*here.taken, c),
                here.path if len(mine) == 1 else (*here.path, c),
                here.reach + logs[i, own],
                here.turn,
            )
            for i, c in enumerate(mine)
        ]

    def _believed(self, reach: Array) -> list[Array]:
        """[party][type, b] public beliefs."""
        game = self.of.game
        out: list[Array] = []
        for p, types in enumerate(game.types):
            logs = np.stack([np.logaddexp.reduce(reach[game.profile_types[p] == t], 0) for t in range(types)])
            with np.errstate(invalid="ignore"):
                out.append(np.nan_to_num(np.exp(logs - np.logaddexp.reduce(logs, 0))))
        return out

    # ------------------------------------------------------------ points
    def _point(self, here: _Here, shares: Mapping[Path, Array], solved: NDArray[np.bool_]) -> PlayPoint:
        assert self.medians is not None
        game, scenario = self.of.game, self.of.scenario
        drawn = here.path in self.shown
        branches = self._branches(self.medians, here) if drawn else []
        movers = game.slots[int(game.place_slot[here.place])]
        deciding = drawn and len(here.taken) < len(movers)
        return PlayPoint(
            party=scenario.parties[movers[len(here.taken)]].name if deciding else "chance",
            round=here.round + 1,
            state=self._state(here.place),
            reach=float(np.exp(here.total[0])),
            beliefs=self._shown_beliefs(here.reach),
            moves=tuple(self._move(here, branch, deciding, shares, solved) for branch in branches),
        )

    def _move(
        self,
        here: _Here,
        branch: _Here,
        deciding: bool,
        shares: Mapping[Path, Array],
        solved: NDArray[np.bool_],
    ) -> PlayMove:
        assert self.medians is not None
        values = shares[branch.path]
        over = values[1:][solved[1:]]
        over = over[~np.isnan(over)]
        middle = float(values[0])
        low, high = np.quantile(over, [0.05, 0.95]) if len(over) else (middle, middle)
        name, label, lever = self._name(here, branch, deciding)
        then = self._forced(self.medians, branch)
        return PlayMove(
            move=name,
            label=label,
            lever=lever,
            probability=middle,
            low=float(low),
            high=float(high),
            by_type=self._by_type(here, branch) if deciding else {},
            beliefs_after=self._shown_beliefs(branch.reach),
            state_after=self._state(self._settled(branch)),
            then=self._point(then, shares, solved) if then.path in self.shown else None,
        )

    def _name(self, here: _Here, branch: _Here, deciding: bool) -> tuple[str, str, str | None]:
        turn = self.of.scenario.turns[int(self.of.game.place_slot[here.place])]
        if deciding:
            move = turn.movers[len(here.taken)].moves[int(self.choices.move[branch.taken[-1]])]
            return move.name, move.label, move.lever
        drawn = self.of.outcomes[-1 - branch.path[-1]]
        return drawn, next((o.label for o in turn.outcomes if o.name == drawn), drawn), None

    def _by_type(self, here: _Here, branch: _Here) -> dict[str, float]:
        game, party = self.of.game, int(self.choices.party[branch.taken[-1]])
        labels = self.of.profiles.own_labels[party]
        if labels == ("",):
            return {}
        out: dict[str, float] = {}
        for own, label in enumerate(labels):
            mine = game.profile_types[party] == own
            before, after = (np.logaddexp.reduce(x.reach[mine, 0]) for x in (here, branch))
            out[label] = float(np.exp(after - before)) if np.isfinite(before) else float("nan")
        return out

    def _settled(self, here: _Here) -> int:
        """Where the turn most likely leads, once all have moved."""
        assert self.medians is not None
        turn = int(self.of.game.place_slot[here.place])
        if not here.taken:
            return here.place
        while here.taken and int(self.of.game.place_slot[here.place]) == turn:
            here = max(self._branches(self.medians, here), key=lambda b: float(b.total[0]))
        return here.place

    def _shown_beliefs(self, reach: Array) -> dict[str, dict[str, float]]:
        profiles, scenario = self.of.profiles, self.of.scenario
        weight = np.exp(reach[:, 0] - np.logaddexp.reduce(reach[:, 0]))
        return {
            f"{dimension.party}.{dimension.name}": {
                level: float(weight[profiles.levels[d] == i].sum())
                for i, level in enumerate(dimension.levels)
            }
            for d, dimension in enumerate(scenario.types)
        }

    def _state(self, place: int) -> dict[str, str]:
        state = self.of.places[place][1]
        return {f.name: f.levels[i] for f, i in zip(self.of.scenario.factors, state, strict=True)}
