"""One scenario solved by the belief recursion at the medians of its priors, and the answer as plain data.

Receives talks; returns a certified `RecursiveSolution`, or a record ready for JSON: what each type of each party does at
the places of the first round, at the public beliefs that play leads to.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from goodoffices.core.diagnostics import refuse
from goodoffices.games.recursive import BELIEF_STATUS, RecursiveSolution, components
from goodoffices.workflow.forms import OPEN_ENDED, Chosen, solver_for, with_rationality

if TYPE_CHECKING:
    from goodoffices.claims.talks.form import Talks

TOLERANCE = 1e-8
LEAST_SHOWN = 1e-6
"""Points of play that are come to with less than this probability are left out of a record."""
MOST_FAILED = 20
"""Failed cells that a record lists."""


def solve_talks(talks: Talks, *, rationality: float | None = None) -> RecursiveSolution:
    """Solve talks at the medians of the priors and certify the solution.

    Args:
        talks: what to solve.
        rationality: of every party, instead of the scenario's, in 1/utility.

    Raises:
        Refusal: `no-limit` for infinite rationality; those of the solver.
    """
    from goodoffices.certificates.recursive import certify_recursive
    from goodoffices.language import medians

    if rationality is not None and math.isinf(rationality):
        raise refuse(
            "no-limit",
            "the limit of infinite rationality is followed on trees only",
            hint="give a finite rationality, such as 100, or few enough rounds for `--method tree`",
        )
    compiled = talks.round
    data = compiled.data({name: np.array([value]) for name, value in medians(talks.scenario).items()})
    if rationality is not None:
        data = with_rationality(data, rationality)
    solve: Any = solver_for(talks, tolerance=TOLERANCE)
    found: RecursiveSolution = solve(
        compiled.game, data, rounds=talks.rounds, nodes=talks.nodes, from_outset=talks.rounds is not None
    )
    rounds = None if talks.rounds is None or talks.rounds <= 4 else 4
    certificate = certify_recursive(found, rounds=rounds) if found.log_choice else None
    status = found.status
    if talks.accuracy is not None and certificate is not None:
        fine = certificate.off_grid <= talks.accuracy
        status = np.where((status == 0) & ~fine, 4, status).astype(np.int8)
    return dataclasses.replace(found, status=status, certificate=certificate)


def talks_record(solution: RecursiveSolution, chosen: Chosen, *, file: str) -> dict[str, Any]:
    """A solution of talks as plain data.

    Args:
        solution: what was found, one draw.
        chosen: the form that was solved.
        file: what it was found for.
    """
    game, data = solution.game, solution.data
    rationality = data.rationality[:, 0]
    one = float(rationality[0]) if np.all(rationality == rationality[0]) else None
    values = dict.fromkeys(game.players, 0.0)
    for (party, own), value in zip(components(game), solution.root[:, 0], strict=True):
        values[game.players[party]] += float(data.prior[party][own, 0] * value)
    certificate = solution.certificate
    out: dict[str, Any] = {
        "file": file,
        "title": game.title,
        "method": "belief",
        "method_because": chosen.why,
        "detail": f"belief recursion, {' x '.join(str(len(a)) for a in solution.axes) or 1} beliefs",
        "status": BELIEF_STATUS[int(solution.status[0])],
        "rationality": one if one is not None else dict(zip(game.players, rationality.tolist(), strict=True)),
        "rounds": OPEN_ENDED if solution.rounds is None else solution.rounds,
        "certificate": {
            name: None if certificate is None else _finite(float(getattr(certificate, name)[0]))
            for name in ("logit_residual", "belief_error", "value_error", "off_grid")
        },
        "strategies": _strategies(solution, chosen) if solution.status[0] in (0, 4) else [],
        "values": {name: _finite(value) for name, value in values.items()},
        "statistics": {
            "cells": float(solution.survey.cells),
            "cells_traced": float(solution.survey.traced),
            "seconds": solution.survey.seconds,
        },
    }
    if solution.survey.failed:
        out["failed"] = [
            {
                "round": cell.round + 1,
                "place": game.label(cell.place),
                "belief": list(cell.belief),
                "residual": _finite(cell.residual),
            }
            for cell in solution.survey.failed[:MOST_FAILED]
        ]
    return out


def _strategies(solution: RecursiveSolution, chosen: Chosen) -> list[dict[str, Any]]:
    """What each type does at the points of play of the first round."""
    from goodoffices.claims.talks.play import TalksRecorder
    from goodoffices.claims.talks.running import TalksView

    form: Any = chosen.form
    recorder = TalksRecorder(form.round)
    recorder.see(TalksView(form.round, solution), slice(0, 1))
    out: list[dict[str, Any]] = []
    waiting = [recorder.build(np.ones(1, dtype=bool))]
    while waiting:
        point = waiting.pop(0)
        waiting += [move.then for move in point.moves if move.then is not None]
        if point.party == "chance" or not point.moves or point.round > 1 or point.reach < LEAST_SHOWN:
            continue
        kinds = list(point.moves[0].by_type) or [""]
        state = ", ".join(point.state.values())
        for kind in kinds:
            out.append(
                {
                    "player": point.party,
                    "type": kind or None,
                    "round": point.round,
                    "state": dict(point.state),
                    "beliefs": {name: dict(levels) for name, levels in point.beliefs.items()},
                    "reach": point.reach,
                    "infoset": len(out) + 1,
                    "label": f"{f'[{kind}] ' if kind else ''}round {point.round}: {state}",
                    "moves": {m.move: m.by_type.get(kind, m.probability) for m in point.moves},
                }
            )
    return out


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
