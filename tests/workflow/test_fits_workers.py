"""Posteriors found by worker processes: the same bits as here, whoever solves the games, and whichever worker is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest
from tests.support.forecast_records import TALKS, WORDS, history, write_csv

from goodoffices.core.diagnostics import Refusal, refuse
from goodoffices.inference.posterior_fitting import FitSettings
from goodoffices.workflow import engines_local, likelihoods
from goodoffices.workflow.fitting import Learned, learn

SMALL = FitSettings(effective=40, batch=24, repeats=2)
ENDED = signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(likelihoods, "TOGETHER", 8)
    write_csv(history(*WORDS), tmp_path / "events.csv")
    path = tmp_path / "talks.yaml"
    path.write_text(TALKS, encoding="utf-8")
    return path


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The process numbers of workers, which come for any work here."""
    monkeypatch.setattr(engines_local, "WORTH", 0.0)
    found, own = list[int](), subprocess.Popen

    def popen(*arguments: object, **settings: object) -> object:
        process = own(*arguments, **settings)  # type: ignore[call-overload]
        found.append(process.pid)
        return process

    monkeypatch.setattr(engines_local.subprocess, "Popen", popen)
    return found


def fitted(path: Path, **settings: object) -> Learned:
    return learn(path, settings=SMALL, nodes=(2, 3), replicas=0, **settings)  # type: ignore[arg-type]


def test_workers_find_the_same_bits(scenario: Path, started: list[int]):
    here = fitted(scenario, workers=1)
    assert not started
    there = fitted(scenario, workers=2)
    assert len(started) == 2
    np.testing.assert_array_equal(here.posterior.points, there.posterior.points)
    np.testing.assert_array_equal(here.posterior.terms, there.posterior.terms)
    assert here.posterior.log_evidence == there.posterior.log_evidence


def test_a_worker_that_is_killed_costs_time_and_no_numbers(scenario: Path, started: list[int]):
    here = fitted(scenario, workers=1)

    killed: list[int] = []

    def kill(repeat: int, run: object) -> None:
        if len(started) == 2 and not killed:
            os.kill(started[0], ENDED)
            killed.append(started[0])

    there = fitted(scenario, workers=2, watch=kill)
    assert len(started) >= 3
    np.testing.assert_array_equal(here.posterior.points, there.posterior.points)


def test_a_failure_of_the_engine_reaches_every_thread_that_waits():
    class Failing:
        room = 1

        def __init__(self) -> None:
            self.both = threading.Event()

        def expect(self, seconds: float) -> None:
            pass

        def submit(self, task: likelihoods.Points) -> None:
            if task.number:
                self.both.set()

        def wait(self) -> tuple[int, object]:
            self.both.wait(10)
            raise refuse("worker-lost", "gone")

        def close(self) -> None:
            pass

    terms = likelihoods.EngineTerms(Failing()).level(0)
    raised: list[str] = []

    def job() -> None:
        try:
            terms(np.zeros((2, 1)))
        except Refusal as refusal:
            raised.append(str(refusal))

    threads = [threading.Thread(target=job) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert len(raised) == 2
    assert all("gone" in text for text in raised)
