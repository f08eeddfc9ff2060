"""What keeping runs and spreading them over workers costs, and what it brings.

    python benchmarks/store.py --draws 1000 --workers 1 2 --json store.json

Prints, for the claims' worlds of a scenario: time in the solver, in the store and in the engine; bytes on disk and on the
way for each draw; draws a second by the number of workers; and the time to judge the claims again from what was kept.
Processor time is given beside wall time, since other programs may want the same cores.
"""

from __future__ import annotations

import argparse
import json
import pickle
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import goodoffices
from goodoffices.claims.sharded import base_of
from goodoffices.claims.survey import survey, wanted
from goodoffices.claims.worlds import AS_IS
from goodoffices.language.sampling import sample
from goodoffices.store import Run
from goodoffices.workflow import engines_local, runs, sharding, shards
from goodoffices.workflow.engines import Task, TreeWork
from goodoffices.workflow.forms import choose_form


def processor() -> float:
    """Seconds of processor time of this process and of those that it has started and that have ended."""
    own, ended = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime


class Clock:
    """Adds up wall and processor time under names."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = {}
        self.cpu: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), processor()
        try:
            yield
        finally:
            self.wall[name] = self.wall.get(name, 0.0) + time.perf_counter() - wall
            self.cpu[name] = self.cpu.get(name, 0.0) + processor() - cpu

    def around(self, name: str, function: Any) -> Any:
        """The function, with its time taken."""

        def timed(*arguments: Any, **settings: Any) -> Any:
            with self(name):
                return function(*arguments, **settings)

        return timed


def one_survey(form: Any, scenario: Any, points: dict[str, Any], **settings: Any) -> sharding.Sharding:
    """Solve and answer everything that the claims need, and close the engine."""
    count = len(next(iter(points.values())))
    sharding = runs.open_sharding(form, seed=1, draws=count, tolerance=1e-9, **settings)
    try:
        survey(form, wanted(form, scenario.claims), points, solve=sharding)
    finally:
        sharding.close()
    return sharding


def overhead(form: Any, scenario: Any, points: dict[str, Any], folder: Path) -> dict[str, float]:
    """Share of the solver's time that store, engine and answers take, in this process."""
    clock = Clock()
    own = TreeWork.solve, Run.write, Run.read
    TreeWork.solve = clock.around("solving", TreeWork.solve)
    Run.write = clock.around("writing", Run.write)
    Run.read = clock.around("reading", Run.read)
    try:
        with clock("whole"):
            done = one_survey(form, scenario, points, store=folder, workers=1)
    finally:
        TreeWork.solve, Run.write, Run.read = own
    lanes = len(next(iter(points.values()))) * len({w for w, _ in wanted(form, scenario.claims)} | {AS_IS})
    return {
        "solve_cpu_s": clock.cpu["solving"],
        "write_cpu_s": clock.cpu["writing"],
        "write_wall_s": clock.wall["writing"],
        "rest_cpu_s": clock.cpu["whole"] - clock.cpu["solving"] - clock.cpu["writing"],
        "store_share_cpu": clock.cpu["writing"] / clock.cpu["solving"],
        "store_share_wall": clock.wall["writing"] / clock.wall["solving"],
        "bytes_on_disk_per_draw_and_world": done.written / lanes,
        "shards": done.solved,
    }


def moved(form: Any, scenario: Any, points: dict[str, Any]) -> dict[str, float]:
    """Bytes between this process and a worker, for each draw of each world."""
    width = min(shards.SHARD, len(next(iter(points.values()))))
    part = {name: values[:width] for name, values in points.items()}
    work = TreeWork(form, 1e-9)
    task = Task(1, part, AS_IS, {AS_IS: ()}, None)
    result = work.solve(task)
    shifted = next((w for w, _ in wanted(form, scenario.claims) if base_of(w) != w), None)
    return {
        "work_once": len(pickle.dumps(work)),
        "task_per_draw": len(pickle.dumps(task)) / width,
        "result_per_draw_and_world": len(pickle.dumps(result)) / width,
        "shifted_worlds": float(shifted is not None),
    }


def growth(
    form: Any, scenario: Any, points: dict[str, Any], counts: list[int], **settings: Any
) -> list[dict[str, float]]:
    """Draws a second by the number of workers, their start included."""
    out: list[dict[str, float]] = []
    own, engines_local.WORTH = engines_local.WORTH, 0.0
    for count in counts:
        wall, cpu = time.perf_counter(), processor()
        one_survey(form, scenario, points, workers=count, **settings)
        seconds = time.perf_counter() - wall
        draws = len(next(iter(points.values())))
        row = {
            "workers": count,
            "wall_s": seconds,
            "cpu_s": processor() - cpu,
            "draws_per_s": draws / seconds,
        }
        print("  ", {name: round(value, 2) for name, value in row.items()}, flush=True)
        out.append(row)
    engines_local.WORTH = own
    return out


def again(scenario: Any, draws: int, rounds: int | None, folder: Path) -> dict[str, float]:
    """Time of a whole study, tipping values included, of which everything has been kept."""
    goodoffices.study(scenario, draws=draws, rounds=rounds, store=folder)
    wall, cpu = time.perf_counter(), processor()
    found = goodoffices.study(scenario, draws=draws, rounds=rounds, store=folder, resume=True)
    return {
        "wall_s": time.perf_counter() - wall,
        "cpu_s": processor() - cpu,
        "draws_s": found.statistics["seconds_draws"],
        "tipping_s": found.statistics["seconds_tipping"],
    }


def main() -> None:
    """Measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="budapest-2025")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--growth-draws", type=int, default=256)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument(
        "--ray", type=int, nargs="*", default=[], help="numbers of actors on a cluster started here"
    )
    parser.add_argument("--again", action="store_true", help="also a study from what was kept")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    scenario = goodoffices.load(asked.scenario)
    form: Any = choose_form(scenario, rounds=asked.rounds).form
    points = {name: np.asarray(values) for name, values in sample(scenario, asked.draws, seed=1).items()}
    some = {name: values[: asked.growth_draws] for name, values in points.items()}
    TreeWork(form, 1e-9).solve(Task(0, {n: v[:2] for n, v in points.items()}, AS_IS, {AS_IS: ()}, None))
    out: dict[str, Any] = {"moved": moved(form, scenario, points)}
    print("moved", out["moved"], flush=True)
    with tempfile.TemporaryDirectory() as folder:
        out["overhead"] = overhead(form, scenario, points, Path(folder) / "store")
        print("overhead", out["overhead"], flush=True)
        if asked.again:
            out["again"] = again(scenario, asked.draws, asked.rounds, Path(folder) / "again")
            print("again", out["again"], flush=True)
    if asked.workers:
        print("growth, processes on this machine:", flush=True)
        out["local"] = growth(form, scenario, some, asked.workers)
    if asked.ray:
        print("growth, actors of a Ray cluster here (its start included):", flush=True)
        out["ray"] = growth(form, scenario, some, asked.ray, engine="ray")
    if asked.json:
        asked.json.write_text(json.dumps(out, indent=2) + "\n")


if __name__ == "__main__":
    main()
