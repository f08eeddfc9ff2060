"""Play that goes on from a point of the talks, drawn many times: for forecasts, synthetic records and predictive checks.

Receives a compiled round, a solution that kept its values, and for every path the draw of parameters that it belongs to;
returns the moments of all paths, each with the public probabilities of what could have been done just before. Moves are
drawn from what everybody expects, averaged over the mover's types by public beliefs, which then move by Bayes' rule:
play has this very distribution, whoever the parties are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from goodoffices.certificates.recursive import Examiner
from goodoffices.compiler.recursive import ScenarioRound
from goodoffices.games.recursive import RecursiveData, RecursiveSolution
from goodoffices.inference.branch import trace_turn
from goodoffices.inference.prior_space import Floats
from goodoffices.inference.standing import Beliefs

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Moment:
    """All paths just after one turn. Index letters n path, f factor, m move."""

    round: int
    """From zero."""
    turn: int
    closing: bool
    """Whether it is the round's last turn."""
    states: Ints
    """[n, f] index of each factor's level."""
    moves: Mapping[str, Ints]
    """Party -> [n] index of its move among those of the scenario's turn; -1 where the talks were over."""
    probability: Mapping[str, Floats]
    """Party -> [m, n] public probability of each move before it; zero where it could not be made."""
    option: Ints
    """[n] which edge was drawn after the moves, counted within the action."""
    options: Ints
    """[n] how many there were."""
    chance: Floats
    """[n] probability of what was drawn."""
    place: Ints
    """[n] place before the turn."""
    over: NDArray[np.bool_]
    """[n] whether the talks were over before the turn."""


@dataclass(frozen=True, eq=False)
class Paths:
    """Play as far as it was drawn."""

    moments: tuple[Moment, ...]
    lost: NDArray[np.bool_]
    """[n] a turn could not be solved; the path means nothing from there on."""


def play_on(
    compiled: ScenarioRound,
    solution: RecursiveSolution,
    *,
    lanes: Ints,
    rng: np.random.Generator,
    until: int,
    round: int = 0,
    index: int | None = None,
    beliefs: Beliefs | None = None,
) -> Paths:
    """Draw paths.

    Args:
        lanes: [n] the draw of each path.
        until: First round, from zero, that is not played.
        round: That stands at the beginning.
        index: Of the place where they begin; the start of the game where it is left out.
        beliefs: Public beliefs there [p][type, b]; the prior where they are left out.
    """
    start = compiled.game.start if index is None else index
    return _Player(compiled, solution, lanes, rng, start, beliefs or solution.data.prior).run(round, until)


class _Player:
    def __init__(
        self,
        compiled: ScenarioRound,
        solution: RecursiveSolution,
        lanes: Ints,
        rng: np.random.Generator,
        start: int,
        beliefs: Beliefs,
    ) -> None:
        self.compiled, self.solution, self.game = compiled, solution, compiled.game
        self.lanes, self.rng = lanes, rng
        self.place = np.full(len(lanes), start, dtype=np.int64)
        with np.errstate(divide="ignore"):
            self.logs = [np.log(belief[:, lanes]) for belief in beliefs]
        self.lost = np.zeros(len(lanes), dtype=bool)
        self.states = np.array([place[1] for place in compiled.places], dtype=np.int64).reshape(
            len(compiled.places), -1
        )
        self.over = np.array([place[2] for place in compiled.places])

    def run(self, round: int, until: int) -> Paths:
        moments: list[Moment] = []
        slot = int(self.game.place_slot[self.place[0]])
        last = len(self.game.slots) - 1
        with np.errstate(invalid="ignore", over="ignore"):
            while round < until:
                moments.append(self._turn(round, slot))
                round, slot = (round + 1, 0) if slot == last else (round, slot + 1)
        return Paths(tuple(moments), self.lost)

    def _turn(self, round: int, slot: int) -> Moment:
        turn, count = self.compiled.scenario.turns[slot], len(self.lanes)
        moves = {mover.party: np.full(count, -1, dtype=np.int64) for mover in turn.movers}
        chances = {mover.party: np.zeros((len(mover.moves), count)) for mover in turn.movers}
        option, options = np.zeros(count, dtype=np.int64), np.ones(count, dtype=np.int64)
        drawn, before = np.ones(count), self.place.copy()
        after = self.place.copy()
        for place in np.unique(self.place).tolist():
            here = np.flatnonzero(self.place == place)
            labels: list[Ints] = []
            if turn.movers and not self.over[place]:
                labels = self._choose(round, place, here, moves, chances)
            after[here], option[here], options[here], drawn[here] = self._draw(place, here, labels)
        self.place = after
        return Moment(
            round, slot, slot == len(self.game.slots) - 1, self.states[after], moves, chances,
            option, options, drawn, before, self.over[before],
        )  # fmt: skip

    def _choose(
        self, round: int, place: int, here: Ints, moves: dict[str, Ints], chances: dict[str, Floats]
    ) -> list[Ints]:
        """Each mover's move on the paths that are here; beliefs about it move."""
        r = round if self.solution.rounds is not None else 0
        examiner = Examiner(_lanes(self.solution, self.lanes[here], r))
        points = np.concatenate(
            [examiner.play.coordinates(p, logs[:, here]) for p, logs in enumerate(self.logs)]
        )
        logs, good = examiner.strategies(r, place, points)
        for n in np.flatnonzero(~good).tolist():
            found = trace_turn(
                examiner.solution, draw=n, round=r, place=place, point=points[:, n]
            ) if np.isfinite(points[:, n]).all() else None  # fmt: skip
            if found is None:
                self.lost[here[n]] = True
                logs[..., n] = np.nan
            else:
                logs[..., n] = found[:, : logs.shape[1]]
        turn = self.compiled.scenario.turns[self.compiled.places[place][0]]
        labels: list[Ints] = []
        before = [part[:, here] for part in self.logs]
        for j, (party, rows) in enumerate(examiner.movers(place)):
            own = logs[rows, : self.game.types[party]]
            joint = before[party] + own
            public = np.exp(np.logaddexp.reduce(joint, 1))
            public = np.where(np.isnan(public).any(0), 1 / len(rows), public)  # lost already
            public = public / public.sum(0)
            pick = (np.cumsum(public, 0) < self.rng.random(len(here))).sum(0)
            pick = np.minimum(pick, len(rows) - 1)
            chosen = joint[pick, :, np.arange(len(here))].T
            self.logs[party][:, here] = chosen - np.logaddexp.reduce(chosen, 0)
            label = examiner.play.choices.move[examiner.play.rows(place)[rows]]
            name = turn.movers[j].party
            for i, m in enumerate(label.tolist()):
                chances[name][m, here] = public[i]
            moves[name][here] = label[pick]
            labels.append(label[pick])
        return labels

    def _draw(self, place: int, here: Ints, labels: list[Ints]) -> tuple[Ints, Ints, Ints, Floats]:
        """Where each path goes: the next place, the edge's number in its action, how many there were, its chance."""
        game = self.game
        actions = np.flatnonzero(game.action_place == place)
        after, option = np.empty(len(here), dtype=np.int64), np.empty(len(here), dtype=np.int64)
        count, chance = np.empty(len(here), dtype=np.int64), np.empty(len(here))
        luck = self.rng.random(len(here))
        for action in actions.tolist():
            mine = np.ones(len(here), dtype=bool)
            for j, label in enumerate(labels):
                mine &= label == game.action_moves[action, j]
            if not mine.any():
                continue
            edges = np.flatnonzero(game.edge_action == action)
            odds = np.nan_to_num(
                self.solution.data.odds[edges][:, self.lanes[here[mine]]], nan=1 / len(edges)
            )
            picked = np.minimum((np.cumsum(odds, 0) < luck[mine]).sum(0), len(edges) - 1)
            after[mine], option[mine], count[mine] = game.edge_to[edges[picked]], picked, len(edges)
            chance[mine] = odds[picked, np.arange(int(mine.sum()))]
        return after, option, count, chance


def _lanes(solution: RecursiveSolution, lanes: Ints, r: int) -> RecursiveSolution:
    """The solution with one draw for each lane, as far as a turn of round r looks at it."""

    def cut(levels: tuple[tuple[Floats, ...], ...]) -> tuple[tuple[Floats, ...], ...]:
        return tuple(
            tuple(array[..., lanes] for array in level) if r <= k <= r + 1 else level
            for k, level in enumerate(levels)
        )

    data = solution.data
    part = RecursiveData(
        data.payoff[..., lanes],
        data.odds[..., lanes],
        data.end[..., lanes],
        tuple(p[..., lanes] for p in data.prior),
        data.rationality[..., lanes],
        data.discount[..., lanes],
    )
    return replace(
        solution,
        data=part,
        root=solution.root[:, lanes],
        values=cut(solution.values),
        log_choice=cut(solution.log_choice),
        posterior=cut(solution.posterior),
        status=solution.status[lanes],
        certificate=None,
    )
