"""Who learns what: bits that each move gives away about its mover's type, and what knowing another's type is worth.

Receives a compiled scenario, draws and a solver; returns `Learning`. Refuses scenarios in which nothing is private.

Bits. A move leads the public from a belief b about its mover's types to a belief b'. What is learned is the divergence
sum b' log2(b'/b), never negative. Weighted by how often play comes there and summed over a decision's moves it is the mutual
information between the move and the type given the public history (Shannon 1948; Kullback and Leibler 1951); summed over
the whole game it is the entropy of the prior less the expected entropy at the end, and no more can be learned. Chance is
counted too where its odds depend on a type.

Knowing a type. Two games are compared with the one as it is, in both of which a party sees another's type before the first
round: in one everybody knows that it does (`known`: all play the equilibrium of that game), in the other nobody does and all
others go on as before (`secret`: the party alone answers their present play). Both are solved anew with the information sets of
the party divided by the other's type; nothing else of the game is changed. The value is the change of the party's expected
payoff at the outset. In secret it cannot be harmful to a party that chooses exactly (logit choices err, and may lose a
little); where it is known it can be, because the others act on its being known.

In talks on a grid of beliefs `known` is told of everybody's seeing the type: that is the same where nobody but the two
parties acts, and a third party sees it as well where one does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

import numpy as np
from numpy.typing import NDArray

from goodoffices.analyses.learning_bits import BitReader, Bits
from goodoffices.analyses.learning_known import solve_knowing
from goodoffices.analyses.learning_talks import TalksLearningReader
from goodoffices.analyses.levers_spread import Spread
from goodoffices.claims.survey import AnySolve, Form, Progress, Solve, survey
from goodoffices.claims.talks.form import Talks
from goodoffices.claims.worlds import AS_IS
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.scenario_tree import ScenarioTree
from goodoffices.core.diagnostics import refuse
from goodoffices.language.scenario import Scenario


@dataclass(frozen=True, eq=False)
class MoveLearning:
    """What a move gives away about the types of a party."""

    mover: str
    """The party that makes it; `chance` for what chance draws."""
    move: str
    label: str
    about: str
    """The party whose types are learned of."""
    bits: Spread
    """Expected bits over the whole game through this move."""
    uses: Spread
    """Expected number of times that it is made."""
    when_made: Spread
    """Bits each time that it is made; not a number where it never is."""


@dataclass(frozen=True, eq=False)
class TypeLearning:
    """What is learned of a party's types by the end."""

    party: str
    prior: Spread
    """Entropy of the prior, bits: all that could be learned."""
    learned: Spread
    """Expected bits learned over the whole game."""

    @property
    def share(self) -> float:
        """Bits learned on average as a share of those that could be."""
        return self.learned.mean / self.prior.mean if self.prior.mean > 0 else float("nan")


@dataclass(frozen=True, eq=False)
class Knowing:
    """What it is worth to a party to know another's type from the outset."""

    party: str
    about: str
    known: Spread
    """Utility: change of its value where everybody knows that it knows."""
    secret: Spread
    """Utility: change of its value where nobody else does."""
    others: Mapping[str, Spread]
    """Change of every other party's value where it is known."""


@dataclass(frozen=True, eq=False)
class Learning:
    """Who learns what."""

    scenario: Scenario
    moves: tuple[MoveLearning, ...]
    """The most informative first."""
    types: tuple[TypeLearning, ...]
    knowing: tuple[Knowing, ...]
    n: int
    """Draws made."""
    unsolved: int
    """Draws for which some game was not solved."""
    worst: Mapping[str, float]
    """Largest value of each part of the certificate over the games that were solved."""
    settings: Mapping[str, object] = field(default_factory=dict[str, object])


def find_learning(
    form: Form,
    draws: Mapping[str, Array],
    *,
    solve: AnySolve,
    seed: int = 1,
    progress: Progress | None = None,
) -> Learning:
    """What each move tells, and what knowing is worth.

    Args:
        form: the compiled scenario.
        draws: parameter -> [b], every parameter of the scenario.
        solve: of trees, solves a batch of any extensive game, as `solvers.solve_batch` does; of talks, their solver.
        seed: of the thinning of long talks' branches; trees need none.
        progress: called with the number of draws finished (of trees: of games in which types are seen) and their total.

    Raises:
        Refusal: `no-types` where nothing is private.
    """
    scenario = form.scenario
    if not scenario.types:
        raise refuse("no-types", "nothing is private in this scenario, so there is nothing to learn")
    if not isinstance(form, ScenarioTree):
        return _of_talks(form, draws, solve, seed, progress)
    notes = BitReader(form)
    found = survey(form, [], draws, solve=solve, look=notes.see)
    solved = found.solved[AS_IS]
    # The solver's type is the caller's promise: of a tree it solves any extensive game.
    knowing, good, worst = _knowing(form, draws, cast("Solve", solve), progress)
    worst = {name: max(value, worst.get(name, 0.0)) for name, value in found.worst.items()}
    return _learning(scenario, notes.finish(), knowing, solved, good=solved & good, worst=worst)


def _over(solved: NDArray[np.bool_]) -> Callable[[Array], Spread]:
    """Spreads over the draws [b] that were solved."""
    return lambda values: Spread(np.where(solved, values, np.nan))


def _learning(
    scenario: Scenario,
    bits: Bits,
    knowing: tuple[Knowing, ...],
    solved: NDArray[np.bool_],
    *,
    good: NDArray[np.bool_],
    worst: Mapping[str, float],
) -> Learning:
    """`solved` [b]: the scenario itself; `good` [b]: every game."""
    spread = _over(solved)
    return Learning(
        scenario,
        tuple(sorted(_moves(bits, spread), key=lambda m: (-m.bits.mean, m.mover, m.move, m.about))),
        tuple(TypeLearning(party, spread(a), spread(b)) for party, (a, b) in bits.types.items()),
        knowing,
        len(solved),
        int((~good).sum()),
        worst,
    )


def _moves(bits: Bits, spread: Callable[[Array], Spread]) -> list[MoveLearning]:
    out: list[MoveLearning] = []
    for (mover, move, label, about), (told, uses) in bits.moves.items():
        with np.errstate(invalid="ignore", divide="ignore"):
            each = np.where(uses > 0, told / uses, np.nan)
        out.append(MoveLearning(mover, move, label, about, spread(told), spread(uses), spread(each)))
    return out


def _knowing(
    form: ScenarioTree, draws: Mapping[str, Array], solve: Solve, progress: Progress | None
) -> tuple[tuple[Knowing, ...], NDArray[np.bool_], Mapping[str, float]]:
    """Every pair of a party and another's types, where all of its games were solved, and their certificates' worst."""
    scenario = form.scenario
    names = [party.name for party in scenario.parties]
    pairs = _pairs(scenario)
    found = solve_knowing(form, pairs, draws, solve=solve, progress=progress)
    out: list[Knowing] = []
    for party, about in pairs:
        change = found.known[party, about]
        others = {name: Spread(change[p]) for p, name in enumerate(names) if name != party}
        out.append(
            Knowing(
                party,
                about,
                Spread(change[names.index(party)]),
                Spread(found.secret[party, about]),
                others,
            )
        )
    return tuple(out), found.solved, found.worst


def _pairs(scenario: Scenario) -> list[tuple[str, str]]:
    """Every party that moves, with every other party that has a type."""
    names = [party.name for party in scenario.parties]
    informed = dict.fromkeys(d.party for d in scenario.types)
    moves = {m.party for turn in scenario.turns for m in turn.movers}
    return [(party, about) for about in informed for party in names if party != about and party in moves]


def _of_talks(
    form: Talks, draws: Mapping[str, Array], solve: AnySolve, seed: int, progress: Progress | None
) -> Learning:
    scenario, pairs = form.scenario, _pairs(form.scenario)
    names = [party.name for party in scenario.parties]
    notes = TalksLearningReader(scenario, pairs, seed=seed)
    found = survey(form, [], draws, solve=solve, watch=notes.see, progress=progress)
    solved = found.solved[AS_IS]
    spread = _over(solved)
    knowing: list[Knowing] = []
    for party, about in pairs:
        change = np.concatenate(notes.public[about], axis=-1)
        others = {name: spread(change[p]) for p, name in enumerate(names) if name != party}
        secret = spread(np.concatenate(notes.secret[party, about]))
        knowing.append(Knowing(party, about, spread(change[names.index(party)]), secret, others))
    return _learning(scenario, notes.bits(found), tuple(knowing), solved, good=solved, worst=found.worst)
