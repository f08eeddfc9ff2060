"""Newton's equations with the log strategies as unknowns: more of them, and far less curved.

Receives what an `Engine` has; is used like one. With beliefs as unknowns a point is judged by playing the whole game
backward from them, so that a small error in one belief is multiplied by rationality times stake at every turn above it:
in long games with much at stake the largest entries of the Jacobian grow exponentially with depth, though its inverse
does not, and Newton's method converges only within a distance that shrinks in proportion. With the strategies of every
information set as unknowns each is compared with the logit response to the *others as they are*, so that no error is
multiplied more than once. The linear systems are eliminated by the same sweep, at the same cost. The device is the
lifted Newton method (Albersmeyer and Diehl 2010), or multiple instead of single shooting.
"""

from __future__ import annotations

import numpy as np

from goodoffices.solvers.engine import LARGEST_SHARED_WORK, Engine, Floats, Point, Structure, structure_of
from goodoffices.solvers.passes import LevelNumbers, backward, forward, responses
from goodoffices.solvers.sweep import sweep_strategies


def lift(engine: Engine) -> Lifted | None:
    """The same equations in log strategies; None where they are so already, or public states are too large to eliminate."""
    structure = engine.structure
    if isinstance(engine, Lifted) or structure.method == "krylov" or not structure.layout.beliefs:
        return None
    if structure.method != "sweep":
        structure = structure_of(structure.layout, method="sweep")
        if structure.bags is None or structure.bags.work > LARGEST_SHARED_WORK:
            return None
    return Lifted(structure, engine.numbers)


class Lifted(Engine):
    """Residuals and Newton directions in log strategies.

    The z of its points are log strategies [c, b], one level after another, zero where no choice is.
    """

    def __init__(self, structure: Structure, numbers: tuple[LevelNumbers, ...]) -> None:
        """The method of the structure is `sweep`; the numbers are those of an engine of the same layout."""
        self.structure = structure
        self.layout = structure.layout
        self.numbers = numbers
        self.cuts = np.cumsum([level.choices for level in self.layout.levels])[:-1]

    def start(self, draws: int) -> Floats:
        """Uniform play [c, b]."""
        nothing = tuple(np.zeros((level.choices, draws)) for level in self.layout.levels)
        return self._pack(self._responses(nothing, np.zeros((self.structure.players, draws))))

    def at(self, z: Floats, rationality: Floats) -> Point:
        """Evaluate log strategies z [c, b] (normalised here) at rationality [p, b]."""
        s = self.structure
        # The logit response at rationality one to utilities z is z itself, normalised.
        played = self._responses(tuple(np.split(z, self.cuts)), np.ones_like(rationality))
        belief = forward(s.layout, s.at, self.numbers, played)
        plays, values = backward(s.layout, s.at, self.numbers, belief, rationality, given=played)
        target = self._pack(self._responses(tuple(p.quality for p in plays), rationality))
        z = self._pack(played)
        return Point(z, rationality, plays, values, belief, z - target)

    def drift(self, point: Point, d_rationality: Floats) -> Floats:
        """[c, b] derivative of the residual along a change [p, b] of rationality."""
        target = np.exp(self._target(point))
        cut = tuple(np.split(target, self.cuts))
        out = []
        for level, play, odds in zip(self.layout.levels, point.plays, cut, strict=True):
            for block in level.blocks:
                if block.player >= 0:
                    shape = (block.moves, block.sets, -1)
                    quality = play.quality[block.choices].reshape(shape)
                    mean = (odds[block.choices].reshape(shape) * quality).sum(axis=0)
                    change = d_rationality[block.player] * (quality - mean)
                    out.append(change.reshape(block.moves * block.sets, -1))
        return -np.concatenate(out, axis=0) * self._exists(point)

    def solve(self, point: Point, columns: Floats) -> Floats:
        """Solve J dx = -columns for [c, q, b]; not-a-number where the matrix is singular."""
        s = self.structure
        try:
            found = sweep_strategies(
                s.layout,
                s.at,
                s.sweep_at,
                self.numbers,
                point.plays,
                point.rationality,
                tuple(np.split(self._target(point), self.cuts)),
                tuple(np.split(columns, self.cuts)),
            )
        except np.linalg.LinAlgError:
            return np.full_like(columns, np.nan)
        return found * self._exists(point)[:, None]

    def in_beliefs(self, point: Point) -> Point:
        """The same point as an `Engine` describes it: z are Bayes' log beliefs."""
        return point._replace(z=point.belief)

    def _responses(self, quality: tuple[Floats, ...], rationality: Floats) -> tuple[Floats, ...]:
        return responses(self.layout, self.numbers, quality, rationality)

    def _pack(self, logs: tuple[Floats, ...]) -> Floats:
        joined = np.concatenate(logs, axis=0)
        return np.where(np.isneginf(joined), 0.0, joined).astype(np.float64, copy=False)

    def _exists(self, point: Point) -> Floats:
        """[c, b] one where a choice may be made, else zero."""
        logs = np.concatenate([p.log_choice for p in point.plays], axis=0)
        return np.where(np.isneginf(logs), 0.0, 1.0).astype(np.float64, copy=False)

    def _target(self, point: Point) -> Floats:
        """[c, b] the logit responses; -inf where no choice may be made."""
        out: Floats = np.where(self._exists(point) > 0, point.z - point.residual, -np.inf).astype(
            np.float64, copy=False
        )
        return out
