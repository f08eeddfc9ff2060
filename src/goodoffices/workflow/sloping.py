"""What a small change of each parameter does: slopes of claims and questions at the medians of the priors.

Receives a scenario and questions; compiles it, and returns `analyses.slopes.Slopes`. Talks on a grid of beliefs are solved once
for each world that is asked about, and what is near found by derivatives through the fixed points; trees, which are
small, are solved at each point. Refuses what `choose_form` and the language refuse.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from goodoffices.workflow.forms import Chosen, Rounds, choose_form, solver_for

if TYPE_CHECKING:
    from goodoffices.analyses.slopes import Slopes
    from goodoffices.claims.survey import AnySolve
    from goodoffices.claims.talks.form import Talks
    from goodoffices.games.recursive import Floats
    from goodoffices.language.scenario import Claim, Scenario
    from goodoffices.solvers.belief.near import NearSolver

TOLERANCE = 1e-9
"""Of the solver; see `solver_for`."""
NEAR_STEP = 1e-4
"""Prior standard deviations to each side where derivatives give what is near: without a solver's noise shorter steps
do, and leave out less."""
NUMBERS = ("payoff", "odds", "end", "rationality", "discount")
CERTIFIED_ROUNDS = 2
"""Rounds whose cells the check of derivatives looks at, the first and the last."""


@dataclass(frozen=True, eq=False)
class Sloping:
    """Slopes, and how they were found."""

    found: Slopes
    method: str
    """`tree` or `belief`."""
    why: str
    """Why this method, as a sentence."""
    solved: int
    """Games that were solved."""
    near: int
    """Games that were found by derivatives."""
    nodes: tuple[int, ...]
    """Nodes on each axis of belief, of the grid and of the coarser one that it is compared with; none for trees."""
    residual: float
    """The largest thing that a step along a parameter leaves of the equations, per prior standard deviation, by code that
    shares nothing with the solver (log choice, belief or utility). Not a number for trees, which are solved."""


def slopes(
    scenario: Scenario,
    *,
    questions: Sequence[str] = (),
    rounds: Rounds = None,
    method: str = "auto",
    accuracy: float | None = None,
    solve: AnySolve | None = None,
) -> Sloping:
    """How claims and quantities change with each parameter at the medians of the priors.

    Args:
        scenario: what to analyse.
        questions: names of claims, and texts of quantities or claims; all claims where none is asked.
        rounds: instead of the scenario's own.
        method: `tree`, `belief` or `auto`.
        accuracy: Bellman residual between the nodes of the grid to be reached, in utility; None takes nine nodes an axis.
        solve: solves a batch in the form that is chosen, in place of the package's own solver.

    Raises:
        Refusal: what is wrong with a question, or with the scenario's form; `no-claims`.
        KeyboardInterrupt: stopped before all points were finished.
    """
    from goodoffices.analyses.asking import ClaimJudge
    from goodoffices.analyses.slopes import find_slopes
    from goodoffices.claims.talks.form import Talks

    asked, claims = _asked(scenario, questions)
    chosen = choose_form(scenario, method=method, rounds=rounds, accuracy=accuracy)
    solver: Any = solve or solver_for(chosen.form, tolerance=TOLERANCE)
    if isinstance(chosen.form, Talks):
        return _of_talks(chosen, chosen.form, asked, claims, solver)
    found = find_slopes(scenario.parameters, ClaimJudge(chosen.form, asked, solver), claims=claims)
    return Sloping(found, chosen.method, chosen.why, found.games, 0, (), math.nan)


def _of_talks(
    chosen: Chosen, talks: Talks, asked: Sequence[Claim], claims: frozenset[str], solver: Any
) -> Sloping:
    """On the grid, and on one of every other node."""
    from goodoffices.analyses.asking import ClaimJudge
    from goodoffices.analyses.slopes import compare_grids, find_slopes
    from goodoffices.solvers.belief.near import NearSolver

    near = NearSolver(solver)
    parameters = talks.scenario.parameters
    sizes = (talks.nodes, (talks.nodes + 1) // 2) if max(talks.round.game.types) > 1 else (talks.nodes,)
    fine, *coarse = (
        find_slopes(
            parameters,
            ClaimJudge(replace(talks, nodes=nodes), asked, near),
            claims=claims,
            step=NEAR_STEP,
        )
        for nodes in sizes
    )
    found = compare_grids(fine, coarse[0]) if coarse else fine
    residual = _residual(talks, near, found)
    return Sloping(found, chosen.method, chosen.why, near.solved, near.near, sizes, residual)


def _residual(talks: Talks, near: NearSolver, found: Slopes) -> float:
    """Of derivatives at the medians, which were the first to be solved."""
    from goodoffices.compiler.directions import parameter_directions
    from goodoffices.language.sampling import medians
    from goodoffices.solvers.belief.near import certify_tangents

    base = near.first
    lengths = {s.parameter: s.deviation for answer in found.answers for s in answer.slopes}
    if base is None or base.status[0] not in (0, 4) or not lengths:
        return math.nan
    draws = {name: np.array([value]) for name, value in medians(talks.scenario).items()}
    directions = parameter_directions(talks.round, draws, list(lengths))
    scale = np.array(list(lengths.values()))

    def longer(change: Floats) -> Floats:
        """From a unit of each parameter to a deviation."""
        return change * scale.reshape(-1, *(1,) * (change.ndim - 1))

    whole = replace(
        directions,
        prior=tuple(longer(p) for p in directions.prior),
        **{name: longer(getattr(directions, name)) for name in NUMBERS},
    )
    return float(np.max(certify_tangents(base, whole, rounds=CERTIFIED_ROUNDS)))


def _asked(scenario: Scenario, questions: Sequence[str]) -> tuple[tuple[Claim, ...], frozenset[str]]:
    """What is asked, as claims; and which of them are claims to begin with."""
    from goodoffices.analyses.asking import choose_claims

    known = {claim.name: claim for claim in scenario.claims}
    if not questions:
        every = choose_claims(scenario, ())
        return every, frozenset(claim.name for claim in every)
    asked: dict[str, Claim] = {}
    claims: set[str] = set()
    for text in questions:
        if text in known or text.isidentifier():
            (asked[text],) = choose_claims(scenario, [text])
            claims.add(text)
        else:
            asked[text], is_claim = _read(text, scenario)
            claims |= {text} if is_claim else set()
    return tuple(asked.values()), frozenset(claims)


def _read(text: str, scenario: Scenario) -> tuple[Claim, bool]:
    """A text as a claim: of a quantity, that it is not negative. The refusal is that of what was likely meant."""
    from goodoffices.core.diagnostics import Refusal
    from goodoffices.language.asked import read_claim, read_quantity
    from goodoffices.language.scenario import Claim

    try:
        read_quantity(text, scenario)
    except Refusal as as_quantity:
        try:
            return Claim(text, text, read_claim(text, scenario), text), True
        except Refusal as as_claim:
            # A text without a comparison was meant as a quantity: what is wrong with that helps more.
            compares = any(sign in text for sign in ("<", ">", "==", "!=", "rises", "falls"))
            raise (as_claim if compares else as_quantity) from None
    return Claim(text, text, read_claim(f"{text} >= 0", scenario), text), False
