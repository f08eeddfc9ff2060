"""What an argument hangs on, asked by name: levers, what it would take, who learns what, and why a claim follows.

Receives a scenario (or what a person names) and settings; returns the frozen findings of `goodoffices.analyses`, with the
settings that they were made with. Refuses what the analyses and the compilers refuse.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from goodoffices.core.diagnostics import refuse
from goodoffices.workflow.forms import OPEN_ENDED, Chosen, Rounds, choose_form, solver_for
from goodoffices.workflow.keeping import Keeping

if TYPE_CHECKING:
    from goodoffices.analyses.inverse import Inverse
    from goodoffices.analyses.learning import Learning
    from goodoffices.analyses.levers import Levers
    from goodoffices.analyses.why_forms import Explanation
    from goodoffices.claims.survey import AnySolve, Form
    from goodoffices.compiler.expressions import Array
    from goodoffices.language.scenario import Scenario

Progress = Callable[[int, int], None]
TOLERANCE = 1e-9


def levers(
    source: str | Path | Scenario,
    *,
    draws: int = 128,
    seed: int = 1,
    outcomes: Sequence[str] = (),
    moves: Sequence[str] = (),
    rounds: Rounds = None,
    method: str = "auto",
    solve: AnySolve | None = None,
    store: Path | str | None = None,
    progress: Progress | None = None,
) -> Levers:
    """What using each move does, what being able to use it does, and what its shadow does.

    Args:
        source: a scenario, or what names one.
        draws: independent draws from the priors, at least two.
        seed: of the draws.
        outcomes: events, as in `P(...)`; none takes each factor's levels at the end.
        moves: `party.move`; none takes every move that is ever one of several.
        rounds: instead of the scenario's own.
        method: `tree`, `belief` or `auto`.
        solve: a solver of the form that is chosen, instead of the package's own.
        store: folder in which solved draws of trees are kept from one time to the next.
        progress: called with the number of draws finished and their total.

    Raises:
        Refusal: what the compilers and `find_levers` refuse; `too-few-draws`.
    """
    from goodoffices.analyses.levers import find_levers

    scenario, chosen, begun = _begin(source, rounds, method)
    points = _points(scenario, draws, seed)
    # What is kept of talks are answers, and most effects are read off the solutions themselves.
    kept = store if chosen.method == "tree" else None
    with Keeping(chosen, solve=solve, store=kept, seed=seed, draws=draws, tolerance=TOLERANCE) as solver:
        found = find_levers(
            chosen.form, points, solve=solver, outcomes=outcomes, moves=moves, seed=seed, progress=progress
        )
    return dataclasses.replace(found, settings=_settings(chosen, begun, draws=draws, seed=seed))


def inverse(
    source: str | Path | Scenario,
    goal: str,
    *,
    vary: Sequence[str] = (),
    pay: Sequence[str] = (),
    within: float = 3.0,
    most_payment: float = 20.0,
    seed: int = 1,
    rounds: Rounds = None,
    method: str = "auto",
    solve: AnySolve | None = None,
) -> Inverse:
    """The least change of parameters, or the least payment for a move, that reaches a goal.

    Args:
        source: a scenario, or what names one.
        goal: the name of a claim, or a text such as `P(fighting == settled at end) >= 0.5`.
        vary: parameters that may change; none takes all that are uncertain, unless payments are asked for.
        pay: moves (`party.move`) that may be paid for.
        within: prior standard deviations within which to look.
        most_payment: largest payment to try, in utility.
        seed: of the rays along which is looked.
        rounds: instead of the scenario's own.
        method: `tree`, `belief` or `auto`.
        solve: a solver of the form that is chosen, instead of the package's own.

    Raises:
        Refusal: what the compilers and `find_inverse` refuse, or what is wrong with the goal.
    """
    from goodoffices.analyses.inverse import find_inverse
    from goodoffices.analyses.why import find_claim

    scenario, chosen, begun = _begin(source, rounds, method)
    wanted = find_claim(scenario, goal)

    def recompile(changed: Scenario) -> Form:
        return choose_form(changed, method=chosen.method, rounds=rounds).form

    found = find_inverse(
        chosen.form,
        wanted,
        solve=solve or solver_for(chosen.form, tolerance=TOLERANCE),
        recompile=recompile,
        vary=vary,
        pay=pay,
        within=within,
        most_payment=most_payment,
        seed=seed,
    )
    return dataclasses.replace(found, settings=_settings(chosen, begun, seed=seed, within=within))


def learning(
    source: str | Path | Scenario,
    *,
    draws: int = 128,
    seed: int = 1,
    rounds: Rounds = None,
    method: str = "auto",
    solve: Any = None,
    progress: Progress | None = None,
) -> Learning:
    """The bits that each move gives away, and what knowing another's type is worth.

    Args:
        source: a scenario, or what names one.
        draws: independent draws from the priors, at least two.
        seed: of the draws.
        rounds: instead of the scenario's own.
        method: `tree`, `belief` or `auto`.
        solve: a solver of talks, or of trees one that solves a batch of any extensive game, instead of the package's own.
        progress: called with the number of draws finished and their total.

    Raises:
        Refusal: what the compiler and `find_learning` refuse; `too-few-draws`.
    """
    from goodoffices.analyses.learning import find_learning

    scenario, chosen, begun = _begin(source, rounds, method)
    points = _points(scenario, draws, seed)
    solver: Any = solve or solver_for(chosen.form, tolerance=TOLERANCE)
    found = find_learning(chosen.form, points, solve=solver, seed=seed, progress=progress)
    return dataclasses.replace(found, settings=_settings(chosen, begun, draws=draws, seed=seed))


def why(
    source: str | Path | Scenario,
    claim: str,
    *,
    rounds: Rounds = None,
    method: str = "auto",
    solve: AnySolve | None = None,
) -> Explanation:
    """The chain of reasons behind a claim, at the medians of the priors.

    Args:
        source: a scenario, or what names one.
        claim: the name of a claim, or a text in the language of claims.
        rounds: instead of the scenario's own.
        method: `tree`, `belief` or `auto`.
        solve: a solver of the form that is chosen, instead of the package's own.

    Raises:
        Refusal: what the compiler and `explain` refuse, or what is wrong with the claim.
    """
    from goodoffices.analyses.why import explain, find_claim

    scenario, chosen, begun = _begin(source, rounds, method)
    wanted = find_claim(scenario, claim)
    found = explain(chosen.form, wanted, solve=solve or solver_for(chosen.form, tolerance=TOLERANCE))
    return dataclasses.replace(found, settings=_settings(chosen, begun))


def _begin(source: str | Path | Scenario, rounds: Rounds, method: str) -> tuple[Scenario, Chosen, float]:
    begun = time.perf_counter()
    if isinstance(source, (str, Path)):
        from goodoffices.workflow.loading import load

        source = load(source)
    return source, choose_form(source, method=method, rounds=rounds), begun


def _points(scenario: Scenario, draws: int, seed: int) -> dict[str, Array]:
    from goodoffices.language.sampling import sample

    if draws < 2:
        raise refuse("too-few-draws", f"an error needs at least 2 draws, not {draws}")
    return sample(scenario, draws, seed=seed) or {"": np.zeros(draws)}


def _settings(chosen: Chosen, begun: float, **more: object) -> dict[str, object]:
    return {
        "method": chosen.method,
        "method_because": chosen.why,
        "rounds": OPEN_ENDED if chosen.form.rounds is None else chosen.form.rounds,
        "tolerance": TOLERANCE,
        **more,
        "version": importlib.metadata.version("goodoffices"),
        "seconds": round(time.perf_counter() - begun, 3),
    }
