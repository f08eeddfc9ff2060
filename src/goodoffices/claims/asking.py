"""One question or one claim, asked of a batch: the short way for Python users and tests.

Receives a compiled scenario, a question (or quantity, or claim), draws and a solver; returns the answers. Studies use `survey`
directly, so that many claims share their solutions.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from goodoffices.claims.judging import Margin, Wanted, judge_claim, quantity
from goodoffices.claims.survey import AnySolve, Form, Survey, moves_of, survey
from goodoffices.claims.worlds import AS_IS
from goodoffices.compiler.expressions import Array
from goodoffices.language.tree import ClaimExpression, Quantity


def answer(form: Form, question: Quantity, draws: Mapping[str, Array], *, solve: AnySolve) -> Array:
    """The question's value [b], not a number where a game was not solved or the question has no answer.

    Args:
        form: the compiled scenario.
        question: a `P`, `value` or `belief`, or arithmetic of them.
        draws: parameter -> [b], every parameter of the scenario.
        solve: solves a batch, as `solvers.solve_batch` does for trees.
    """
    asked = _wanted(form)
    quantity(question, asked, AS_IS)
    found = survey(form, list(asked.asked), draws, solve=solve)
    return np.where(_solved(found, asked), quantity(question, found.known, AS_IS), np.nan)


def evaluate_claim(
    form: Form, says: ClaimExpression, draws: Mapping[str, Array], *, solve: AnySolve
) -> Margin:
    """The claim's margin over the draws; arguments as for `answer`."""
    asked = _wanted(form)
    with np.errstate(all="ignore"):
        judge_claim(says, asked)
    found = survey(form, list(asked.asked), draws, solve=solve)
    margin = judge_claim(says, found.known)
    size = np.where(_solved(found, asked), margin.size, np.nan)
    return Margin(size, margin.holds & ~np.isnan(size), margin.unit)


def _wanted(form: Form) -> Wanted:
    names = [p.name for p in form.scenario.parameters]
    return Wanted(form.scenario, {name: np.ones(1) for name in names}, {}, moves_of(form))


def _solved(found: Survey, asked: Wanted) -> Array:
    worlds = {world for world, _ in asked.asked}
    return np.all([found.solved[world] for world in worlds] or [np.ones(found.known.width, bool)], axis=0)
