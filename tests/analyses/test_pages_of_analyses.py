"""Pages and data of the analyses: numbers are the analysis's own, texts are escaped, commands say what went wrong."""

from __future__ import annotations

import json

import pytest

from goodoffices import language
from goodoffices.cli.app import run
from goodoffices.reports.analyses.pages import comparison_page, decision_page, discovery_page, tipping_page
from goodoffices.reports.analyses.section import html, write
from goodoffices.workflow.analysing import compare, decide, discover, tipping

TEXT = """
goodoffices: 1
title: "One <b>choice</b>"
time: {round: 1 week, rounds: 1}
parties: {near: {name: Near, role: belligerent, rationality: sharp}}
factors: {act: [quiet, defied]}
parameters:
  gain: {prior: "uniform(0, 2)", unit: utility/round}
  sharp: {prior: "uniform(0.5, 4)", unit: 1/utility}
turns: [{party: near, moves: {comply: {}, defy: {then: {act: defied}}}, default: comply}]
values: {near: gain * (act == defied)}
claims:
  defies: {text: "It <script>defies</script>", says: "P(act == defied) > 0.8"}
"""


@pytest.fixture(scope="module")
def scenario():
    return language.load("one.yaml", text=TEXT)


def test_every_page_has_a_sentence_a_picture_and_a_table_and_escapes_what_it_is_given(scenario, tmp_path):
    pages = {
        "decide": decision_page(scenario, decide(scenario, draws=100, design=32)),
        "tipping": tipping_page(scenario, tipping(scenario, over=["gain", "sharp"], grid=8)),
        "line": tipping_page(scenario, tipping(scenario, over=["gain"], grid=8)),
        "discover": discovery_page(scenario, discover(scenario, draws=150)),
        "compare": comparison_page(
            compare({"a": scenario, "b": scenario}, questions=["P(near.defy)"], draws=20)
        ),
    }
    for name, page in pages.items():
        text = html(page, name=name)
        assert text.count("<script") == 1  # our own, which the policy names by its hash
        assert "<b>choice" not in text
        assert text.count("<svg") == len(page.sections) == 1
        assert "http" not in text.replace("http-equiv", "")
        (section,) = page.sections
        assert section.sentence.endswith((".", ".)"))
        assert section.rows
        files = write(page, tmp_path, name=name)
        data = json.loads(files[f"{name}.json"].read_text())
        assert data == json.loads(json.dumps(page.data))


def test_the_data_of_a_map_are_its_own(scenario):
    found = tipping(scenario, over=["gain", "sharp"], grid=8)
    data = tipping_page(scenario, found).data
    assert data["maps"][0]["holds"] == found[0].holds.tolist()
    assert [a["parameter"] for a in data["axes"]] == ["gain", "sharp"]
    assert len(data["maps"][0]["boundary"]) == len(found[0].crossings)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["tipping", "FILE", "--over", "gian"], 1, "did you mean `gain`"),
        (["tipping", "FILE", "--over", "gain", "--claim", "defeis"], 1, "did you mean `defies`"),
        (["tipping", "FILE", "--over", "gain", "--between", "gain=3"], 2, "name=low:high"),
        (["decide", "FILE", "--design", "100"], 1, "16, 32, 64"),
        (["compare", "FILE", "--question", "P(near.defy)"], 2, "two different scenarios"),
    ],
)
def test_mistakes_are_answered_in_a_sentence(arguments, code, says, tmp_path, capsys):
    file = tmp_path / "one.yaml"
    file.write_text(TEXT)
    assert run([str(file) if a == "FILE" else a for a in arguments]) == code
    said = capsys.readouterr().err
    assert says in said
    assert "Traceback" not in said


def test_a_command_prints_one_json_object(tmp_path, capsys):
    file = tmp_path / "one.yaml"
    file.write_text(TEXT)
    assert run(["tipping", str(file), "--over", "gain", "--grid", "6", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "tipping"
