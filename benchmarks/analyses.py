"""How long the analyses take on `budapest-2025`: a tipping map of 40 x 40, Sobol indices of 12 parameters at N = 256.

Prints a line of JSON for each: seconds of the clock and of the processor, games solved. Run as `python benchmarks/analyses.py`;
`--fast` takes smaller ones.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import goodoffices
from goodoffices.workflow.analysing import decide, discover, tipping

CLAIM = "exit_hurts_more_than_missiles"


def measure(name: str, work: Callable[[], Any], games: Callable[[Any], int]) -> None:
    """Time one analysis and print what it took."""
    clock, processor = time.perf_counter(), time.process_time()
    found = work()
    line = {
        "analysis": name,
        "seconds": round(time.perf_counter() - clock, 2),
        "processor_seconds": round(time.process_time() - processor, 2),
        "games": games(found),
    }
    print(json.dumps(line), flush=True)


def main(*, fast: bool) -> None:
    """Time every analysis."""
    scenario = goodoffices.load("budapest-2025")
    grid, rows, draws = (12, 32, 100) if fast else (40, 256, 500)
    over = ["recognition", "missile_damage"]
    for every in (False, True):
        measure(
            f"tipping map {grid} x {grid}{', every point' if every else ''}",
            lambda every=every: tipping(scenario, over=over, claims=[CLAIM], grid=grid, every=every),
            lambda found: found[0].games,
        )
    measure(
        f"Sobol, 12 parameters and the rest, N = {rows}",
        lambda: decide(scenario, claims=[CLAIM], draws=draws, design=rows),
        lambda found: found.games,
    )
    measure(
        f"rules from {draws} draws",
        lambda: discover(scenario, claims=[CLAIM], draws=draws),
        lambda found: found[0].games,
    )


if __name__ == "__main__":
    main(fast="--fast" in sys.argv[1:])
