"""Independent evidence for a solution of the recursive form.

Receives the arrays of a solution; returns a `BeliefCertificate`. Three things are computed anew from the definitions, by
code that shares nothing with a solver: whether choices on the grid are logit choices by the stored values that follow,
with posteriors by Bayes' rule; whether the stored values are what those choices give; and, at sampled beliefs between the
nodes, how far the interpolated values are from those of the turn solved anew there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goodoffices.certificates.stages import Interpolant, Play
from goodoffices.games.recursive import BeliefCertificate, Floats, RecursiveSolution, reachable

NEWTON_STEPS = 40
DIFFERENCE = 1e-6
"""Step of the numerical derivatives, which only steer Newton's method."""
SOLVED = 1e-9


def certify_recursive(
    solution: RecursiveSolution, *, samples: int = 64, seed: int = 0, rounds: int | None = None
) -> BeliefCertificate:
    """Certify a solution that kept its values.

    Args:
        solution: With values, choices and posteriors.
        samples: Number of (round, place, belief) sampled off the grid, for every draw the same.
        seed: Of the samples.
        rounds: Check the cells of this many rounds, spread evenly, instead of all.

    Raises:
        ValueError: The solution kept no values.
    """
    if not solution.log_choice:
        raise ValueError("a solution without its values cannot be certified")
    with np.errstate(invalid="ignore", over="ignore"):
        return Examiner(solution).certify(samples, np.random.default_rng(seed), rounds)


class Examiner:
    """A solution's arrays, ready to be computed anew: at cells of the grid, and at any belief."""

    def __init__(self, solution: RecursiveSolution) -> None:
        self.solution, self.game = solution, solution.game
        self.play = Play(solution.game, solution.data, solution.axes)
        self.draws = solution.data.discount.shape[-1]
        self.length = len(solution.log_choice)
        live = reachable(solution.game, self.length if solution.rounds else len(solution.game.place_slot))
        # Open-ended talks are stored as one round: a place counts if play can ever come to it.
        self.live: NDArray[np.bool_] = live if solution.rounds else np.repeat(live.any(0), 1).reshape(1, -1)
        shape = (*(len(n) for n in solution.axes), self.draws)
        mesh: list[Floats] = list(np.meshgrid(*solution.axes, indexing="ij")) if solution.axes else []
        self.cells = np.zeros((len(mesh), *shape)) + (
            np.stack(mesh)[..., None] if mesh else np.zeros((0, *shape))
        )
        self.kept: dict[tuple[int, int], list[Interpolant]] = {}

    def certify(self, samples: int, rng: np.random.Generator, rounds: int | None) -> BeliefCertificate:
        logit, belief, value = (np.zeros(self.draws) for _ in range(3))
        wanted = range(self.length)
        if rounds is not None and rounds < self.length:
            wanted = np.unique(np.linspace(0, self.length - 1, rounds).round().astype(int)).tolist()
        for r in wanted:
            for place in np.flatnonzero(self.live[r]).tolist():
                found = self.on_grid(r, place)
                logit, belief, value = (
                    np.maximum(a, b) for a, b in zip((logit, belief, value), found, strict=True)
                )
        off = self.off_grid(samples, rng)
        return BeliefCertificate(
            logit, belief, value, off.max(0, initial=0.0), off.mean(0) if len(off) else logit * 0, len(off)
        )

    def following(self, r: int, slot: int) -> list[Interpolant]:
        """The values of the places of the next slot."""
        values = self.solution.values
        last = slot == len(self.game.slots) - 1
        ahead = (r + 1 if self.solution.rounds else r, 0) if last else (r, slot + 1)
        if ahead not in self.kept:
            if len(self.kept) > 2:
                self.kept.clear()
            table = values[ahead[0]][ahead[1]]
            self.kept[ahead] = [Interpolant(v, self.solution.axes) for v in table]
        return self.kept[ahead]

    def here(self, r: int, place: int) -> tuple[Floats, Floats, Floats]:
        """Stored values [v, g..., b], log choices [choice, type, ...] and posteriors of a place."""
        slot = int(self.game.place_slot[place])
        rows = self.play.rows(place)
        first = int(np.searchsorted(self.play.choices.place, self.play.first[slot]))
        mine = slice(rows[0] - first, rows[-1] + 1 - first) if len(rows) else slice(0, 0)
        values = self.solution.values[r][slot][place - self.play.first[slot]]
        return values, self.solution.log_choice[r][slot][mine], self.solution.posterior[r][slot][mine]

    def on_grid(self, r: int, place: int) -> tuple[Floats, Floats, Floats]:
        values, logs, posterior = self.here(r, place)
        slot = int(self.game.place_slot[place])
        turn = self.play.turn(place, self.cells, logs, self.following(r, slot))
        axes = tuple(range(turn.value.ndim - 1))
        error = _worst(np.abs(turn.value - values), axes)
        logit, belief = np.zeros(self.draws), np.zeros(self.draws)
        for party, rows in self.movers(place):
            types = self.game.types[party]
            precision = self.precision(r, party)
            level = logs[rows, :types] - precision * turn.choice_worth[rows, :types]
            spread = level.max(0) - level.min(0)
            total = np.log(np.exp(logs[rows, :types]).sum(0))
            logit = np.maximum(
                logit, _worst(np.maximum(spread, np.abs(total)), tuple(range(spread.ndim - 1)))
            )
            for n in rows:
                bayes = self.play.coordinates(party, turn.posterior[n, :types])
                used = posterior[n, : types - 1]
                if len(bayes):
                    belief = np.maximum(belief, _worst(np.abs(bayes - used), tuple(range(bayes.ndim - 1))))
        return logit, belief, error

    def precision(self, r: int, party: int) -> Floats:
        """[b] rationality of a party in a round."""
        fade = self.solution.data.discount ** (r if self.solution.from_outset else 0)
        return fade * self.solution.data.rationality[party]

    def movers(self, place: int) -> list[tuple[int, np.ndarray]]:
        """Parties that move at a place, each with its choices counted within the place."""
        rows = self.play.rows(place)
        party = self.play.choices.party[rows]
        return [(int(p), np.flatnonzero(party == p)) for p in dict.fromkeys(party.tolist())]

    def off_grid(self, samples: int, rng: np.random.Generator) -> Floats:
        """[sample, b] differences between interpolated values and the turn solved anew."""
        if not self.solution.axes or not samples:
            return np.zeros((0, self.draws))
        pairs = np.argwhere(self.live[: self.length])
        chosen = pairs[np.sort(rng.integers(len(pairs), size=samples))]
        out = np.zeros((samples, self.draws))
        for n, (r, place) in enumerate(chosen.tolist()):
            point = np.repeat(rng.uniform(size=(len(self.solution.axes), 1)), self.draws, axis=1)
            values, _, _ = self.here(r, place)
            following = self.following(r, int(self.game.place_slot[place]))
            solved, good = self.strategies(r, place, point)
            anew = self.play.turn(place, point, solved, following).value
            stored = Interpolant(values, self.solution.axes).at(point)
            out[n] = np.where(good, np.abs(anew - stored).max(0), np.inf)
        finite = np.isfinite(self.solution.root).all(0)
        return np.where(finite, out, np.nan)

    def strategies(self, r: int, place: int, point: Floats) -> tuple[Floats, np.ndarray]:
        """Log strategies [choice, k, b] at coordinates [axis, b], by Newton's method from the interpolated ones, and
        whether it arrived [b]. Of a solution of one draw, b may be any number of beliefs."""
        values, logs, _ = self.here(r, place)
        start = Interpolant(logs.reshape(-1, *values.shape[1:]), self.solution.axes).at(point)
        following = self.following(r, int(self.game.place_slot[place]))
        return self._solve(r, place, point, start.reshape(*logs.shape[:2], point.shape[-1]), following)

    def _solve(
        self, r: int, place: int, point: Floats, logs: Floats, following: list[Interpolant]
    ) -> tuple[Floats, np.ndarray]:
        """Logit choice at one belief, by Newton's method with numerical derivatives, for every draw."""
        count = point.shape[-1]
        who = self.movers(place)
        real = [(n, k) for p, rows in who for n in rows for k in range(self.game.types[p])]
        index = tuple(np.array(real, dtype=np.int64).reshape(-1, 2).T)

        def respond(x: Floats) -> Floats:
            """[unknown, ..., b] what is chosen against them; several at once cost little more than one."""
            wide = (x.shape[1], count) if x.ndim == 3 else (count,)
            table = np.broadcast_to(
                logs if x.ndim == 2 else logs[:, :, None], (*logs.shape[:2], *wide)
            ).copy()
            table[index] = x
            where = np.broadcast_to(point if x.ndim == 2 else point[:, None], (len(point), *wide))
            worth = self.play.turn(place, where, table, following).choice_worth
            for party, rows in who:
                types = self.game.types[party]
                u = self.precision(r, party) * worth[rows, :types]
                table[rows, :types] = u - np.logaddexp.reduce(u, 0)
            return table[index]

        x = respond(logs[index])
        good = np.full(count, not len(x))
        nudges = DIFFERENCE * np.eye(len(x))[..., None]
        for _ in range(NEWTON_STEPS if len(x) else 0):
            image = respond(x)
            good = np.abs(x - image).max(0) <= SOLVED * (1 + np.abs(x).max(0))
            if good.all():
                break
            gaps = x[:, None] + nudges
            gaps = gaps - respond(gaps)
            jacobian = np.moveaxis((gaps - (x - image)[:, None]) / DIFFERENCE, 2, 0)
            fine = np.isfinite(jacobian).all((1, 2))
            jacobian[~fine] = np.eye(len(x))
            step = np.linalg.solve(jacobian, (x - image).T[..., None])[..., 0].T
            size = np.abs(step).max(0)
            x = np.where(good, x, x - step * np.minimum(1.0, 2.0 / np.maximum(size, 1e-300)))
        out = logs.copy()
        out[index] = x
        return out, good


def _worst(array: Floats, axes: tuple[int, ...]) -> Floats:
    """Maximum over axes; nan where anything is."""
    return array.max(axes, initial=0.0)
