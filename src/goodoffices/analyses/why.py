"""Why a claim follows or does not: the chain of reasons behind it, read off the solution at the medians of the priors.

Receives a scenario compiled to a tree or to talks on a grid of beliefs, a claim and a solver; returns an `Explanation`, whose
sentences are made from solved numbers only. Each reason carries its figures and the elements of the scenario that it rests
on, and through them the words of a document. Talks that are not unrolled have one more link: the decision in question
again, where the likeliest path has led. Refuses claims of which a game was not solved, and solvers that work in shards.

Payoffs are taken apart exactly: the same question is asked of the same equilibrium with one term of the payoff paid and
nothing else, so that the parts add up to the whole. A decision is explained by the difference of two action values, those
of the move and of its best alternative, each with the replies and beliefs that follow it in equilibrium.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from goodoffices.analyses.why_chain import Chain
from goodoffices.analyses.why_forms import Explanation, Figure, number, percent
from goodoffices.analyses.why_path import Along
from goodoffices.analyses.why_solved import SolvedWorld
from goodoffices.analyses.why_talks import TalksWorld
from goodoffices.analyses.why_tree import TreeWorld
from goodoffices.analyses.why_walk import Explainer
from goodoffices.claims.answers import Reader
from goodoffices.claims.flow import Flow
from goodoffices.claims.judging import judge_claim
from goodoffices.claims.survey import AnySolve, Form, survey, wanted
from goodoffices.claims.talks.running import SolvedTalks
from goodoffices.claims.worlds import AS_IS, World
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.scenario_tree import ScenarioTree
from goodoffices.core.diagnostics import refuse
from goodoffices.language.names import suggestion
from goodoffices.language.priors import median
from goodoffices.language.scenario import Claim, Scenario


def explain(
    form: Form, claim: Claim, *, solve: AnySolve, draws: Mapping[str, Array] | None = None
) -> Explanation:
    """The chain of reasons behind a claim.

    Args:
        form: the compiled scenario.
        claim: of this scenario, or asked later.
        solve: a solver of this form.
        draws: one point, parameter -> [1]; the medians of the priors unless others are given.

    Raises:
        Refusal: `not-solved`.
    """
    scenario = form.scenario
    point = draws or {p.name: np.array([median(p.prior)]) for p in scenario.parameters} or {"": np.zeros(1)}
    seen: dict[World, Any] = {}
    reader = Reader(form) if isinstance(form, ScenarioTree) else None
    begun = time.perf_counter()
    found = survey(
        form,
        wanted(form, [claim]),
        point,
        solve=solve,
        reader=reader,
        watch=lambda worlds, _: seen.update(worlds),
    )
    solved = time.perf_counter()
    for world, good in found.solved.items():
        if not good.all():
            status = found.reasons[int(found.status[world][0])]
            raise refuse("not-solved", f"a game that the claim speaks of was not solved: {status}")
    margin = judge_claim(claim.says, found.known)
    size = float(margin.size[0])
    holds = None if np.isnan(size) else bool(margin.holds[0])
    worlds = {w: _world(one, reader, w.draws(scenario, point)) for w, one in seen.items()}
    chain = Chain(scenario)
    verdict = {None: "has no answer", True: "holds", False: "does not hold"}[holds]
    amount = percent(abs(size)) if margin.unit == "probability" else f"{number(abs(size))} ({margin.unit})"
    by = "" if holds is None or margin.unit == "agreement" else f", by {amount}"
    chain.add(
        "answer",
        f"With every parameter at its prior median the claim {verdict}{by}.",
        [Figure("margin", size, margin.unit)],
    )
    with np.errstate(all="ignore"):
        Explainer(chain, worlds, found.known).claim(claim.says)
        outset = worlds[AS_IS]
        if isinstance(outset, TalksWorld) and chain.decided:
            Along(chain, outset).tell(chain.decided[0])
    return Explanation(
        scenario,
        claim.name,
        claim.text,
        claim.says_text,
        holds,
        size,
        margin.unit,
        tuple(chain.reasons),
        tuple(chain.breakdowns),
        found.worst,
        found.games,
        {"solving": solved - begun, "explaining": time.perf_counter() - solved},
    )


def _world(seen: Flow | SolvedTalks, reader: Reader | None, draws: Mapping[str, Array]) -> SolvedWorld:
    if isinstance(seen, SolvedTalks):
        return TalksWorld(seen.reader, seen.solution, draws)
    assert reader is not None
    return TreeWorld(reader, seen, draws)


def find_claim(scenario: Scenario, name: str) -> Claim:
    """The claim of this name, or one that the text says in the language of claims.

    Raises:
        Refusal: `unknown-claim`, or what is wrong with the text.
    """
    for claim in scenario.claims:
        if claim.name == name:
            return claim
    if name.isidentifier():
        known = [claim.name for claim in scenario.claims]
        raise refuse(
            "unknown-claim",
            f"the scenario has no claim `{name}`",
            hint=suggestion(name, known) or f"there are {', '.join(f'`{k}`' for k in known)}",
        )
    from goodoffices.language.asked import read_claim

    return Claim("asked", name, read_claim(name, scenario), name)
