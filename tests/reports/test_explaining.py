"""Sections on what an argument hangs on: sentences first, pictures, tables, and numbers that are all JSON."""

from __future__ import annotations

import json
import re

import pytest

from goodoffices import load
from goodoffices.reports.explaining import inverse_view, learning_view, lever_view, why_view
from goodoffices.reports.explaining.sections import as_json, render_section, write_section
from goodoffices.workflow import explaining


@pytest.fixture(scope="module")
def made():
    scenario = load("crisis-signalling")
    levers = explaining.levers(scenario, draws=6)
    contrast = lever_view.set_against(levers, "challenger.challenge", "challenger.fight", on=None)
    inverse = explaining.inverse(
        scenario,
        "P(target.resist) >= 0.4",
        pay=["target.resist", "challenger.wait"],
        vary=["audience", "war_loss"],
    )
    learning = explaining.learning(scenario, draws=6)
    why = explaining.why(scenario, "a_threat_is_evidence")
    return {
        "levers": (
            lever_view.lever_section(levers, contrast),
            lever_view.lever_data(levers, contrast),
            levers,
        ),
        "inverse": (inverse_view.inverse_section(inverse), inverse_view.inverse_data(inverse), inverse),
        "signals": (
            learning_view.learning_section(learning),
            learning_view.learning_data(learning),
            learning,
        ),
        "why": (why_view.why_section(why), why_view.why_data(why), why),
    }


@pytest.mark.parametrize("name", ["levers", "inverse", "signals", "why"])
def test_every_analysis_is_sentences_then_pictures_then_tables(made, name, tmp_path):
    section, data, found = made[name]
    assert section.identity == name
    assert section.sentences
    assert section.pictures
    assert any(table.rows for table in section.tables)
    page = render_section(section, found.scenario, found.settings)
    first, drawn, listed = (page.index(mark) for mark in ('<p class="lead">', "<svg", "<table"))
    assert first < drawn < listed
    assert (
        "nan"
        not in re.sub(r"<style>.*?</style>|<script>.*?</script>", "", page, flags=re.DOTALL).lower().split()
    )
    files = write_section(section, found.scenario, found.settings, data, tmp_path)
    assert json.loads(files[1].read_text("utf-8")) == json.loads(as_json(data))


def test_sentences_say_how_many_draws_and_how_exact(made):
    for name in ("levers", "signals"):
        text = " ".join(made[name][0].sentences)
        assert "6 draws" in text
        assert "±" in text


def test_what_a_stranger_writes_is_escaped(made):
    import dataclasses

    section, _, found = made["why"]
    hostile = dataclasses.replace(section, sentences=("<script>alert(1)</script>",), title="<b>x</b>")
    page = render_section(hostile, dataclasses.replace(found.scenario, title="<i>y</i>"), found.settings)
    assert "<script>alert" not in page
    assert "<b>x" not in page
    assert "<i>y" not in page


def test_a_goal_that_is_reached_already_takes_nothing():
    found = explaining.inverse("beer-quiche", "P(guest.beer) >= 0.5")
    assert inverse_view.inverse_sentences(found)[0].startswith("Nothing: ")
    json.dumps(inverse_view.inverse_data(found), allow_nan=False)


def test_what_is_not_found_is_said():
    found = explaining.inverse("beer-quiche", "P(guest.beer) < 0.001", within=0.5)
    text = " ".join(inverse_view.inverse_sentences(found))
    assert "None was found within 0.50 standard deviations" in text


def test_levers_in_a_store_are_solved_once_and_the_same(tmp_path):
    one, two, plain = (
        explaining.levers("beer-quiche", draws=4, store=store) for store in (tmp_path, tmp_path, None)
    )
    for key, effect in one.effects.items():
        for other in (two, plain):
            assert effect.values.tolist() == pytest.approx(other.effects[key].values.tolist(), nan_ok=True)
