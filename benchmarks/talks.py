"""Long talks, measured in one run: `python benchmarks/talks.py [--quick] [--minutes 10]`.

- The shipped scenario on a grid of beliefs: one draw over weeks and years, a batch, and a second command's start, with the
  ratio to the fewest floating-point operations that its cells need at the rate measured here.
- A long signalling game: how many rounds pygambit manages in its time, and ours at 520 rounds.
- Stationary equilibria of random stochastic games beside sgamesolver, which gets an environment of its own.

CPU seconds of all threads decide, wall seconds stand beside them; peers and ours take turns, so that a busy machine is busy
for all. Compilation: ours has none. What there is no time for any more is left out, and the run says so.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import peers
from peers_task import Task

HERE = Path(__file__).resolve().parent
SGAMESOLVER = peers.ENVIRONMENTS / "sgamesolver"
PATIENCE = 400.0
"""Wall seconds for one task of sgamesolver, if so many are left."""
MINUTES = 10.0
"""Wall minutes for the whole run unless told otherwise."""
STOCHASTIC = [(10, 2, 3, 1, 1), (10, 2, 3, 256, 8), (50, 3, 3, 1, 1), (200, 3, 3, 1, 1)]
"""States, players, moves, games of ours in one batch, and how many of them the peer solves, one after another."""
CRISIS_ROUNDS = (5, 6, 7, 8, 9)
LONG = 520

RATE = """
import time, numpy
source = numpy.full(4096, 1.000001); target = numpy.empty_like(source); best = float("inf")
for _ in range(200):
    begun = time.perf_counter()
    for _ in range(20): numpy.multiply(source, source, out=target)
    best = min(best, time.perf_counter() - begun)
print(20 * source.size / best)
"""


class Clock:
    """The wall seconds that are left."""

    def __init__(self) -> None:
        self.end = float("inf")

    def start(self, seconds: float) -> None:
        """From now on."""
        self.end = time.monotonic() + seconds

    def left(self) -> float:
        """None or more."""
        return max(self.end - time.monotonic(), 0.0)


CLOCK = Clock()


def ours(*task: object) -> dict[str, float]:
    """One task in a process of its own; empty if no time is left for it."""
    return _asked(Path(sys.executable), "talks_ours.py", task, float("inf"))


def theirs(*task: object) -> dict[str, float]:
    """One task of sgamesolver, in its environment; empty if it does not finish."""
    return _asked(python_of_sgamesolver(), "talks_sgamesolver.py", task, PATIENCE)


def _asked(python: Path, file: str, task: tuple[object, ...], patience: float) -> dict[str, float]:
    if not CLOCK.left():
        return {}
    paths = os.pathsep.join([str(HERE.parent / "src"), str(HERE)])
    try:
        done = subprocess.run(
            [str(python), str(HERE / file), *map(str, task)],
            # One thread of linear algebra for all: on a busy machine threads that wait for each other burn CPU seconds.
            env=os.environ | {"PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=min(patience, CLOCK.left()),
        )
    except subprocess.TimeoutExpired:
        return {}
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return json.loads(done.stdout.strip().splitlines()[-1])


def python_of_sgamesolver() -> Path:
    """The interpreter of sgamesolver's environment, made where it is missing; its wheel must fit an old NumPy."""
    python = SGAMESOLVER / "bin" / "python"
    if not (SGAMESOLVER / "made").exists():
        print("making the environment of sgamesolver (once)", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(SGAMESOLVER)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "numpy<2", "scipy<1.15", "cython", "setuptools", "wheel"], check=True)
        from_source = ["--no-build-isolation", "--no-cache-dir", "--no-binary", "sgamesolver"]
        subprocess.run([*pip, *from_source, "numpy<2", "sgamesolver==1.0.2"], check=True)
        (SGAMESOLVER / "made").touch()
    return python


def operations(moves: float, components: int) -> float:
    """Fewest floating-point operations of a cell: one Newton step from a perfect guess, and what the turn comes to.

    By move and type, a step needs the cubic and its derivative (6 + 6), payoff and precision (3), an exponential (about
    15), its share of sums and divisions (4) and of the Jacobian and Newton's formula (6); by move the belief (25).
    Afterwards, by move: cubics of all components (6 each, 2 to average them) and two logit choices (20 each).
    """
    step = moves * (2 * (6 + 6 + 3 + 15 + 4 + 6) + 25)
    return step + moves * (components * 8 + 2 * 20)


def scenario(rate: float, *, quick: bool) -> None:
    """The shipped scenario."""
    print("The shipped scenario, nine nodes an axis")
    last = None
    tasks = [(26, 1, 3), (52, 1, 3), (104, 1, 3)]
    tasks += [(26, 32, 1)] if quick else [(26, 512, 1)]
    for rounds, draws, repeats in tasks:
        found = ours("budapest", rounds, draws, repeats)
        if not found:
            print(f"  {rounds:4} rounds x {draws:3} draws: left out, no time", flush=True)
            continue
        floor = found["cells"] * operations(found["moves"], 5) / rate
        longer = f"  {found['seconds'] / last:.2f}x of half as long" if last and draws == 1 else ""
        last = found["seconds"]
        print(
            f"  {rounds:4} rounds x {draws:3} draws: {found['seconds']:7.2f} s CPU ({found['wall']:.2f} wall) "
            f"{found['megabytes']:5.0f} MB  {found['cells'] / 1e6:.2f} M cells, of which "
            f"{found['followed'] / found['cells']:.1%} followed; floor {floor:.3f} s, "
            f"{found['seconds'] / floor:.0f}x above it; {found['failed_draws']:.0f} draws with a cell not solved{longer}",
            flush=True,
        )
    begun = time.perf_counter()
    found = ours("budapest", 52, 1, 1)
    if found:
        seconds = time.perf_counter() - begun
        print(
            f"  a second process, 52 rounds, from nothing to the answer: {seconds:.2f} s wall\n", flush=True
        )


def signalling(*, quick: bool) -> None:
    """The long crisis: theirs is the tree of `peers_games`, ours the same offers and answers without a tree."""
    print("A long crisis with one private type")
    for rounds in CRISIS_ROUNDS[: 2 if quick else None]:
        if CLOCK.left() < peers.PATIENCE:
            print(f"  pygambit, {rounds} rounds: left out, no time")
            break
        answer = peers.ask("gambit", Task(rounds, 10.0, repeats=1))
        if answer.seconds is None:
            print(f"  pygambit, {rounds} rounds: {answer.note}")
            break
        print(
            f"  pygambit, {rounds} rounds: {answer.seconds:.2f} s CPU, residual {answer.residual:.0e}",
            flush=True,
        )
    found = ours("crisis", LONG)
    if not found:
        print(f"  ours, {LONG} rounds: left out, no time\n")
        return
    print(
        f"  ours, {LONG} rounds: {found['seconds']:.2f} s CPU ({found['wall']:.2f} wall), residual on the grid "
        f"{found['residual']:.0e}, between its nodes {found['off_grid']:.0e} in utility\n",
        flush=True,
    )


def stationary(*, quick: bool) -> None:
    """Random stochastic games without private information."""
    print("Stationary equilibria of random stochastic games, rationality 1 and 10")
    for states, players, moves, games, sample in STOCHASTIC:
        for rationality in (1.0, 10.0):
            if (quick and states > 10) or (states == 200 and rationality > 1):
                continue
            name = f"S={states}, n={players}, A={moves}" + (f", batch of {games}" if games > 1 else "")
            found = ours("stochastic", states, players, moves, rationality, games, 3)
            if not found:
                print(f"  {name}, rationality {rationality:g}: left out, no time", flush=True)
                continue
            patience = min(PATIENCE, CLOCK.left())
            peer = theirs(states, players, moves, rationality, sample, 1 if states > 10 else 3)
            said = (
                f"sgamesolver {peer['seconds']:.4f} s, residual {peer['residual']:.0e} -> ours is "
                f"{peer['seconds'] / found['seconds']:.1f}x as fast"
                if peer
                else f"sgamesolver did not finish in {patience:.0f} s"
            )
            print(
                f"  {name}, rationality {rationality:g}: ours {found['seconds']:.4f} s CPU a game "
                f"({found['wall']:.4f} wall), residual {found['residual']:.0e}; {said}",
                flush=True,
            )


def main() -> None:
    """Run every task."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--quick", action="store_true", help="small games and small batches only")
    options.add_argument("--minutes", type=float, default=MINUTES, help="wall minutes for the whole run")
    asked = options.parse_args()
    quick: bool = asked.quick
    CLOCK.start(60 * asked.minutes)
    done = subprocess.run([sys.executable, "-c", RATE], capture_output=True, text=True, check=True)
    rate = float(done.stdout)
    print(
        f"{os.cpu_count()} processors; NumPy multiplies {rate / 1e9:.2f} thousand million numbers a second in cache\n"
    )
    scenario(rate, quick=quick)
    signalling(quick=quick)
    stationary(quick=quick)


if __name__ == "__main__":
    main()
