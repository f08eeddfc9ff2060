"""Jobs side by side: results in the jobs' order, and nothing that one of them raises is lost."""

from __future__ import annotations

import threading

import pytest

from goodoffices.inference.side_by_side import side_by_side


def test_results_come_in_the_order_of_the_jobs_which_run_at_the_same_time():
    met = threading.Barrier(3, timeout=10)

    def job(number: int) -> int:
        met.wait()  # passes only where all three are here
        return number

    assert side_by_side([lambda n=n: job(n) for n in range(3)]) == [0, 1, 2]


@pytest.mark.parametrize("raised", [ValueError("no likelihood"), KeyboardInterrupt()])
def test_what_a_job_raises_is_raised_while_others_still_run(raised: BaseException):
    release = threading.Event()

    def fail() -> None:
        raise raised

    with pytest.raises(type(raised)):
        side_by_side([lambda: release.wait(30), fail])
    release.set()


def test_a_single_job_runs_in_the_thread_that_asks():
    assert side_by_side([threading.current_thread]) == [threading.current_thread()]
