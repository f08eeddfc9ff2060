"""What decides an argument's claims: sensitivity, tipping maps, rules that separate worlds, scenarios side by side.

Receives scenarios; compiles each once, supplies a solver where none is given, and returns what the analyses found. Refuses
what `choose_form` and the analyses refuse. Stopping (Ctrl-C) keeps what was finished, and the result says so.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from goodoffices.core.diagnostics import refuse
from goodoffices.workflow.forms import Chosen, Rounds, choose_form, solver_for

if TYPE_CHECKING:
    from goodoffices.analyses.asking import ClaimJudge
    from goodoffices.analyses.comparing import Comparison
    from goodoffices.analyses.discovery import Discovery
    from goodoffices.analyses.sensitivity import Decision
    from goodoffices.analyses.tipping_maps import TippingMap
    from goodoffices.claims.survey import AnySolve
    from goodoffices.language.scenario import Scenario

StageProgress = Callable[[str, int, int], None]
FEWEST_NODES, MOST_NODES = 3, 65
"""Of an axis of belief."""
TOLERANCE = 1e-9
"""Largest logit residual at which the solver stops."""


def decide(
    scenario: Scenario,
    *,
    claims: Sequence[str] = (),
    draws: int = 512,
    design: int = 256,
    alone: Sequence[str] | int = 12,
    seed: int = 1,
    rounds: Rounds = None,
    method: str = "auto",
    nodes: int | None = None,
    progress: StageProgress | None = None,
    solve: AnySolve | None = None,
    store: Path | str | None = None,
) -> Decision:
    """Which parameters decide each claim: Sobol indices of its margin and PAWN, with errors.

    Args:
        scenario: what to analyse.
        claims: names; all of them where none is named.
        draws: independent draws for the share and for PAWN.
        design: rows of Saltelli's design, a power of two.
        alone: parameters with indices of their own, or how many of the strongest; the others vary together.
        seed: of draws, design and bootstrap.
        rounds: instead of the scenario's own.
        method: `tree`, `belief` or `auto`.
        nodes: of each axis of belief, for talks; None takes nine. Fewer are faster and less exact.
        progress: called as `progress(stage, done, total)`.
        solve: solves a batch in the form that is chosen, in place of the package's own solver.
        store: folder in which solved draws are kept from one time to the next; None keeps nothing.

    Raises:
        Refusal: see `find_deciders`; claims or parameters that are not there.
        KeyboardInterrupt: stopped before two draws were finished.
    """
    from goodoffices.analyses.sensitivity import find_deciders
    from goodoffices.language.sampling import sample

    _enough(draws)
    with _judge(scenario, claims, rounds, method, solve, store, seed, draws, nodes) as judge:
        return find_deciders(
            scenario.parameters,
            judge,
            draws=sample(scenario, draws, seed=seed),
            rows=design,
            alone=alone,
            seed=seed,
            progress=progress,
        )


def tipping(
    scenario: Scenario,
    *,
    over: Sequence[str],
    claims: Sequence[str] = (),
    grid: int = 40,
    between: Mapping[str, tuple[float, float]] | None = None,
    at: Mapping[str, float] | None = None,
    tolerance: float = 1e-3,
    every: bool = False,
    rounds: Rounds = None,
    method: str = "auto",
    nodes: int | None = None,
    progress: StageProgress | None = None,
    solve: AnySolve | None = None,
    store: Path | str | None = None,
) -> tuple[TippingMap, ...]:
    """Where claims flip over one or two parameters, the others at their medians or at given values.

    Args:
        scenario: what to analyse.
        over: names of one or two parameters.
        claims: names; all of them where none is named. They share their points.
        grid: points along each parameter.
        between: parameter -> range of its axis; the middle 98% of its prior where none is given.
        at: values of other parameters in place of their medians.
        tolerance: of the boundary, as a share of the axis.
        every: solve every point; otherwise those among points that agree are inferred.
        rounds: instead of the scenario's own.
        method: `tree`, `belief` or `auto`.
        nodes: of each axis of belief, for talks; None takes nine. Fewer are faster and less exact.
        progress: called as `progress(stage, done, total)`.
        solve: solves a batch in the form that is chosen, in place of the package's own solver.
        store: folder in which solved draws are kept from one time to the next; None keeps nothing.

    Raises:
        Refusal: see `map_tipping` and `axis_of`; claims or parameters that are not there.
        KeyboardInterrupt: stopped before the coarse grid was solved.
    """
    from goodoffices.analyses.asking import choose_parameter
    from goodoffices.analyses.tipping_maps import axis_of, map_tipping

    ranges, fixed = dict(between or {}), dict(at or {})
    for name in (*ranges, *fixed):
        choose_parameter(scenario, name)
    chosen = [choose_parameter(scenario, name) for name in over]
    axes = [axis_of(p, grid, between=ranges.get(p.name)) for p in chosen]
    with _judge(scenario, claims, rounds, method, solve, store, 1, grid ** len(axes), nodes) as judge:
        return map_tipping(
            scenario.parameters,
            judge,
            over=axes,
            at=fixed,
            tolerance=tolerance,
            every=every,
            progress=progress,
        )


def discover(
    scenario: Scenario,
    *,
    claims: Sequence[str] = (),
    draws: int = 1000,
    kind: str = "rarer",
    most_rules: int = 3,
    most_limits: int = 4,
    seed: int = 1,
    rounds: Rounds = None,
    method: str = "auto",
    progress: StageProgress | None = None,
    solve: AnySolve | None = None,
    store: Path | str | None = None,
) -> tuple[Discovery, ...]:
    """The fewest rules that separate worlds where claims hold from worlds where they fail.

    Args:
        scenario: what to analyse.
        claims: names; all of them where none is named. They share their draws.
        draws: independent draws from the priors.
        kind: describe worlds where the claim `holds`, where it `fails`, or the `rarer` ones.
        most_rules: rules for a claim at most.
        most_limits: parameters that one rule limits at most.
        seed: of draws, resamples and shuffles.
        rounds: instead of the scenario's own.
        method: `tree`, `belief` or `auto`.
        progress: called as `progress(stage, done, total)`.
        solve: solves a batch in the form that is chosen, in place of the package's own solver.
        store: folder in which solved draws are kept from one time to the next; None keeps nothing.

    Raises:
        Refusal: claims that are not there; `unknown-kind`.
        KeyboardInterrupt: stopped before two draws were finished.
    """
    from goodoffices.analyses.discovery import discover as find_rules
    from goodoffices.language.sampling import sample

    if kind not in ("holds", "fails", "rarer"):
        raise refuse(
            "unknown-kind",
            f"rules are for worlds where a claim `holds`, `fails`, or the `rarer`, not `{kind}`",
        )
    _enough(draws)
    told = partial(progress, "draws") if progress else None
    with _judge(scenario, claims, rounds, method, solve, store, seed, draws) as judge:
        judged = judge(sample(scenario, draws, seed=seed), progress=told)
    if judged.width < 2:
        raise KeyboardInterrupt
    found: list[Discovery] = []
    for k, name in enumerate(judged.claims):
        if progress is not None:
            progress("rules", k, len(judged.claims))
        found.append(
            find_rules(
                scenario.parameters,
                judged,
                name,
                kind=kind,
                most_rules=most_rules,
                most_limits=most_limits,
                seed=seed,
            )
        )
    return tuple(found)


def compare(
    scenarios: Mapping[str, Scenario],
    *,
    questions: Sequence[str],
    draws: int = 256,
    seed: int = 1,
    rounds: Rounds = None,
    method: str = "auto",
    progress: StageProgress | None = None,
    solve: AnySolve | None = None,
) -> Comparison:
    """The same questions asked of several scenarios, with differences from the first.

    Args:
        scenarios: name -> scenario, two or more.
        questions: quantities or claims, as texts.
        draws: from each scenario's priors.
        seed: of the draws, the same for all.
        rounds: instead of the scenarios' own.
        method: `tree`, `belief` or `auto`.
        progress: called as `progress(stage, done, total)`.
        solve: solves a batch of any of the scenarios, in place of the package's own solver.

    Raises:
        Refusal: fewer than two scenarios, no question, or a question that no scenario can be asked.
    """
    from goodoffices.analyses.comparing import compare_scenarios

    if len(scenarios) < 2:
        raise refuse("one-scenario", "a comparison takes two scenarios or more")
    if not questions:
        raise refuse("no-question", "a comparison needs a question", hint="such as `P(us.withdraw)`")
    _enough(draws)
    forms = {
        name: choose_form(scenario, method=method, rounds=rounds).form for name, scenario in scenarios.items()
    }
    solvers = {name: solve or solver_for(form, tolerance=TOLERANCE) for name, form in forms.items()}
    return compare_scenarios(forms, questions, solvers=solvers, draws=draws, seed=seed, progress=progress)


def _enough(draws: int) -> None:
    if draws < 2:
        raise refuse("too-few-draws", f"at least 2 draws are needed, not {draws}")


@contextmanager
def _judge(
    scenario: Scenario,
    names: Sequence[str],
    rounds: Rounds,
    method: str,
    solve: AnySolve | None,
    store: Path | str | None,
    seed: int,
    draws: int,
    nodes: int | None = None,
) -> Generator[ClaimJudge]:
    from goodoffices.analyses.asking import ClaimJudge, choose_claims
    from goodoffices.workflow.keeping import Keeping

    claims = choose_claims(scenario, names)
    chosen = _on_grid(choose_form(scenario, method=method, rounds=rounds), nodes)
    with Keeping(chosen, solve=solve, store=store, seed=seed, draws=draws, tolerance=TOLERANCE) as solver:
        yield ClaimJudge(chosen.form, claims, solver)


def _on_grid(chosen: Chosen, nodes: int | None) -> Chosen:
    from goodoffices.claims.talks.form import Talks

    if nodes is None:
        return chosen
    if not isinstance(chosen.form, Talks):
        raise refuse(
            "no-grid",
            "a number of nodes is for talks on a grid of beliefs, and here is a tree",
            hint="leave `--nodes` out, or say `--method belief`",
        )
    if not FEWEST_NODES <= nodes <= MOST_NODES:
        raise refuse(
            "no-such-grid", f"an axis of belief has {FEWEST_NODES} to {MOST_NODES} nodes, not {nodes}"
        )
    return replace(chosen, form=replace(chosen.form, nodes=nodes))
