"""A study: an argument's claims put to the test over the priors.

Receives a `Scenario`; returns a `Study`, solved as a tree or by the belief recursion. Refuses what neither can solve.
Stopping it (Ctrl-C) while draws are being solved keeps those that are finished and says so in its settings.
"""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from goodoffices.claims.answers import Reader
from goodoffices.claims.play import PlayRecorder
from goodoffices.claims.survey import AnySolve, Form, Survey, survey, wanted
from goodoffices.claims.talks.form import Talks
from goodoffices.claims.talks.play import TalksRecorder
from goodoffices.claims.talks.sharded import solve_medians
from goodoffices.claims.tipping import find_tips
from goodoffices.claims.tipping_few import find_few_tips
from goodoffices.claims.verdict import Study, Verdict
from goodoffices.claims.verdicts import make_verdicts, summarise
from goodoffices.claims.worlds import AS_IS
from goodoffices.core.diagnostics import refuse
from goodoffices.language.sampling import medians, sample
from goodoffices.language.scenario import Scenario
from goodoffices.workflow.forms import OPEN_ENDED, Chosen, Rounds, choose_form, solver_for

if TYPE_CHECKING:
    from goodoffices.workflow.sharding import Sharding

StageProgress = Callable[[str, int, int], None]

TIPPED = 3
"""Most parameters of each claim whose tipping values are sought in talks, those that decide it most."""
FEWEST = 2
"""Finished draws that a study stopped by the user needs to say anything at all."""


def study(
    scenario: Scenario,
    *,
    draws: int = 512,
    seed: int = 1,
    rounds: Rounds = None,
    method: str = "auto",
    accuracy: float | None = None,
    tolerance: float = 1e-9,
    progress: StageProgress | None = None,
    solve: AnySolve | None = None,
    store: Path | str | None = None,
    resume: bool = False,
    engine: str = "local",
    workers: int | None = None,
    address: str | None = None,
    notice: Callable[[str], None] | None = None,
) -> Study:
    """Solve a scenario over draws from its priors and judge its claims.

    Args:
        scenario: what to study.
        draws: independent draws from the priors, at least two.
        seed: seed of the draws and of the bootstrap; the same seed gives the same study.
        rounds: number of rounds, or `open-ended`, instead of the scenario's own.
        method: `tree`, `belief` or `auto`.
        accuracy: Bellman residual between the nodes of the grid to be reached by `belief`, in utility.
        tolerance: largest logit residual at which the solver stops.
        progress: called as `progress(stage, done, total)`.
        solve: solves a batch in the form that is chosen; the package's own solver unless another is given, which has
            to do without a store and an engine.
        store: folder in which solved draws are kept from one time to the next; None keeps nothing.
        resume: refuse to begin a new run in the store.
        engine: `local`, processes on this machine, or `ray`, a cluster; the numbers are the same.
        workers: how many processes or actors; None takes what there is.
        address: of a Ray cluster: `auto`, `ray://host:port`, or None to start one here.
        notice: told in a sentence what was not as it should be and was dealt with; None makes it a `RuntimeWarning`.

    Raises:
        Refusal: the scenario cannot be solved by the method, a claim supposes what cannot be, or runs cannot be kept
            where they should be.
        KeyboardInterrupt: stopped before two draws were finished.
    """
    if draws < FEWEST:
        raise refuse("too-few-draws", f"a study needs at least {FEWEST} draws, not {draws}")
    begun = time.perf_counter()
    chosen = choose_form(scenario, method=method, rounds=rounds, accuracy=accuracy)
    if solve is not None:
        solver = _Counting(solve)
        return _judge(scenario, chosen, solver, draws, seed, tolerance, progress, begun)
    from goodoffices.workflow.runs import open_sharding, warn

    sharding = open_sharding(
        chosen.form,
        seed=seed,
        draws=draws,
        tolerance=tolerance,
        store=store,
        resume=resume,
        engine=engine,
        workers=workers,
        address=address,
        notice=notice or warn,
    )
    try:
        return _judge(scenario, chosen, sharding, draws, seed, tolerance, progress, begun)
    finally:
        sharding.close()


def _judge(
    scenario: Scenario,
    chosen: Chosen,
    solver: _Counting | Sharding,
    draws: int,
    seed: int,
    tolerance: float,
    progress: StageProgress | None,
    begun: float,
) -> Study:
    """The study itself, once it is known in which form and by whom games are solved."""
    form = chosen.form
    compiled = time.perf_counter()
    look: Any
    if isinstance(form, Talks):
        reader, recorder = None, TalksRecorder(form.round)
        look = recorder.see
        if not isinstance(solver, _Counting):
            alone: Any = solver_for(form, tolerance=tolerance)
            recorder.prepare(solve_medians(form, alone))
            look = recorder.note
    else:
        reader, recorder = Reader(form), PlayRecorder(form)
        look = recorder
    points = {
        name: np.append(middle, values)
        for (name, middle), values in zip(
            medians(scenario).items(), sample(scenario, draws, seed=seed).values(), strict=True
        )
    } or {"": np.zeros(draws + 1)}
    found = survey(
        form,
        wanted(form, scenario.claims),
        points,
        solve=solver,
        reader=reader,
        progress=partial(progress, "draws") if progress else None,
        look=look,
    )
    finished = found.known.width - 1
    if found.interrupted and finished < FEWEST:
        raise KeyboardInterrupt
    surveyed = time.perf_counter()
    tips, tip_games, stopped = {}, 0, False
    judged = partial(make_verdicts, form, scenario.claims, found, first_is_median=True, seed=seed)
    if not found.interrupted:
        seen = partial(progress, "tipping values") if progress else None
        if isinstance(form, Talks):
            asked = _strongest(judged(tips={}))
            tips, tip_games, stopped = find_few_tips(
                form, scenario.claims, asked, middle=found, solve=solver, progress=seen
            )
        else:
            tips, tip_games, stopped = find_tips(
                form, scenario.claims, solve=solver, reader=reader, progress=seen
            )
    tipped = time.perf_counter()
    verdicts = judged(tips=tips)
    settings = _settings(chosen, found, draws, seed, tolerance, stopped)
    return Study(
        scenario=scenario,
        settings=settings,
        draws={p.name: found.known.draws[p.name][1:] for p in scenario.parameters},
        verdicts=verdicts,
        play=recorder.build(found.solved[AS_IS]),
        certificate=summarise(found, first_is_median=True),
        size=_size(form, solver),
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


def _strongest(verdicts: Sequence[Verdict]) -> dict[str, set[str]]:
    """Claim -> the parameters that decide it most: the first in any case, others if they are told from chance."""
    return {
        v.claim.name: {
            d.parameter for i, d in enumerate(v.deciders[:TIPPED]) if i == 0 or d.holds_when != "unclear"
        }
        for v in verdicts
    }


class _Counting:
    """A solver that remembers how many unknowns its games had."""

    def __init__(self, solve: AnySolve) -> None:
        self.solve: Any = solve
        self.unknowns = 0

    def __call__(self, game: Any, data: Any, /, **hints: Any) -> Any:
        solution = self.solve(game, data, **hints)
        self.unknowns = int(getattr(solution, "statistics", {}).get("unknowns", 0))
        return solution


def _settings(
    chosen: Chosen, found: Survey, draws: int, seed: int, tolerance: float, stopped: bool
) -> dict[str, object]:
    finished = found.known.width - 1
    out: dict[str, object] = {
        "method": chosen.method,
        "method_because": chosen.why,
        "rounds": OPEN_ENDED if chosen.form.rounds is None else chosen.form.rounds,
        "draws": finished,
        "seed": seed,
        "tolerance": tolerance,
        "version": importlib.metadata.version("goodoffices"),
    }
    if isinstance(chosen.form, Talks):
        out["nodes_per_axis"] = chosen.form.nodes
        if chosen.form.accuracy is not None:
            out["accuracy"] = chosen.form.accuracy
    if found.interrupted:
        out["interrupted"] = f"stopped by the user after {finished} of {draws} draws; no tipping values"
    elif stopped:
        out["interrupted"] = "stopped by the user while tipping values were sought; those found are kept"
    return out


def _size(form: Form, solver: _Counting | Sharding) -> dict[str, int]:
    if isinstance(form, Talks):
        game = form.round.game
        return {"places": len(game.place_slot), "beliefs": form.nodes ** sum(t - 1 for t in game.types)}
    tree = form
    shown = tree.node_history[tree.node_history >= 0]
    out = {
        "nodes": len(tree.game.kind),
        "information_sets": len(tree.game.infoset_player),
        "histories": len(shown) // tree.graph.profiles.count,
    }
    return out | ({"unknowns": solver.unknowns} if solver.unknowns else {})
