"""Synthetic records: histories drawn from a scenario itself, coded as a real record is.

Receives a scenario with a `record:` section and a solution; returns coded records of complete rounds, one for each draw of
the parameters. They are what calibration and predictive checks run on.
"""

from __future__ import annotations

import datetime
from dataclasses import replace

import numpy as np

from goodoffices.compiler.recursive import ScenarioRound
from goodoffices.games.recursive import RecursiveSolution
from goodoffices.inference.coding import CodedMove, CodedRecord, Step, code_record
from goodoffices.inference.posterior_play import Moment, Paths, play_on
from goodoffices.records.event import Record


def synthetic_records(
    compiled: ScenarioRound, solution: RecursiveSolution, *, rounds: int, seed: int
) -> list[CodedRecord]:
    """One record of so many rounds for each draw of the solution.

    Raises:
        Refusal: as `code_record`.
        ValueError: A path came to a turn that could not be solved.
    """
    lanes = np.arange(solution.data.discount.shape[-1])
    rng = np.random.default_rng([seed, 23])
    paths = play_on(compiled, solution, lanes=lanes, rng=rng, until=rounds)
    if paths.lost.any():
        raise ValueError(f"{int(paths.lost.sum())} synthetic records came to a turn that could not be solved")
    empty = code_record(compiled.scenario, Record(()))
    return [_coded(compiled, empty, paths, n, rounds) for n in range(len(lanes))]


def _coded(compiled: ScenarioRound, empty: CodedRecord, paths: Paths, n: int, rounds: int) -> CodedRecord:
    steps = tuple(_step(compiled, m, n) for m in paths.moments if not m.over[n])
    state = tuple(int(v) for v in paths.moments[-1].states[n])
    return replace(
        empty,
        steps=steps,
        fates=(),
        problems=(),
        last_day=empty.timetable.begins(rounds) - datetime.timedelta(1),
        round=rounds,
        turn=0,
        state=state,
        over=any(bool(m.over[n]) for m in paths.moments),
    )


def _step(compiled: ScenarioRound, moment: Moment, n: int) -> Step:
    turn = compiled.scenario.turns[moment.turn]
    moves = tuple(
        CodedMove(mover.party, mover.moves[index].name, index, ())
        for mover in turn.movers
        for index in [int(moment.moves[mover.party][n])]
    )
    count = int(moment.options[n])
    names = tuple(f"outcome {i + 1}" for i in range(count)) if count > 1 else ("",)
    option = int(moment.option[n])
    return Step(
        moment.round,
        moment.turn,
        compiled.places[int(moment.place[n])][1],
        moves,
        option,
        names[option],
        names,
        (),
        tuple(int(v) for v in moment.states[n]),
        False,
    )
