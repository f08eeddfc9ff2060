"""The typical path of long talks: the likeliest moves turn after turn, and the decision that is explained along it.

Receives a solved world of talks and the party whose decision is in question; returns the turns of the path, and adds to a
chain of reasons what the path comes to and why the party decides as it does where the path has led. Beliefs go by Bayes'
rule; strategies between the nodes of the grid are solved anew at the beliefs in question.

The likeliest path is one path: in long talks it is typical of play, not probable, and the reasons say how likely it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from goodoffices.analyses.why_chain import NOTABLE, Chain, Situation
from goodoffices.analyses.why_forms import Figure, listed, percent
from goodoffices.analyses.why_talks import TalksWorld
from goodoffices.certificates.recursive import Examiner
from goodoffices.claims.talks.reader import TalksReader
from goodoffices.games.recursive import Floats, begin_at

MOST_ROUNDS = 60
"""Rounds that a path of talks without end is followed."""
TOLD = 6
"""Changes of state that a sentence names."""


@dataclass(frozen=True, eq=False)
class Turning:
    """A turn of the likeliest path, before anybody moves."""

    round: int
    """From zero."""
    place: int
    beliefs: tuple[Floats, ...]
    """[p][type] public beliefs."""
    probability: float
    """That play comes here along just this path."""
    moves: dict[str, tuple[str, float]]
    """Party that has a choice -> its likeliest move, and how likely it is."""


def typical_path(world: TalksWorld) -> tuple[Turning, ...]:
    """The turns of the likeliest path, until the talks are over or their rounds are.

    At every turn all movers make their likeliest move as the public expects it, and chance draws its likeliest outcome.
    """
    solution, of = world.solution, world.reader.of
    game, examiner = solution.game, Examiner(solution)
    with np.errstate(divide="ignore"):
        logs = [np.log(prior) for prior in solution.data.prior]
    rounds = MOST_ROUNDS if solution.rounds is None else solution.rounds
    r, place, reached = 0, game.start, 1.0
    out: list[Turning] = []
    while r < rounds and not of.places[place][2]:
        slot = int(game.place_slot[place])
        movers = game.slots[slot]
        beliefs = tuple(np.exp(log[:, 0]) for log in logs)
        points = np.concatenate([examiner.play.coordinates(p, log) for p, log in enumerate(logs)])
        strategies, _ = examiner.strategies(r if solution.rounds is not None else 0, place, points)
        choices, rows = examiner.play.choices, examiner.play.rows(place)
        moves: dict[str, tuple[str, float]] = {}
        made: list[int] = []
        before = reached
        for j, party in enumerate(movers):
            mine = np.flatnonzero(choices.mover[rows] == j)
            own = strategies[mine, : game.types[party], 0]
            chance = (np.exp(own) * beliefs[party]).sum(1)
            best = int(np.argmax(chance))
            made.append(int(rows[mine[best]]))
            reached *= float(chance[best])
            mover = of.scenario.turns[slot].movers[j]
            if len(mine) > 1:
                moves[mover.party] = mover.moves[int(choices.move[made[j]])].name, float(chance[best])
            after = logs[party][:, 0] + own[best]
            logs[party] = (after - np.logaddexp.reduce(after))[:, None]
        out.append(Turning(r, place, beliefs, before, moves))
        actions = np.flatnonzero(game.action_place == place)
        same = (choices.of_action[actions, : len(made)] == np.array(made, dtype=np.int64)).all(1)
        edges = np.flatnonzero(game.edge_action == actions[same][0])
        odds = solution.data.odds[edges, 0]
        reached *= float(odds.max())
        place = int(game.edge_to[edges[int(np.argmax(odds))]])
        r += slot == len(game.slots) - 1
    return tuple(out)


def world_at(world: TalksWorld, turn: Turning) -> TalksWorld:
    """What is left of a solved world at a turn of its path, as a world that begins there."""
    solution = world.solution
    rest = begin_at(
        solution,
        round=turn.round,
        place=turn.place,
        beliefs=tuple(belief[:, None] for belief in turn.beliefs),
        root=np.full_like(solution.root, np.nan),  # nobody reads it, and it is not that of the outset
    )
    return TalksWorld(TalksReader(replace(world.reader.of, game=rest.game)), rest, world.draws)


class Along:
    """Adds what the typical path comes to, and why a party decides as it does where the path has led."""

    def __init__(self, chain: Chain, world: TalksWorld) -> None:
        self.chain, self.world = chain, world
        self.path = typical_path(world)

    def tell(self, party: str) -> None:
        """Add the links: the path, and the party's decision at one of its later turns."""
        own = [turn for turn in self.path if party in turn.moves]
        later = [turn for turn in own if turn.round > own[0].round] if own else []
        if self.path[-1].round == 0:
            return
        self._path()
        if not later:
            return
        first = own[0].moves[party][0]
        # Where the party has come to do something else; where it never does, half-way.
        turn = next((t for t in later if t.moves[party][0] != first), later[len(later) // 2])
        words = f"in round {turn.round + 1} of the likeliest path"
        self._standing(turn, words)
        at = Situation(world_at(self.world, turn), (), words, later=True)
        self.chain.decision(party, turn.moves[party][0], at)

    def _path(self) -> None:
        """What the likeliest path leads to, round after round."""
        scenario, places = self.chain.scenario, self.world.reader.of.places
        states = [(turn.round, places[turn.place][1]) for turn in self.path]
        parts: list[str] = []
        figures: list[Figure] = []
        changed: dict[str, None] = {}
        for (r, before), (_, after) in pairwise(states):
            for factor, one, two in zip(scenario.factors, before, after, strict=True):
                if one != two:
                    parts.append(f"{factor.name} becomes {factor.levels[two]} in round {r + 1}")
                    figures.append(
                        Figure(f"round in which {factor.name} becomes {factor.levels[two]}", r + 1, "rounds")
                    )
                    changed[factor.name] = None
        more = len(parts) - TOLD
        told = [*parts[:TOLD], *([f"{more} more changes follow"] if more > 0 else [])]
        last = self.path[-1]
        verb = "is followed for" if self.world.solution.rounds is None else "lasts"
        text = (
            "Along the likeliest path, on which everybody makes the likeliest move at every turn, "
            f"{listed(told) or 'no public state ever changes'}; it {verb} {last.round + 1} rounds and is taken as a whole "
            f"with {percent(last.probability)}."
        )
        figures.append(Figure("probability of the likeliest path", last.probability, "probability"))
        self.chain.add("path", text, figures, [("public state", name) for name in changed])

    def _standing(self, turn: Turning, words: str) -> None:
        """What is believed where the path has led."""
        scenario, of = self.chain.scenario, self.world.reader.of
        names = of.game.players
        for d in scenario.types:
            p = names.index(d.party)
            row = of.profiles.rows()[f"{d.party}.{d.name}"]
            share = [0.0] * len(d.levels)
            for own, weight in enumerate(turn.beliefs[p].tolist()):
                share[int(row[np.flatnonzero(of.game.profile_types[p] == own)[0]])] += weight
            start = [0.0] * len(d.levels)
            for own, weight in enumerate(self.path[0].beliefs[p].tolist()):
                start[int(row[np.flatnonzero(of.game.profile_types[p] == own)[0]])] += weight
            most = int(np.argmax(np.abs(np.array(share) - np.array(start))))
            if abs(share[most] - start[most]) < NOTABLE:
                continue
            level = d.levels[most]
            self.chain.add(
                "belief",
                f"By then {self.chain.labels[d.party]} is held for {level} with {percent(share[most])}, and with "
                f"{percent(start[most])} at the outset.",
                [
                    Figure(f"belief({d.party} {level}) {words}", share[most], "probability"),
                    Figure(f"belief({d.party} {level}) at the outset", start[most], "probability"),
                ],
                [("type", f"{d.party}.{d.name}")],
            )
