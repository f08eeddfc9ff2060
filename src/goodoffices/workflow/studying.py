"""A study: an argument's claims put to the test over the priors.

Receives a `Scenario`; returns a `Study`. Refuses what cannot be unrolled (open-ended talks, trees that are too large).
Stopping it (Ctrl-C) while draws are being solved keeps those that are finished and says so in its settings.
"""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from goodoffices.claims.answers import Reader
from goodoffices.claims.play import PlayRecorder
from goodoffices.claims.survey import Solve, Survey, survey, wanted
from goodoffices.claims.tipping import find_tips
from goodoffices.claims.verdict import Study
from goodoffices.claims.verdicts import make_verdicts, summarise
from goodoffices.claims.worlds import AS_IS
from goodoffices.compiler.compiling import compile_scenario
from goodoffices.compiler.scenario_tree import ScenarioTree
from goodoffices.core.diagnostics import refuse
from goodoffices.language.sampling import medians, sample
from goodoffices.language.scenario import Scenario

StageProgress = Callable[[str, int, int], None]

FEWEST = 2
"""Finished draws that a study stopped by the user needs to say anything at all."""


def study(
    scenario: Scenario,
    *,
    draws: int = 512,
    seed: int = 1,
    rounds: int | None = None,
    tolerance: float = 1e-9,
    progress: StageProgress | None = None,
    solve: Solve | None = None,
) -> Study:
    """Solve a scenario over draws from its priors and judge its claims.

    Args:
        scenario: what to study.
        draws: independent draws from the priors, at least two.
        seed: seed of the draws and of the bootstrap; the same seed gives the same study.
        rounds: number of rounds to unroll, instead of the scenario's own.
        tolerance: largest logit residual at which the solver stops.
        progress: called as `progress(stage, done, total)`.
        solve: solves a batch; the package's own solver unless another is given.

    Raises:
        Refusal: the scenario cannot be unrolled, or a claim supposes what cannot be.
        KeyboardInterrupt: stopped before two draws were finished.
    """
    if draws < FEWEST:
        raise refuse("too-few-draws", f"a study needs at least {FEWEST} draws, not {draws}")
    begun = time.perf_counter()
    tree = compile_scenario(scenario, rounds=rounds)
    compiled = time.perf_counter()
    solver = _Counting(solve or _package_solver(tolerance))
    reader, recorder = Reader(tree), PlayRecorder(tree)
    points = {
        name: np.append(middle, values)
        for (name, middle), values in zip(
            medians(scenario).items(), sample(scenario, draws, seed=seed).values(), strict=True
        )
    } or {"": np.zeros(draws + 1)}
    found = survey(
        tree,
        wanted(tree, scenario.claims),
        points,
        solve=solver,
        reader=reader,
        progress=partial(progress, "draws") if progress else None,
        look=recorder.see,
    )
    finished = found.known.width - 1
    if found.interrupted and finished < FEWEST:
        raise KeyboardInterrupt
    surveyed = time.perf_counter()
    tips, tip_games, stopped = {}, 0, False
    if not found.interrupted:
        tips, tip_games, stopped = find_tips(
            tree,
            scenario.claims,
            solve=solver,
            reader=reader,
            progress=partial(progress, "tipping values") if progress else None,
        )
    tipped = time.perf_counter()
    verdicts = make_verdicts(tree, scenario.claims, found, tips=tips, first_is_median=True, seed=seed)
    settings = _settings(tree, found, draws, seed, tolerance, stopped)
    return Study(
        scenario=scenario,
        settings=settings,
        draws={p.name: found.known.draws[p.name][1:] for p in scenario.parameters},
        verdicts=verdicts,
        play=recorder.build(found.solved[AS_IS]),
        certificate=summarise(found, first_is_median=True),
        size=_size(tree, solver),
        statistics={
            "seconds_compiling": compiled - begun,
            "seconds_solving": found.seconds["solving"],
            "seconds_answering": found.seconds["answering"],
            "seconds_draws": surveyed - compiled,
            "seconds_tipping": tipped - surveyed,
            "seconds": time.perf_counter() - begun,
            "games": float(found.games + tip_games),
            "worlds": float(len(found.solved)),
        },
    )


class _Counting:
    """A solver that remembers how many unknowns its games had."""

    def __init__(self, solve: Solve) -> None:
        self.solve = solve
        self.unknowns = 0

    def __call__(self, game: Any, data: Any, /, *, neighbour: Any) -> Any:
        solution = self.solve(game, data, neighbour=neighbour)
        self.unknowns = int(solution.statistics.get("unknowns", 0))
        return solution


def _package_solver(tolerance: float) -> Solve:
    from goodoffices.solvers import solve_batch  # loads JAX

    return partial(solve_batch, tolerance=tolerance)


def _settings(
    tree: ScenarioTree, found: Survey, draws: int, seed: int, tolerance: float, stopped: bool
) -> dict[str, object]:
    finished = found.known.width - 1
    out: dict[str, object] = {
        "method": "tree",
        "rounds": tree.rounds,
        "draws": finished,
        "seed": seed,
        "tolerance": tolerance,
        "version": importlib.metadata.version("goodoffices"),
    }
    if found.interrupted:
        out["interrupted"] = f"stopped by the user after {finished} of {draws} draws; no tipping values"
    elif stopped:
        out["interrupted"] = "stopped by the user while tipping values were sought; those found are kept"
    return out


def _size(tree: ScenarioTree, solver: _Counting) -> dict[str, int]:
    shown = tree.node_history[tree.node_history >= 0]
    out = {
        "nodes": len(tree.game.kind),
        "information_sets": len(tree.game.infoset_player),
        "histories": len(shown) // tree.graph.profiles.count,
    }
    return out | ({"unknowns": solver.unknowns} if solver.unknowns else {})
