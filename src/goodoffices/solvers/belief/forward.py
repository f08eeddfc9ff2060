"""Play forward from a distribution over (state, beliefs): exact, with equal states merged.

Receives a solution that kept its values, and a draw; returns what play can come to after some slots, each outcome with its
public beliefs and its probability together with every type profile. Strategies between the nodes are solved
anew at the beliefs in question from the stored values, starting from the interpolated ones.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from goodoffices.certificates.recursive import Examiner
from goodoffices.core.diagnostics import refuse
from goodoffices.games.recursive import Floats, Ints, RecursiveData, RecursiveSolution

DIGITS = 12
"""Beliefs that agree to so many digits are the same state."""
MOST_STATES = 20_000


@dataclass(frozen=True, eq=False)
class Front:
    """A distribution over what is publicly known at one slot of a round; index letter n state, k type profile."""

    round: int
    slot: int
    place: Ints
    """[n]"""
    beliefs: Floats
    """[axis, n] coordinates of public beliefs, as in the solution's `axes`."""
    probability: Floats
    """[n, k] probability of the state together with each type profile; sums to one over both."""

    @property
    def total(self) -> Floats:
        """[n] probability of each state."""
        return self.probability.sum(1)


Imposed = Callable[[int, int, Sequence[int]], int | None]
"""(round, place, actions) -> the action that is imposed there, or None. Nothing is learned from an imposed action."""


def start_front(solution: RecursiveSolution, *, draw: int = 0) -> Front:
    """The outset: the start with the prior."""
    examiner = Examiner(one_draw(solution, draw))
    prior = [p[:, draw] for p in solution.data.prior]
    with np.errstate(divide="ignore"):
        points = [examiner.play.coordinates(p, np.log(b)[:, None]) for p, b in enumerate(prior)]
    weights = np.ones(solution.game.profiles)
    for p, b in enumerate(prior):
        weights = weights * b[solution.game.profile_types[p]]
    return Front(0, 0, np.array([solution.game.start]), np.concatenate(points), weights[None])


def play_forward(
    solution: RecursiveSolution,
    *,
    slots: int,
    draw: int = 0,
    front: Front | None = None,
    imposed: Imposed | None = None,
) -> list[Front]:
    """The front at the beginning (the outset where none is given) and after each of a number of slots.

    Raises:
        Refusal: `too-many-states` where more than `MOST_STATES` would have to be kept apart.
        ValueError: The solution kept no values, or ends before.
    """
    if not solution.log_choice:
        raise ValueError("play needs a solution that kept its values")
    examiner = Examiner(one_draw(solution, draw))
    fronts = [front or start_front(solution, draw=draw)]
    for _ in range(slots):
        if solution.rounds is not None and fronts[-1].round >= solution.rounds:
            raise ValueError(f"the talks end after {solution.rounds} rounds")
        fronts.append(_step(examiner, fronts[-1], imposed))
    return fronts


def _step(examiner: Examiner, front: Front, imposed: Imposed | None) -> Front:
    """One slot further; equal states (the same place and beliefs) are merged."""
    game, solution = examiner.game, examiner.solution
    r = front.round if solution.rounds is not None else 0
    movers = game.slots[front.slot]
    merged: dict[tuple[int, bytes], tuple[Floats, Floats]] = {}
    for place in np.unique(front.place).tolist():
        here = np.flatnonzero(front.place == place)
        points, chance = front.beliefs[:, here], front.probability[here]
        logs, good = examiner.strategies(r, place, points)
        if not good.all():
            raise refuse(
                "not-solved", f"the turn at {game.label(place)} was not solved at a belief between the nodes"
            )
        beliefs = examiner.play.log_beliefs(points)
        rows = examiner.play.rows(place)
        actions = np.flatnonzero(game.action_place == place).tolist()
        forced = imposed(front.round, place, actions) if imposed is not None else None
        for a in actions:
            share, after = np.ones_like(chance), points.copy()
            for j, party in enumerate(movers):
                if forced is not None:
                    continue
                own = logs[
                    int(np.searchsorted(rows, examiner.play.choices.of_action[a, j])), : game.types[party]
                ]
                share = share * np.exp(own)[game.profile_types[party]].T
                after[examiner.play.axes[party]] = examiner.play.coordinates(party, beliefs[party] + own)
            if forced is not None and a != forced:
                continue
            for e in np.flatnonzero(game.edge_action == a).tolist():
                weight = chance * share * solution.data.odds[e]
                to = int(game.edge_to[e])
                for n in np.flatnonzero(weight.any(1)).tolist():
                    at = after[:, n]
                    key = (to, (np.round(at, DIGITS) + 0.0).tobytes())
                    known = merged.get(key)
                    merged[key] = (at, weight[n]) if known is None else (known[0], known[1] + weight[n])
        if len(merged) > MOST_STATES:
            raise refuse(
                "too-many-states",
                f"in round {front.round + 1} there are more than {MOST_STATES:,} states of play and belief",
                hint="look fewer rounds ahead, or simulate",
            )
    last = front.slot == len(game.slots) - 1
    keys = sorted(merged)
    return Front(
        front.round + last,
        0 if last else front.slot + 1,
        np.array([key[0] for key in keys], dtype=np.int64),
        np.stack([merged[key][0] for key in keys], 1),
        np.stack([merged[key][1] for key in keys]),
    )


def one_draw(solution: RecursiveSolution, draw: int) -> RecursiveSolution:
    """The solution of one draw, its axis of draws of length one."""

    def cut(levels: tuple[tuple[Floats, ...], ...]) -> tuple[tuple[Floats, ...], ...]:
        return tuple(tuple(array[..., draw : draw + 1] for array in level) for level in levels)

    data = solution.data
    part = RecursiveData(
        data.payoff[..., draw : draw + 1],
        data.odds[..., draw : draw + 1],
        data.end[..., draw : draw + 1],
        tuple(p[..., draw : draw + 1] for p in data.prior),
        data.rationality[..., draw : draw + 1],
        data.discount[..., draw : draw + 1],
    )
    return dataclasses.replace(
        solution,
        data=part,
        root=solution.root[:, draw : draw + 1],
        values=cut(solution.values),
        log_choice=cut(solution.log_choice),
        posterior=cut(solution.posterior),
        status=solution.status[draw : draw + 1],
    )
