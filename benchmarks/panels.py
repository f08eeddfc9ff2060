"""Panels beside the literature's software: `python benchmarks/panels.py`.

Ours runs here, cold (with compilation, in a process that has compiled nothing) and warm (the same fit again); pygambit's fit of a
logit equilibrium runs in the same process where it is installed. The R packages' times are not measured here: they are
those recorded with the reference data, on a machine of the same kind, and are printed as such. The reference data do not ship:
without them, only the fits that need none run.

Prints a table: CPU seconds of each (wall seconds in brackets), and by how much the log-likelihoods differ.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

import published_panels as published

from goodoffices.panels import fit, read_panel

# Recorded with the reference data: median CPU seconds (elapsed where no CPU time was taken), single thread.
R_SECONDS = {
    "war1800_probit_agent": ("games 1.1.2", 0.055),
    "war1800_logit_agent": ("games 1.1.2", 0.051),
    "war1800_probit_private": ("games 1.1.2", 0.050),
    "war1800_sdformula": ("games 1.1.2", 0.296),
    "war1800_fixed_sdByPlayer": ("games 1.1.2", 0.115),
    "data_122_probit_agent": ("games 1.1.2", 0.260),
    "data_122_logit_agent": ("games 1.1.2", 0.215),
    "data_ult_both": ("games 1.1.2", 0.268),
    "student_offers_s2_3": ("games 1.1.2", 0.044),
    "PL": ("sigInt 0.2.0", 1.66),
    "NPL": ("sigInt 0.2.0", 15.64),
    "MLE": ("IPOPT/ADOL-C", 243.0),
    "deterrence, log-F": ("games2 0.1.1", 2.02),
}
REPEATS = 5


def timed(
    work: Callable[[], Any], *, repeats: int = REPEATS
) -> tuple[Any, tuple[float, float], tuple[float, float]]:
    """The result, and (CPU, wall) seconds of the first run and of the median of later ones."""
    runs: list[tuple[float, float]] = []
    found = None
    for _ in range(1 + repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        found = work()
        runs.append((time.process_time() - cpu, time.perf_counter() - wall))
    later = runs[1:]
    return found, runs[0], (statistics.median(c for c, _ in later), statistics.median(w for _, w in later))


def line(
    name: str, cold: tuple[float, float], warm: tuple[float, float], gap: float, peer: str, theirs: float
) -> str:
    """One row of the table."""
    ratio = theirs / warm[0]
    return f"{name:26s} {cold[0]:8.2f} ({cold[1]:6.2f}) {warm[0]:8.4f} ({warm[1]:7.4f}) {gap:9.1e}  {peer:14s} {theirs:9.4f} {ratio:7.1f}"


def literature() -> None:
    """Every recorded fit: ours measured, theirs as recorded."""
    references = published.reference("games/games_reference.json")
    for case in published.games_cases():
        if case.name in R_SECONDS:
            panel, table = case.panel(), case.table()
            found, cold, warm = timed(lambda p=panel, t=table: fit(p, t, starts=1))
            gap = found.log_likelihood - references[case.name]["polished"]["logLik"]
            print(line(case.name, cold, warm, gap, *R_SECONDS[case.name]), flush=True)
    table = published.table("deterrence/huth1988_signorino_tarar.csv")
    found, cold, warm = timed(lambda: fit(read_panel("deterrence"), table, starts=1))
    objective = published.reference("deterrence/huth_reference.json")["huth_logF_probit_private"]["polished"][
        "objective"
    ]
    print(
        line("deterrence, log-F", cold, warm, found.objective - objective, *R_SECONDS["deterrence, log-F"]),
        flush=True,
    )
    sanctions = published.reference("sanctions/sanctions_reference.json")
    table = published.sanctions_table()
    for name, key in (("PL", "PL_from_PRhat"), ("NPL", "NPL_from_PRhat"), ("MLE", "MLE_exact")):
        panel = published.sanctions(name.lower(), "PRhat", "PFhat")
        found, cold, warm = timed(lambda p=panel: fit(p, table), repeats=2)
        print(
            line(name, cold, warm, found.log_likelihood - sanctions[key]["logLik"], *R_SECONDS[name]),
            flush=True,
        )


def gambit() -> None:
    """The logit equilibrium of the block of Ochs, by ours and by pygambit, in this process."""
    panel, table = read_panel("ochs-1995"), published.ochs_table()
    found, cold, warm = timed(lambda: fit(panel, table))
    try:
        import pygambit
        from pygambit import qre
    except ImportError:
        print("ochs-1995: pygambit is not installed here")
        return
    game = pygambit.StrategicGame.from_arrays([[1.1141, 0], [0, 0.2785]], [[0, 1.1141], [1.1141, 0]])
    counts = [[table[move][0] for move in moves] for moves in (("up", "down"), ("left", "right"))]
    data = game.mixed_strategy_profile(data=counts)
    theirs, _, time_theirs = timed(lambda: qre.logit_estimate(data))
    gap = found.log_likelihood - float(theirs.log_like)
    print(line("ochs-1995", cold, warm, gap, f"pygambit {pygambit.__version__}"[:14], time_theirs[0]))
    print(f"  rationality: ours {math.exp(found.estimates[0]):.8f}, theirs {float(theirs.lam):.8f}")


def main() -> None:
    """Print the table."""
    print(
        "seconds of CPU (of wall); 'warm' is the median of later runs in the same process; the last ratio is theirs / warm"
    )
    print(
        f"{'fit':26s} {'cold':>8s} {'':8s} {'warm':>8s} {'':9s} {'gap logL':>9s}  {'peer':14s} {'theirs':>9s} {'ratio':>7s}"
    )
    gambit()
    if published.THERE:
        literature()


if __name__ == "__main__":
    main()
