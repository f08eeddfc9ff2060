"""Grids refined until they are fine enough: `solve_accurately`.

Receives a game and the accuracy asked for; returns a certified solution. The Bellman residual between the nodes, which the
independent certificate measures at sampled beliefs, decides; every refinement contains the nodes of the one before. With
many draws the grid is chosen, and certified, on a few of them.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from goodoffices.certificates.recursive import certify_recursive
from goodoffices.core.diagnostics import Refusal
from goodoffices.games.recursive import BeliefCertificate, RecursiveData, RecursiveGame, RecursiveSolution
from goodoffices.solvers.belief.payoffs import take, with_draws
from goodoffices.solvers.belief.solving import solve_recursive

PROBE = 8
"""Draws that the grid is chosen on."""


def solve_accurately(
    game: RecursiveGame,
    data: RecursiveData,
    *,
    rounds: int | None,
    accuracy: float,
    nodes: int = 5,
    most_nodes: int = 65,
    samples: int = 64,
    seed: int = 0,
    **options: Any,
) -> RecursiveSolution:
    """Solve on grids of 5, 9, 17, ... nodes an axis until no sampled Bellman residual exceeds `accuracy`.

    Args:
        accuracy: Largest difference, in utility, between interpolated values and those of the turn solved anew.
        nodes: Nodes on each axis of the first grid.
        most_nodes: The last grid has no more than these.
        samples: Number of (round, place, belief) that are looked at.
        seed: Of the samples.
        options: As of `solve_recursive`.

    Returns:
        The solution with its certificate (nan for draws that were not looked at). Status 4 marks draws that did not
        reach the accuracy on the finest grid that was allowed and fitted in memory.

    Raises:
        Refusal: as `solve_recursive`, where even the first grid does not fit.
    """
    wide = with_draws(game, data)
    draws = wide.discount.shape[-1]
    probed = np.unique(np.linspace(0, draws - 1, min(PROBE, draws)).round().astype(np.int64))
    probe = take(wide, probed)
    solution, certificate = None, None
    size = used = nodes
    keep: dict[str, Any] = options | {"keep": True}
    while True:
        try:
            found = solve_recursive(game, probe, rounds=rounds, nodes=size, **keep)
        except Refusal:
            if solution is None:
                raise
            break
        solution, used = found, size
        certificate = certify_recursive(found, samples=samples, seed=seed)
        solved = found.status == 0
        if not (certificate.off_grid[solved] > accuracy).any() or 2 * size - 1 > most_nodes:
            break
        size = 2 * size - 1
    assert certificate is not None
    if len(probed) < draws:
        solution = solve_recursive(game, wide, rounds=rounds, nodes=used, **options)
    status = solution.status.copy()
    coarse = certificate.off_grid > accuracy
    status[probed] = np.where((status[probed] == 0) & coarse, 4, status[probed])
    return dataclasses.replace(solution, status=status, certificate=_spread(certificate, probed, draws))


def _spread(certificate: BeliefCertificate, index: np.ndarray, draws: int) -> BeliefCertificate:
    def wide(array: np.ndarray) -> np.ndarray:
        out = np.full(draws, np.nan)
        out[index] = array
        return out

    return BeliefCertificate(
        wide(certificate.logit_residual),
        wide(certificate.belief_error),
        wide(certificate.value_error),
        wide(certificate.off_grid),
        wide(certificate.off_grid_mean),
        certificate.samples,
    )
