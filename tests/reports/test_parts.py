"""Analyses as sections of the report: what they say and hold, what they may not do, and what they are when refused."""

from __future__ import annotations

import dataclasses
import json
import re

import jsonschema
import pytest

from goodoffices import reports, workflow
from goodoffices.cli.app import run as main
from goodoffices.core.diagnostics import Refusal
from goodoffices.reports.data import schema
from goodoffices.reports.part import LONGEST, Block, Part, Table, shortened
from goodoffices.workflow.accompanying import ANALYSES


@pytest.fixture(scope="module")
def found():
    return workflow.study(workflow.load("beer-quiche"), draws=12)


@pytest.fixture(scope="module")
def parts(found):
    return workflow.analyse(found, ANALYSES)


def test_every_analysis_is_a_section_of_the_report_and_an_entry_of_its_data(found, parts, tmp_path):
    files = reports.write(found, tmp_path, analyses=parts)
    page, data = files.html.read_text(), json.loads(files.data.read_text())
    assert list(data["analyses"]) == list(ANALYSES)
    for name, (title, _) in ANALYSES.items():
        assert f'<h2 id="h-{name}">{title}</h2>' in page
        assert f'<a href="#{name}">{title}</a>' in page
    jsonschema.Draft202012Validator(schema()).validate(data)


def test_the_report_with_every_analysis_is_one_file_of_less_than_a_megabyte(found, parts, tmp_path):
    page = reports.write(found, tmp_path, analyses=parts).html.read_text()
    assert len(page.encode()) < 1e6
    assert page.count("<script") == 1
    identities = re.findall(r'\bid="([^"]+)"', page)
    assert len(identities) == len(set(identities))


def test_each_section_says_first_what_was_found(parts):
    for part in parts:
        assert all(block.sentences for block in part.blocks)
    drawn = {part.identity for part in parts if any(b.pictures for b in part.blocks)}
    assert {"why", "decide", "tipping", "levers", "signals"} <= drawn


def test_rules_are_found_in_the_draws_of_the_study_itself(found, parts):
    data = next(p.data for p in parts if p.identity == "discover")
    assert data["games"] == 0
    for claim, verdict in zip(data["claims"], found.verdicts, strict=True):
        assert claim["draws"] == verdict.n
        share = verdict.share if claim["describes"] == "holds" else 1 - verdict.share
        assert claim["share"] == pytest.approx(share)


def test_what_a_scenario_cannot_be_asked_is_said_in_its_section(found):
    talks = dataclasses.replace(found, settings={**found.settings, "rounds": "open-ended"})
    (part,) = workflow.analyse(talks, ["signals"])
    assert part.blocks[0].sentences[0].startswith("Not asked: ")
    assert part.data["refused"]


def test_an_unknown_analysis_is_refused_with_what_was_meant(found):
    with pytest.raises(Refusal, match="no analysis `lever`") as caught:
        workflow.analyse(found, ["lever"])
    assert "levers" in (caught.value.diagnostics[0].hint or "")


def test_a_stopped_analysis_keeps_those_before_it(found, monkeypatch):
    def stop(_: object) -> Part:
        raise KeyboardInterrupt

    monkeypatch.setitem(ANALYSES, "decide", ("Stopped", stop))  # type: ignore[arg-type]
    parts = workflow.analyse(found, ["discover", "decide", "levers"])
    assert [p.identity for p in parts] == ["discover", "decide"]
    assert parts[1].interrupted


def test_long_tables_are_cut_in_a_report_and_say_so():
    rows = tuple((str(k), "x") for k in range(100))
    part = Part("levers", "t", (Block(None, ("s",), (), (Table("All", ("a", "b"), rows),)),))
    (table,) = shortened(part).blocks[0].tables
    assert len(table.rows) == LONGEST
    assert "100 rows" in table.caption
    assert "study.json" in table.caption


def test_the_command_writes_them_and_refuses_other_names(tmp_path, capsys):
    out = tmp_path / "out"
    asked = ["study", "beer-quiche", "--draws", "8", "--no-store", "--out", str(out)]
    assert main([*asked, "--with", "discover,levers", "--quiet"]) == 0
    assert list(json.loads((out / "study.json").read_text())["analyses"]) == ["discover", "levers"]
    assert capsys.readouterr().out == ""
    assert main([*asked, "--with", "tea"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "--with takes why, decide" in shown.err
