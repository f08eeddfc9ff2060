"""Every format is recognised by its columns and read into the same events; the small files are made by hand."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from goodoffices.core.diagnostics import Refusal
from goodoffices.records import FORMATS, read_record
from goodoffices.records.formats import GDELT_COLUMNS

DATA = Path(__file__).parent / "data"
DAY = datetime.date(2025, 3, 4)
FILES = {
    "acled": "acled.csv",
    "gdelt": "gdelt.export.CSV",
    "icews": "icews.tab",
    "polecat": "polecat.txt",
    "ucdp": "ucdp.csv",
}


@pytest.mark.parametrize("name", FILES)
def test_a_format_is_found_out_and_gives_the_same_as_when_it_is_named(name: str):
    found = read_record(DATA / FILES[name])
    assert found.formats == (name,)
    assert found == read_record(DATA / FILES[name], format=name)
    assert found.events[0].date == DAY
    assert found.rows == len(found.events)


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_one_format_is_refused_as_another(name: str):
    other = "polecat" if name != "polecat" else "icews"
    with pytest.raises(Refusal) as refused:
        read_record(DATA / FILES[name], format=other)
    assert refused.value.diagnostics[0].code == "missing-columns"


def test_acled_keeps_both_armies_and_reads_three_ways_of_writing_a_day():
    one, two, three = read_record(DATA / "acled.csv").events
    assert (one.actor, one.target, one.type, one.confidence) == (
        "Northern Army",
        "Southern Army",
        "ASSAULT",
        "high",
    )
    assert (one.code, one.sources) == ("Battles / Armed clash", ("Daily News", "Radio One"))
    assert '"for an hour"' in one.description
    assert (two.date.day, two.type, two.target, two.confidence) == (5, "PROTEST", "", "medium")
    assert (three.type, three.confidence) == ("AGREE", "low")


def test_gdelt_has_no_line_of_names_and_its_codes_become_types():
    assert len(GDELT_COLUMNS) == 61
    one, two, three = read_record(DATA / "gdelt.export.CSV").events
    assert (one.actor, one.target, one.type, one.code) == ("AAA", "BBB", "THREATEN", "1313")
    assert (one.confidence, one.sources) == ("high", ("https://news.example/1",))
    assert (two.actor, two.type, two.confidence) == ("REB", "RETREAT", "low")
    assert (three.type, three.target, three.confidence) == ("", "", "medium")


def test_icews_numbers_that_are_used_again_on_another_day_stay_apart():
    one, two = read_record(DATA / "icews.tab").events
    assert (one.id, two.id) == ("700@2025-03-04", "700@2025-03-05")
    assert (one.actor, one.target, one.type) == ("Aland", "Bland", "THREATEN")
    assert (two.actor, two.type, two.sources) == ("Southern Army", "AGREE", ("Radio One",))
    assert one.sources == ('Daily "News"',)


def test_polecat_has_types_of_its_own():
    one, two = read_record(DATA / "polecat.txt").events
    assert (one.actor, one.target, one.type, one.code) == ("AAA", "Southern Army", "THREATEN", "force")
    assert (two.actor, two.type) == ("Southern Army", "AGREE")


def test_ucdp_events_are_assaults_with_the_first_day_of_their_span():
    one, two = read_record(DATA / "ucdp.csv").events
    assert (one.type, one.actor, one.target, one.confidence) == (
        "ASSAULT", "Government of Aland", "Southern Army", "high",
    )  # fmt: skip
    assert (two.date, two.confidence) == (datetime.date(2025, 3, 7), "low")
    assert "4 deaths" in two.description


def test_every_format_says_how_its_confidence_is_made_where_it_makes_any():
    for kind in FORMATS.values():
        assert bool(kind.confidence) or "confidence" not in kind.fields
