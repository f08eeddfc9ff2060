"""Where play stands on a day of the record, and how questions are asked from there.

Receives what following a record came to; returns the same as a game that begins there, what is left of the solution that
the record was followed with, or a front that is played forward through it.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace

import numpy as np

from goodoffices.certificates.stages import Interpolant, Play
from goodoffices.compiler.recursive import Place
from goodoffices.games.recursive import Floats, RecursiveData, RecursiveGame, RecursiveSolution, begin_at
from goodoffices.solvers.belief.forward import Front

Beliefs = tuple[Floats, ...]
"""[p][type, b] public beliefs about each party's types."""


@dataclass(frozen=True, eq=False)
class Standing:
    """State and beliefs that a record had produced when a day ended; index letters p party, b draw."""

    day: datetime.date
    round: int
    """From zero, counted from the record's first."""
    ahead: int
    """One where every turn of a round that is not over yet has been played, so that the next round's first turn comes
    next; the `by DATE` of a question counts from the round that is not over, and reaches so many rounds less far."""
    rounds_left: int | None
    """Rounds of the whole game from this one on, this one included; None without end."""
    place: Place
    """Turn that comes next, state, whether the talks are over, no imposed moves; as in `ScenarioRound.places`."""
    index: int
    """Of the place in the round that was followed."""
    beliefs: Beliefs
    """[p][type, b]"""
    weight: Floats
    """[b] probability of the record's complete rounds: draws are worth so much more than others after the record."""

    def game(self, game: RecursiveGame) -> RecursiveGame:
        """The round's game, beginning here; to be solved for `rounds_left` rounds."""
        return replace(game, start=self.index)

    def data(self, data: RecursiveData) -> RecursiveData:
        """The game's numbers with what is believed here in the place of the prior."""
        return replace(data, prior=self.beliefs)

    def rest(self, solution: RecursiveSolution) -> RecursiveSolution:
        """What is left of the solution that the record was followed with, as the solution of a game that begins here."""
        r = 0 if solution.rounds is None else self.round
        slot = int(solution.game.place_slot[self.index])
        play = Play(solution.game, solution.data, solution.axes)
        with np.errstate(divide="ignore"):
            points = np.concatenate([play.coordinates(p, np.log(b)) for p, b in enumerate(self.beliefs)])
        worth = solution.values[r][slot][self.index - play.first[slot]]
        root = Interpolant(worth, solution.axes).at(points)
        return begin_at(solution, round=self.round, place=self.index, beliefs=self.beliefs, root=root)

    def front(self, solution: RecursiveSolution, *, draw: int = 0) -> Front:
        """One draw of it, to be played forward through the solution that the record was followed with."""
        play = Play(solution.game, solution.data, solution.axes)
        with np.errstate(divide="ignore"):
            points = [
                play.coordinates(p, np.log(belief[:, draw : draw + 1]))
                for p, belief in enumerate(self.beliefs)
            ]
        weights = np.ones(solution.game.profiles)
        for p, belief in enumerate(self.beliefs):
            weights = weights * belief[solution.game.profile_types[p], draw]
        slot = int(solution.game.place_slot[self.index])
        return Front(self.round, slot, np.array([self.index]), np.concatenate(points), weights[None])
