"""Ours beside the peers, in one run: `python benchmarks/peers.py [--quick]`.

Each peer gets an environment of its own under `benchmarks/.environments/`, made here where it is missing: pygambit (logit
path following) and LiteEFG with OpenSpiel (magnetic mirror descent, whose fixed point is a logit equilibrium). Ours runs in
the environment that runs this file. Workers take turns, task by task, so that a busy machine is busy for all.

Prints a table: CPU seconds (and wall seconds) of each, ratios, residuals, memory, and how far ours is from the floor,
which is the bytes that its passes over the tree must move at least, divided by the memory bandwidth measured here. A
time counts only with a neutral residual below 1e-6. Compilation and warm-up are not counted; ours has none to speak of.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import peers_games
from goodoffices.solvers.answers import structure
from peers_task import Answer, Task

HERE = Path(__file__).resolve().parent
ENVIRONMENTS = HERE / ".environments"
PEERS = {
    "gambit": ["pygambit==17.0.0b2", "numpy"],
    "liteefg": ["LiteEFG==1.0.0", "open_spiel==2.0.2", "numpy"],
}
PATIENCE = 120.0
"""Wall seconds that a peer gets for one task."""

SINGLE = [(7, 10.0), (10, 10.0), (13, 10.0), (14, 5.0)]
PRECISE = [(rounds, r) for rounds in (2, 3, 4, 5, 6) for r in (100.0, 1_000.0, 10_000.0)]
BATCHES = [(0, 10_000, r) for r in (1.0, 10.0)] + [(h, 1_000, r) for h in (3, 4) for r in (1.0, 10.0)]
LARGEST_FOR = {"gambit": 7, "liteefg": 10}
"""Rounds beyond which a peer is known not to finish in its time and is not asked."""


def python_of(peer: str) -> Path:
    """The interpreter of a peer's environment, made where it is missing."""
    home = ENVIRONMENTS / peer
    python = home / "bin" / "python"
    if not (home / "made").exists():
        print(f"making the environment of {peer} (once)", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS[peer]], check=True)
        (home / "made").touch()
    return python


def ask(peer: str, task: Task) -> Answer:
    """One task in a process of its own."""
    python = Path(sys.executable) if peer == "ours" else python_of(peer)
    paths = os.pathsep.join([str(HERE.parent / "src"), str(HERE)])
    try:
        done = subprocess.run(
            [str(python), str(HERE / f"peers_{peer}.py"), json.dumps(asdict(task))],
            env=os.environ | {"PYTHONPATH": paths},
            capture_output=True,
            text=True,
            timeout=None if peer == "ours" else PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return Answer(None, None, float("nan"), note=f"not finished in {PATIENCE:.0f} s")
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        return Answer(None, None, float("nan"), note=f"failed: {last[0]}")
    return Answer(**json.loads(done.stdout.strip().splitlines()[-1]))


COPY = """
import time, numpy
source = numpy.ones(20_000_000); target = numpy.empty_like(source); best = float("inf")
for _ in range(5):
    begun = time.perf_counter(); numpy.copyto(target, source); best = min(best, time.perf_counter() - begun)
print(2 * source.nbytes / best)
"""


def bandwidth() -> float:
    """Bytes a second of copying a large array, read and written, the best of five; measured in a process of its own,
    because a worker's peak memory includes that of the process that starts it."""
    done = subprocess.run([sys.executable, "-c", COPY], capture_output=True, text=True, check=True)
    return float(done.stdout)


def pass_bytes(task: Task) -> float:
    """Bytes that one backward and one forward pass must move: each edge's values and reach, each choice, each belief."""
    game, _ = peers_games.game(task.rounds, [0], task.rationality)
    layout = structure(game, "many").layout
    edges = sum(level.edges for level in layout.levels)
    choices = sum(level.choices for level in layout.levels)
    return 8.0 * (edges * (2 * layout.players + 2) + 2 * choices + 3 * layout.beliefs)


def row(name: str, task: Task, peers: list[str], speed: float) -> None:
    """Measure one task with everyone and print it."""
    answers = {peer: ask(peer, task) for peer in ["ours", *peers]}
    ours = answers["ours"]
    if ours.seconds is None:
        print(f"{name:34}  ours: {ours.note}", flush=True)
        return
    passes = ours.details.get("passes", ours.details.get("evaluations", 0.0))
    floor = passes * pass_bytes(task) / speed
    print(
        f"{name:34}  ours {ours.seconds:8.3f} s ({ours.wall:.3f} wall)  residual {ours.residual:.0e}"
        f"  {ours.megabytes:5.0f} MB  floor {floor * 1e3:.2f} ms, {ours.seconds / floor:.0f}x above it",
        flush=True,
    )
    for peer in peers:
        found = answers[peer]
        said = (
            f"{found.seconds:8.3f} s ({found.wall:.3f} wall)  residual {found.residual:.0e}  {found.note}"
            f"  -> ours is {found.seconds / ours.seconds:.1f}x as fast"
            if found.seconds is not None
            else f"no solution that counts: {found.note}"
        )
        print(f"{'':34}  {peer} {said}", flush=True)


def main() -> None:
    """Run every task."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="small games and small samples only")
    quick = options.parse_args().quick
    for peer in PEERS:
        python_of(peer)
    speed = bandwidth()
    print(f"{os.cpu_count()} processors, memory bandwidth {speed / 1e9:.1f} GB/s; CPU seconds decide\n")
    print("One game")
    for rounds, rationality in SINGLE[: 1 if quick else None]:
        peers = [peer for peer in PEERS if rounds <= LARGEST_FOR[peer]]
        seconds = 20.0 if quick else 100.0
        row(
            f"H={rounds}, rationality {rationality:g}",
            Task(rounds, rationality, repeats=3, seconds=seconds),
            peers,
            speed,
        )
    print("\nPrecise choice")
    for rounds, rationality in PRECISE[: 3 if quick else None]:
        row(
            f"H={rounds}, rationality {rationality:g}",
            Task(rounds, rationality, repeats=1),
            ["gambit"],
            speed,
        )
    print("\nBatches; a peer's time is that of a sample, scaled")
    for rounds, draws, rationality in BATCHES[: 2 if quick else None]:
        name = "crisis" if rounds == 0 else f"H={rounds}"
        sample = 5 if quick else 20
        row(
            f"{draws:,} draws of {name}, rationality {rationality:g}",
            Task(rounds, rationality, draws=draws, sample=sample, repeats=3),
            list(PEERS),
            speed,
        )


if __name__ == "__main__":
    main()
