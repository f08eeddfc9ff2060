"""The path of beliefs along a record, as data, as a page and in the terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from held import follows_schema

from goodoffices.cli.app import run
from goodoffices.core.diagnostics import Refusal
from goodoffices.inference.path import BeliefPath
from goodoffices.language.scenario import Scenario
from goodoffices.reports.record_data import record_data
from goodoffices.reports.record_view import render_record
from goodoffices.workflow.recording import beliefs

Make = Callable[..., Scenario]
EVENTS = """\
id,date,actor,target,event_type,lever,description
a,2025-01-07,US,RUS,THREATEN,warning,A <b>warning</b> & more
b,2025-01-08,RUS,US,AGREE,truce,"A truce, of hours"
c,2025-01-09,UKR,RUS,ACCUSE,complaint,Nobody asked
d,2025-01-14,RUS,US,ACCUSE,truce_lapsed,It lapsed
e,2025-01-19,US,RUS,CONSULT,visit,A visit
"""


def lay(make: Make, folder: Path, events: str = EVENTS, *changes: tuple[str, str]) -> str:
    source = make(*changes).source
    (folder / "events.csv").write_text(events, encoding="utf-8")
    return source


@pytest.fixture
def path(make: Make, tmp_path: Path) -> BeliefPath:
    return beliefs(lay(make, tmp_path), draws=4, seed=7, nodes=5)


def test_what_is_believed_after_a_step_is_what_is_believed_before_the_next(path: BeliefPath):
    now = path.prior["russia"]
    for point in path.points:
        np.testing.assert_allclose(point.probability.sum(0), 1.0)
        if point.party == "russia":
            np.testing.assert_allclose(point.before, now)
            expected = -np.log2(point.probability[point.names.index(point.happened)])
            np.testing.assert_allclose(point.surprise, expected)
            now = point.after
    np.testing.assert_allclose(path.last["russia"], now)
    assert (path.draws, path.unsolved) == (4, 0)
    assert 1.0 <= path.effective_draws() <= 4.0


def test_steps_that_could_not_have_gone_otherwise_are_no_points(path: BeliefPath):
    assert all(len(point.names) > 1 for point in path.points)
    assert [(p.party, p.happened, p.events) for p in path.points[:3]] == [
        ("us", "warn", ("a",)),
        ("russia", "pause", ("b",)),
        (None, "holds", ()),
    ]


def test_the_first_draw_is_the_medians(make: Make, tmp_path: Path, path: BeliefPath):
    alone = beliefs(lay(make, tmp_path), draws=1, nodes=5)
    assert alone.log_likelihood[0] == pytest.approx(path.log_likelihood[0])


def test_the_record_is_followed_at_points_of_ones_own(make: Make, tmp_path: Path, path: BeliefPath):
    source = lay(make, tmp_path)
    found = beliefs(source, nodes=5, points={"p": [0.1, 0.9], "fee": 0.5})
    assert found.draws == 2
    np.testing.assert_allclose(found.prior["russia"][1], [0.1, 0.9])
    with pytest.raises(Refusal, match="no parameter `q`"):
        beliefs(source, points={"q": 1.0})


def test_the_data_are_numbers_that_json_can_carry(path: BeliefPath):
    found = json.loads(json.dumps(record_data(path), allow_nan=False))
    assert found["points"][0]["probability"]["warn"]["at_medians"] == pytest.approx(
        path.points[0].probability[1, 0]
    )
    assert found["last"]["state"] == {"engagement": "warned", "fighting": "war"}
    assert [e["id"] for e in found["events"]] == list("abcde")
    assert "belief_after" not in next(p for p in found["points"] if p["party"] == "us")


def test_the_page_asks_for_nothing_and_escapes_the_record(path: BeliefPath):
    page = render_record(path)
    assert "A &lt;b&gt;warning&lt;/b&gt; &amp; more" in page
    assert "<b>" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert page.count('class="event ') == 5
    assert "default-src &#39;none&#39;" in page
    for point in path.points:
        for event in point.events:
            assert event in page


def test_the_command_writes_a_page_and_its_numbers(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    source, out = lay(make, tmp_path), tmp_path / "out"
    assert run(["beliefs", source, "--draws", "2", "--nodes", "5", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "us.warn (a):" in printed
    assert "2 draws; log-likelihood" in printed
    data = json.loads((out / "beliefs.json").read_text())
    follows_schema("beliefs", data)
    assert data["draws"] == 2
    assert (out / "beliefs.html").read_text().startswith("<!doctype html>")
    assert run(["beliefs", source, "--draws", "2", "--nodes", "5", "--json", "--as-of", "2025-01-08"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [p["happened"] for p in found["points"]] == ["warn", "pause"]
    assert all(p["provisional"] for p in found["points"])


def test_a_history_with_errors_is_refused(make: Make, tmp_path: Path):
    source = lay(make, tmp_path, EVENTS.replace("CONSULT,visit", "THREATEN,warning"))
    with pytest.raises(Refusal, match="not possible"):
        beliefs(source, draws=1)


@pytest.mark.parametrize(
    "arguments", [["--draws", "0"], ["--nodes", "1"], ["--seed", "-1"], ["--as-of", "x"]]
)
def test_options_that_mean_nothing_are_misuse(arguments: list[str]):
    assert run(["beliefs", "budapest-2025", *arguments]) == 2
