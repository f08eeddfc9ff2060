"""In which form a scenario is solved: a tree where that is small, the belief recursion where talks last.

Receives a scenario and what was asked for; returns the compiled form with the reason for it, and solvers that fit a form.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from goodoffices.core.diagnostics import Refusal, refuse

if TYPE_CHECKING:
    from goodoffices.claims.survey import AnySolve, Form
    from goodoffices.games.recursive import RecursiveData, RecursiveGame, RecursiveSolution
    from goodoffices.language.scenario import Scenario

METHODS = ("auto", "tree", "belief")
OPEN_ENDED = "open-ended"
Rounds = int | Literal["open-ended"] | None
"""A number of rounds, `open-ended`, or None for the scenario's own."""

AUTO_NODES = 50_000
"""`auto` unrolls trees up to this size."""
PROBED = 4
"""Draws on which a grid is chosen that reaches an accuracy, the medians first."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """A compiled scenario."""

    form: Form
    method: str
    """`tree` or `belief`."""
    why: str
    """Why this method, as a sentence."""


def choose_form(
    scenario: Scenario,
    *,
    method: str = "auto",
    rounds: Rounds = None,
    accuracy: float | None = None,
    rationality: float | None = None,
) -> Chosen:
    """Compile a scenario in the form in which it is to be solved.

    Args:
        scenario: what to compile.
        method: `tree`, `belief` or `auto`.
        rounds: instead of the scenario's own.
        accuracy: Bellman residual between the nodes of the grid to be reached, in utility (`belief` only); None takes
            a grid of nine nodes an axis.
        rationality: of every party, for the search of a grid; None takes the scenario's.

    Raises:
        Refusal: `unknown-method`, `tree-too-large`, `open-ended`, `no-rounds`, and those of the compilers.
    """
    from goodoffices.compiler import compile_scenario

    if method not in METHODS:
        raise refuse(
            "unknown-method", f"there is no method `{method}` here", hint="use `tree`, `belief` or `auto`"
        )
    count = scenario.time.rounds if rounds is None else (None if rounds == OPEN_ENDED else int(rounds))
    if count is not None and count < 1:
        raise refuse("no-rounds", f"at least one round is needed, not {count}")
    if method == "tree" and rounds == OPEN_ENDED:
        raise refuse(
            "open-ended",
            "talks without a last round cannot be unrolled into a tree",
            hint="leave `--method` out, or give a number of rounds",
        )
    if method == "tree":
        return Chosen(compile_scenario(scenario, rounds=count), "tree", "a tree was asked for")
    if method == "belief":
        return Chosen(_talks(scenario, count, accuracy, rationality), "belief", "it was asked for")
    if count is None:
        why = "talks without end have no tree"
        return Chosen(_talks(scenario, count, accuracy, rationality), "belief", why)
    day = _seen(scenario)
    if day is not None:
        why = f"a claim starts on {day}, a day of the record"
        return Chosen(_talks(scenario, count, accuracy, rationality), "belief", why)
    try:
        tree = compile_scenario(scenario, rounds=count, most_nodes=AUTO_NODES)
    except Refusal as refusal:
        if [d.code for d in refusal.diagnostics] != ["tree-too-large"]:
            raise
        why = f"its tree would have more than {AUTO_NODES:,} nodes"
        return Chosen(_talks(scenario, count, accuracy, rationality), "belief", why)
    return Chosen(tree, "tree", f"its tree has {len(tree.game.kind):,} nodes")


def solver_for(
    form: Form,
    *,
    tolerance: float,
    progress: Callable[[float], None] | None = None,
    threads: int | None = None,
) -> AnySolve:
    """The package's own solver of a form.

    Args:
        form: a tree or talks.
        tolerance: largest logit residual at which the solver of trees stops; of values without end, in utility.
        progress: told the share of a batch of talks that is done.
        threads: chunks solved at the same time; None for the number of processors.
    """
    from goodoffices.claims.talks.form import Talks

    if isinstance(form, Talks):
        return partial(_solve_talks, tolerance=tolerance, progress=progress, threads=threads)
    from goodoffices.solvers import solve_batch

    return partial(solve_batch, tolerance=tolerance, threads=threads)


def _solve_talks(
    game: RecursiveGame,
    data: RecursiveData,
    /,
    *,
    rounds: int | None,
    nodes: int,
    from_outset: bool,
    tolerance: float,
    progress: Callable[[float], None] | None = None,
    threads: int | None = None,
) -> RecursiveSolution:
    from goodoffices.solvers.belief import solve_recursive

    return solve_recursive(
        game,
        data,
        rounds=rounds,
        nodes=nodes,
        keep=True,
        from_outset=from_outset,
        tolerance=tolerance,
        progress=progress,
        threads=threads,
    )


def _talks(scenario: Scenario, rounds: int | None, accuracy: float | None, rationality: float | None) -> Form:
    from goodoffices.claims.talks.form import NODES, Talks

    nodes = NODES if accuracy is None else _nodes(scenario, rounds, accuracy, rationality)
    record = None
    if scenario.record is not None and _seen(scenario) is not None:
        from goodoffices.workflow.recording import read_events

        record = read_events(scenario)
    return Talks(scenario, rounds, nodes, accuracy, record)


def _seen(scenario: Scenario) -> datetime.date | None:
    """A day of the record from which a claim starts, if one does."""
    from goodoffices.claims.survey import wanted
    from goodoffices.claims.talks.form import Talks

    # Which questions are asked does not depend on the form.
    asked = wanted(Talks(scenario, scenario.time.rounds), scenario.claims)
    return next((world.see for world, _ in asked if world.see is not None), None)


def _nodes(scenario: Scenario, rounds: int | None, accuracy: float, rationality: float | None) -> int:
    """The smallest grid that reaches the accuracy at the medians and at a few draws, or the largest that was tried."""
    from goodoffices.compiler.recursive import compile_round
    from goodoffices.language import medians
    from goodoffices.language.sampling import sample
    from goodoffices.solvers.belief import solve_accurately

    compiled = compile_round(scenario)
    some = sample(scenario, PROBED - 1, seed=0)
    points = {name: np.append(value, some[name]) for name, value in medians(scenario).items()} or {
        "": np.zeros(PROBED)
    }
    data: Any = compiled.data(points)
    if rationality is not None:
        data = with_rationality(data, rationality)
    found = solve_accurately(
        compiled.game, data, rounds=rounds, accuracy=accuracy, from_outset=rounds is not None
    )
    return len(found.axes[0]) if found.axes else 2


def with_rationality(data: RecursiveData, rationality: float) -> RecursiveData:
    """The same numbers with one rationality for every party."""
    from dataclasses import replace

    return replace(data, rationality=np.full_like(data.rationality, rationality))
