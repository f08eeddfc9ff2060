"""A record followed through solved strategies: what was likely before each move, and what everybody believes after it.

Receives a coded record, the compiled round and a solution of the whole game (rounds of the record and those after it);
returns a `Filtered`. Public beliefs change by Bayes' rule alone, from the strategies at the very beliefs, solved anew
between the nodes of the grid. All draws of parameters go along the same history at once.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np

from goodoffices.certificates.recursive import Examiner
from goodoffices.compiler.recursive import Place, ScenarioRound
from goodoffices.core.diagnostics import refuse
from goodoffices.games.recursive import Floats, RecursiveSolution
from goodoffices.inference.branch import trace_turn
from goodoffices.inference.coding import CodedRecord, Step, code_record
from goodoffices.inference.standing import Beliefs, Standing
from goodoffices.records.event import Record


@dataclass(frozen=True, eq=False)
class Observation:
    """One choice of a party, or one draw of chance, as it was recorded. Index letters m move, b draw."""

    round: int
    """From zero."""
    turn: int
    begins: datetime.date
    """First day of the round."""
    party: str | None
    """None for chance."""
    names: tuple[str, ...]
    """[m] what could have happened."""
    probability: Floats
    """[m, b] by what was believed before it happened."""
    happened: int
    """Which of them did."""
    events: tuple[str, ...]
    """Ids of the events that show it; none for silence and for what is taken to have happened."""
    weight: float
    """In the likelihood."""
    before: Floats
    """[type, b] public belief about the mover's types before it; one row for chance."""
    after: Floats
    """[type, b] after it."""
    by_type: Floats
    """[type, b] probability with which each type of the mover does what happened."""
    provisional: bool
    """In a round that had not ended on the last day; not part of the likelihood."""

    @property
    def surprise(self) -> Floats:
        """[b] in bits: how unlikely it was."""
        with np.errstate(divide="ignore"):
            return -np.log2(self.probability[self.happened])


@dataclass(frozen=True, eq=False)
class Filtered:
    """A record followed to its last day, for a cloud of draws."""

    coded: CodedRecord
    compiled: ScenarioRound
    observations: tuple[Observation, ...]
    """In order."""
    prior: Beliefs
    standing: Standing
    log_likelihood: Floats
    """[b] natural logarithm of the weighted probability of the complete rounds; not a number where a turn was not
    solved."""
    rounds: int | None
    """Of the whole game that was solved."""
    traced: int = 0
    """Turns, over all draws, at which Newton's method did not arrive and the branch was followed instead."""

    def surprise(self) -> Floats:
        """[observation, b] in bits."""
        draws = self.log_likelihood.shape[0]
        return (
            np.stack([o.surprise for o in self.observations]) if self.observations else np.zeros((0, draws))
        )


def follow(coded: CodedRecord, compiled: ScenarioRound, solution: RecursiveSolution) -> Filtered:
    """Follow a coded record through a solution of its game.

    Args:
        coded: Without errors (see `CodedRecord.require`).
        compiled: The round of the same scenario.
        solution: Of `coded.timetable.rounds` rounds, with its values and strategies kept; any number of draws.

    Raises:
        Refusal: as `CodedRecord.require`.
        ValueError: The solution kept no values, or is of another length.
    """
    coded.require()
    if not solution.log_choice:
        raise ValueError("following a record needs a solution that kept its values")
    if solution.rounds != coded.timetable.rounds:
        raise ValueError(f"the game has {coded.timetable.rounds} rounds, the solution {solution.rounds}")
    return _Follower(coded, compiled, solution).run()


def state_at(
    record: Record,
    compiled: ScenarioRound,
    solution: RecursiveSolution,
    day: datetime.date,
) -> Standing:
    """State and beliefs that the record had produced when a day ended; nothing later is looked at.

    `solution` is one of `timetable(scenario).rounds` rounds. See `Standing` for asking questions from there on.

    Raises:
        Refusal: `day-before-record`; as `code_record` and `follow`.
    """
    coded = code_record(compiled.scenario, record, as_of=day)
    if day < coded.timetable.first:
        raise refuse(
            "day-before-record",
            f"nothing is recorded by {day}: round 1 begins on {coded.timetable.first}",
            span=compiled.scenario.record.span if compiled.scenario.record else None,
        )
    return follow(coded, compiled, solution).standing


class _Follower:
    def __init__(self, coded: CodedRecord, compiled: ScenarioRound, solution: RecursiveSolution) -> None:
        self.coded, self.compiled, self.solution = coded, compiled, solution
        self.game, self.examiner = compiled.game, Examiner(solution)
        self.index = {place: s for s, place in enumerate(compiled.places)}
        self.logs: list[Floats] = []
        """[p][type, b] logarithms of public beliefs."""
        for prior in solution.data.prior:
            with np.errstate(divide="ignore"):
                self.logs.append(np.log(prior))
        self.traced = 0
        self.likelihood = np.zeros(solution.data.discount.shape[-1])

    def run(self) -> Filtered:
        prior = self._beliefs()
        found: list[Observation] = []
        with np.errstate(invalid="ignore", over="ignore"):
            for step in self.coded.steps:
                found += self._step(step)
        coded, total = self.coded, self.coded.timetable.rounds
        place: Place = (coded.turn, coded.state, coded.over, ())
        standing = Standing(
            coded.last_day,
            coded.round,
            coded.round - coded.timetable.complete(coded.last_day),
            None if total is None else total - coded.round,
            place,
            self.index[place],
            self._beliefs(),
            np.exp(self.likelihood),
        )
        return Filtered(
            coded,
            self.compiled,
            tuple(found),
            prior,
            standing,
            self.likelihood,
            self.solution.rounds,
            self.traced,
        )

    def _beliefs(self) -> Beliefs:
        return tuple(np.exp(logs) for logs in self.logs)

    def _step(self, step: Step) -> list[Observation]:
        """What was chosen at a turn, and then what was drawn."""
        s = self.index[step.turn, step.state, False, ()]
        game, found = self.game, list[Observation]()
        if step.moves:
            found += self._choices(step, s)
        labels = tuple(move.index for move in step.moves)
        actions = np.flatnonzero(game.action_place == s).tolist()
        action = next(a for a in actions if self.compiled.action_labels[a] == labels)
        edges = np.flatnonzero(game.edge_action == action)
        if len(edges) > 1:
            found.append(self._draw(step, edges))
        return found

    def _choices(self, step: Step, s: int) -> list[Observation]:
        """Every mover's choice at a place, by the strategies at the beliefs before it."""
        play, game = self.examiner.play, self.game
        points = np.concatenate([play.coordinates(p, logs) for p, logs in enumerate(self.logs)])
        r = step.round if self.solution.rounds is not None else 0
        strategies, good = self._strategies(r, s, points)
        turn = self.coded.scenario.turns[step.turn]
        found: list[Observation] = []
        before = [logs.copy() for logs in self.logs]
        for j, (party, rows) in enumerate(self.examiner.movers(s)):
            types, mover = game.types[party], turn.movers[j]
            labels: list[int] = [int(play.choices.move[play.rows(s)[n]]) for n in rows]
            own: Floats = strategies[rows, :types]
            own = np.where(good, own, np.nan)
            joint = before[party] + own
            chance = np.logaddexp.reduce(joint, 1)
            happened = labels.index(step.moves[j].index)
            self.logs[party] = joint[happened] - chance[happened]
            self._count(chance[happened], step.moves[j].weight, step)
            found.append(
                Observation(
                    step.round,
                    step.turn,
                    self.coded.timetable.begins(step.round),
                    mover.party,
                    tuple(mover.moves[m].name for m in labels),
                    np.exp(chance),
                    happened,
                    step.moves[j].events,
                    step.moves[j].weight,
                    np.exp(before[party]),
                    np.exp(self.logs[party]),
                    np.exp(own[happened]),
                    step.provisional,
                )
            )
        return found

    def _strategies(self, r: int, s: int, points: Floats) -> tuple[Floats, np.ndarray]:
        """[choice, k, b], and whether they were found [b]: by Newton's method, and along the branch where it fails."""
        strategies, good = self.examiner.strategies(r, s, points)
        finite = np.isfinite(points).all(0) & np.isfinite(self.solution.root).all(0)
        for b in np.flatnonzero(~good & finite).tolist():
            found = trace_turn(self.solution, draw=b, round=r, place=s, point=points[:, b])
            self.traced += 1
            if found is not None:
                strategies[..., b], good[b] = found[:, : strategies.shape[1]], True
        return strategies, good

    def _draw(self, step: Step, edges: np.ndarray) -> Observation:
        """What chance gave, by its odds; nobody learns about types from it."""
        odds = self.solution.data.odds[edges]
        names = self._drawn_names(step, len(edges))
        with np.errstate(divide="ignore"):
            self._count(np.log(odds[step.option]), 1.0, step)
        one = np.ones((1, odds.shape[-1]))
        return Observation(
            step.round,
            step.turn,
            self.coded.timetable.begins(step.round),
            None,
            names,
            odds,
            step.option,
            step.outcome_events,
            1.0,
            one,
            one,
            odds[step.option][None],
            step.provisional,
        )

    def _drawn_names(self, step: Step, count: int) -> tuple[str, ...]:
        names = step.outcomes
        return names if len(names) == count else tuple(f"outcome {i + 1}" for i in range(count))

    def _count(self, log_probability: Floats, weight: float, step: Step) -> None:
        """Provisional rounds are no part of the likelihood: what else they hold is not known."""
        if not step.provisional:
            self.likelihood = self.likelihood + weight * log_probability
