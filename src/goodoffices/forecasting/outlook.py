"""What is to be expected after a day of the record: the move of every party in every coming round, and yes/no questions.

Receives a record that was followed for draws of the parameters, with the solution it was followed through; returns an
`Outlook`. Play goes on from the state and beliefs of the day, several paths for each draw. A move's probability is the mean
of what the strategies give it on the paths, not a count of the paths that took it, so that the next move is exact for each
draw. A question's is computed for each draw without any paths where the caller can (`Expect`); else it is the share of paths
on which it came true.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from goodoffices.core.diagnostics import refuse
from goodoffices.forecasting.baselines import BASELINES, Past
from goodoffices.forecasting.happening import (
    bounded,
    earliest_round,
    happens,
    instants,
    last_round,
    require_visible,
)
from goodoffices.forecasting.history import recorded_instants
from goodoffices.forecasting.rules import Floats
from goodoffices.games.recursive import RecursiveSolution
from goodoffices.inference.coding import CodedRecord
from goodoffices.inference.filtering import Filtered
from goodoffices.inference.posterior_play import Moment, Paths, play_on
from goodoffices.inference.standing import Standing
from goodoffices.language.tree import Event

OVER = "(the talks are over)"
Expect = Callable[[Filtered, RecursiveSolution, Mapping[str, Floats], Sequence[Event]], Floats]
"""(record followed, solution, parameter -> [b], events) -> [event, b] exact probabilities; the events' rounds count from
the one that stands, and each has a last one."""
DRIVERS = 3
"""Parameters that are named as moving a probability most."""


@dataclass(frozen=True)
class Question:
    """A yes/no question as it was asked."""

    text: str
    event: Event
    """Its rounds counted from the one that stands on the day of the forecast."""


@dataclass(frozen=True)
class Chance:
    """One probability, and how well it is known."""

    probability: float
    error: float
    """Monte Carlo standard error: of the draws that there are."""
    low: float
    """5% quantile over draws of the parameters."""
    high: float
    """95% quantile."""


@dataclass(frozen=True)
class MoveOutlook:
    """What one party is expected to do at one turn of one round."""

    round: int
    """From one."""
    turn: int
    """From one."""
    begins: datetime.date
    ends: datetime.date
    """Last day of the round."""
    party: str
    names: tuple[str, ...]
    """Its moves in the order of the scenario, and at last, in a scenario whose talks can stop, that they are over."""
    chances: tuple[Chance, ...]
    baselines: Mapping[str, tuple[float, ...]]
    """Name of the baseline -> probabilities in the same order."""
    drivers: tuple[tuple[str, float], ...]
    """Parameters with the rank correlation, over draws, between them and the probability of the likeliest move."""


@dataclass(frozen=True)
class QuestionOutlook:
    """How likely a yes/no question comes true."""

    text: str
    chance: Chance
    rounds: int
    """Rounds that decide it, the present one included."""
    resolves: datetime.date
    """Last day of the round that decides it at the latest."""
    baselines: Mapping[str, float]
    drivers: tuple[tuple[str, float], ...]
    exact: bool
    """Computed for each draw; else the share of paths on which it came true."""


@dataclass(frozen=True)
class Outlook:
    """Everything that is expected from a day on."""

    day: datetime.date
    moves: tuple[MoveOutlook, ...]
    questions: tuple[QuestionOutlook, ...]
    paths: int
    """Paths of play that the probabilities come from."""
    lost: int
    """Paths that were left out because a turn could not be solved."""
    draws: int
    rounds: int
    """Rounds looked ahead, the present one included."""
    cut: bool
    """Whether the game that the scenario describes ends before the horizon."""


def look_ahead(
    found: Filtered,
    solution: RecursiveSolution,
    draws: Mapping[str, Floats],
    *,
    horizon: datetime.date,
    questions: Sequence[Question] = (),
    paths: int = 8,
    seed: int = 1,
    expect: Expect | None = None,
) -> Outlook:
    """Play on from where a record ended.

    Args:
        found: The record, followed.
        solution: Through which it was followed.
        draws: Parameter -> [b] of the solution, each worth the same: posterior draws.
        horizon: Rounds that begin by this day are looked at, and those that a question needs.
        questions: Yes/no questions.
        paths: Of play for each draw.
        seed: Of the paths.
        expect: Computes what questions come to; without it they are counted on the paths.

    Raises:
        Refusal: `question-without-answer`, `decided-already`.
    """
    coded, standing = found.coded, found.standing
    calendar = coded.timetable
    good = np.flatnonzero(np.isfinite(found.log_likelihood))
    lanes = np.repeat(good, paths)
    until = standing.round
    while calendar.begins(until) <= horizon:
        until += 1
    until = max(until, standing.round + 1)
    for q in questions:
        _require_open(q, found)
    rounds = [_rounds(q, until, found) for q in questions]
    if expect is None:
        until = max([until, *(standing.round + r - standing.ahead for r in rounds)])
    last = until if calendar.rounds is None else min(until, calendar.rounds)
    played = play_on(
        found.compiled, solution, lanes=lanes, rng=np.random.default_rng([seed, 17]), until=last,
        round=standing.round, index=standing.index, beliefs=standing.beliefs,
    )  # fmt: skip
    kept = ~played.lost
    ends = any(over for _, _, over, _ in found.compiled.places)
    view = _View(coded, standing, played, draws, lanes, kept, ends)
    exact: list[Floats | None] = [None] * len(questions)
    if expect is not None and questions:
        events = [bounded(q.event, r, passed=standing.ahead) for q, r in zip(questions, rounds, strict=True)]
        exact = list(expect(found, solution, draws, events)[:, good])
    moves = [
        view.move(m, party)
        for m in played.moments
        for party in m.moves
        if calendar.begins(m.round) <= horizon
    ]
    return Outlook(
        coded.last_day,
        tuple(moves),
        tuple(view.question(*each) for each in zip(questions, rounds, exact, strict=True)),
        int(kept.sum()),
        int((~kept).sum()),
        len(good),
        last - standing.round,
        last < until,
    )


def past_of(coded: CodedRecord) -> list[Past]:
    """Every recorded choice, in order."""
    return [Past(series(move.party, step.turn), move.name) for step in coded.steps for move in step.moves]


def series(party: str, turn: int) -> str:
    """Name of a party's choices at a turn (from zero) of the round."""
    return f"{party} at turn {turn + 1}"


def _require_open(question: Question, found: Filtered) -> None:
    """Refuse what no record will show, and what the moves that were made have decided."""
    standing = found.standing
    require_visible(found.coded.scenario, question.event)
    earliest = earliest_round(question.event)
    if earliest is not None and earliest <= standing.ahead:
        raise refuse(
            "decided-already",
            f"`{question.text}` is decided already: every turn of that round had been played by {standing.day}",
            span=question.event.span,
            hint="ask about a later round",
        )


def _rounds(question: Question, until: int, found: Filtered) -> int:
    """Rounds that decide it, from one where it starts; those looked ahead where it says none, and none after the game."""
    first = found.standing.round - found.standing.ahead
    rounds = last_round(question.event) or until - first
    total = found.coded.timetable.rounds
    return max(1, rounds if total is None else min(rounds, total - first))


class _View:
    def __init__(
        self,
        coded: CodedRecord,
        standing: Standing,
        played: Paths,
        draws: Mapping[str, Floats],
        lanes: np.ndarray,
        kept: np.ndarray,
        ends: bool,
    ) -> None:
        """`ends`: the talks can be over before the last round."""
        self.ends = ends
        self.coded, self.standing, self.played, self.kept = coded, standing, played, kept
        self.owner, self.good = lanes[kept], np.unique(lanes)
        self.past = past_of(coded)
        free = [p.name for p in coded.scenario.parameters if p.prior.name != "fixed"]
        self.draws = {name: draws[name] for name in free if name in draws}

    def move(self, moment: Moment, party: str) -> MoveOutlook:
        mover = next(m for m in self.coded.scenario.turns[moment.turn].movers if m.party == party)
        made = tuple(move.name for move in mover.moves)
        names = (*made, OVER) if self.ends else made
        table = np.concatenate([moment.probability[party], moment.over[None].astype(float)])[:, self.kept]
        possible = [bool((row > 0).any()) for row in table]
        chances = tuple(self.chance(row) for row in _smoothed(table[: len(names)]))
        ahead = moment.round - self._seen(party, moment.turn)
        support = [name for name, fits in zip(made, possible, strict=False) if fits] or list(made)
        talking = 1 - float(table[-1].mean())
        baselines: dict[str, tuple[float, ...]] = {}
        for name, baseline in BASELINES.items():
            shares = dict(
                zip(support, baseline(self.past, series(party, moment.turn), support, ahead), strict=True)
            )
            row = [*(talking * shares.get(n, 0.0) for n in made), *([1 - talking] if self.ends else [])]
            spread = _smoothed(np.array(row)[:, None], weight=float(self.kept.sum()))
            baselines[name] = tuple(float(v) for v in spread[:, 0] / spread.sum())
        likeliest = int(np.argmax([c.probability for c in chances]))
        calendar = self.coded.timetable
        return MoveOutlook(
            moment.round + 1,
            moment.turn + 1,
            calendar.begins(moment.round),
            calendar.begins(moment.round + 1) - datetime.timedelta(1),
            party,
            names,
            _whole(chances),
            baselines,
            self.drivers(table[likeliest]),
        )

    def question(self, asked: Question, rounds: int, exact: Floats | None) -> QuestionOutlook:
        """`exact` [b], for the draws that could follow the record."""
        scenario, first = self.coded.scenario, self.standing.round - self.standing.ahead
        if exact is None:
            path = instants(scenario, self.played.moments, first)
            came = happens(scenario, bounded(asked.event, rounds), path)[self.kept].astype(float)
            n = len(came)
            chance, drivers = self.chance((came * n + 0.5) / (n + 1)), self.drivers(came)
        else:
            solved = np.isfinite(exact)
            values = exact[solved]
            chance, drivers = self._chance(values, values), self._drivers(values, self.good[solved])
        calendar = self.coded.timetable
        return QuestionOutlook(
            asked.text,
            chance,
            rounds,
            calendar.begins(first + rounds) - datetime.timedelta(1),
            {"base rates": self._rate(asked, rounds)},
            drivers,
            exact is not None,
        )

    def chance(self, row: Floats) -> Chance:
        """From one number for each path that was kept."""
        return self._chance(row, self._by_draw(row))

    def _chance(self, row: Floats, means: Floats) -> Chance:
        error = float(means.std(ddof=1) / np.sqrt(len(means))) if len(means) > 1 else float("nan")
        low, high = (float(v) for v in np.quantile(means, [0.05, 0.95]))
        return Chance(float(row.mean()), error if np.isfinite(error) else 0.0, low, high)

    def drivers(self, row: Floats) -> tuple[tuple[str, float], ...]:
        """From one number for each path that was kept."""
        return self._drivers(self._by_draw(row), np.unique(self.owner))

    def _drivers(self, means: Floats, who: np.ndarray) -> tuple[tuple[str, float], ...]:
        if len(means) < 8 or means.std() == 0:
            return ()
        ranks = _ranks(means)
        found = [
            (name, float(np.corrcoef(_ranks(values[who]), ranks)[0, 1]))
            for name, values in self.draws.items()
            if values[who].std() > 0
        ]
        return tuple(sorted(found, key=lambda pair: -abs(pair[1]))[:DRIVERS])

    def _by_draw(self, row: Floats) -> Floats:
        """[b] means over each draw's paths."""
        _, where, count = np.unique(self.owner, return_inverse=True, return_counts=True)
        return np.bincount(where, row) / count

    def _seen(self, party: str, turn: int) -> int:
        """The last round, from zero, in which the party's choice at a turn is known; the one before the first if none."""
        rounds = [
            s.round for s in self.coded.steps if s.turn == turn and any(m.party == party for m in s.moves)
        ]
        return max(rounds, default=-1)

    def _rate(self, asked: Question, rounds: int) -> float:
        """Share of earlier spans of as many rounds in which the same would have come true."""
        came = [
            bool(happens(self.coded.scenario, asked.event, path)[0])
            for path in recorded_instants(self.coded, rounds)
        ]
        return (sum(came) + 0.5) / (len(came) + 1)


def _smoothed(table: Floats, weight: float | None = None) -> Floats:
    """[k, n] with one path's worth spread over everything, so that what no path showed is not called impossible."""
    n = float(table.shape[1]) if weight is None else weight
    return (table * n + 1 / len(table)) / (n + 1)


def _whole(chances: Sequence[Chance]) -> tuple[Chance, ...]:
    """The same, summing to one."""
    total = sum(c.probability for c in chances)
    return tuple(Chance(c.probability / total, c.error, c.low, c.high) for c in chances)


def _ranks(values: Floats) -> Floats:
    return np.argsort(np.argsort(values, kind="stable"), kind="stable").astype(float)
