"""Events are read whole or not at all: nothing vanishes, and what is wrong is said."""

from __future__ import annotations

import datetime
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goodoffices.core.diagnostics import Refusal
from goodoffices.records import Event, Selection, find_duplicates, join_records, read_record, stream_events

HEAD = "id,date,actor,target,event_type,lever,description,source_url,second_source_url,confidence\n"


def write(folder: Path, text: str, name: str = "events.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def code(refused: pytest.ExceptionInfo[Refusal]) -> str:
    return refused.value.diagnostics[0].code


def test_csv_parquet_and_yaml_say_the_same(tmp_path: Path):
    import duckdb

    table = write(
        tmp_path, HEAD + 'E2,2025-04-19,RUS,UKR,RETREAT,limited_truce,"A truce, of 30 hours",https://a.example,,high\n'
        "E1,2025-04-18,US,RUS,THREATEN,threaten_withdrawal,A warning,https://a.example,https://b.example,low\n",
    )  # fmt: skip
    parquet = tmp_path / "events.parquet"
    duckdb.connect().execute(f"copy (select * from read_csv('{table}')) to '{parquet}' (format parquet)")
    listed = write(
        tmp_path,
        "events:\n"
        "- {id: E2, date: 2025-04-19, actor: RUS, target: UKR, type: RETREAT, lever: limited_truce, confidence: high,\n"
        '   description: "A truce, of 30 hours", sources: https://a.example}\n'
        "- {id: E1, date: 2025-04-18, actor: US, target: RUS, type: THREATEN, lever: threaten_withdrawal,\n"
        '   description: A warning, confidence: low, sources: ["https://a.example", "https://b.example"]}\n',
        "events.yaml",
    )

    def said(path: Path) -> list[tuple[object, ...]]:
        return [
            (e.id, e.date, e.actor, e.target, e.type, e.lever, e.description, e.sources, e.confidence)
            for e in read_record(path).events
        ]

    assert said(table) == said(parquet) == said(listed)
    assert [row[0] for row in said(table)] == ["E1", "E2"]


def test_a_country_called_no_stays_a_country(tmp_path: Path):
    path = write(tmp_path, "- {id: 12, date: 2025-01-01, actor: NO}\n", "events.yaml")
    assert read_record(path).events[0].actor == "NO"
    assert read_record(path).events[0].id == "12"


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ("E1,2025-13-01,US,RUS,,,,,,\n", "bad-date"),
        ("E1,,US,RUS,,,,,,\n", "bad-date"),
        ("E1,2025-01-01,US,RUS,,,,,,\nE1,2025-01-02,US,RUS,,,,,,\n", "repeated-id"),
        (",2025-01-01,US,RUS,,,,,,\n", "bad-event"),
    ],
)
def test_a_record_kept_by_hand_is_put_right_and_not_read_in_part(tmp_path: Path, rows: str, wanted: str):
    with pytest.raises(Refusal) as refused:
        read_record(write(tmp_path, HEAD + rows))
    assert code(refused) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {id: E1, date: 2025-01-01}\n", "needs `actor`"),
        ("- {id: E1, date: soon, actor: US}\n", "cannot be read"),
        ("- {id: E1, date: 2025-01-01, actor: US, when: now}\n", "unknown key `when`"),
        ("- E1\n", "not a mapping"),
        ("events: 3\n", "no list of events"),
        ("- {id: E1, date: 2025-01-01, actor: [US]}\n", "plain text in `actor`"),
        ("- {id: E1, date: 2025-01-01, actor: US, sources: [{a: b}]}\n", "plain text in `sources`"),
        ("a: &a [*a]\n", "no list of events"),
        ("- [\n", "cannot be read"),
    ],
)
def test_a_mistake_in_yaml_is_said_with_the_number_of_the_event(tmp_path: Path, text: str, said: str):
    with pytest.raises(Refusal, match=said):
        read_record(write(tmp_path, text, "events.yaml"))


def test_a_file_of_no_known_format_is_refused_with_its_columns(tmp_path: Path):
    with pytest.raises(Refusal) as refused:
        read_record(write(tmp_path, "when,who\n2025,US\n"))
    assert code(refused) == "unknown-format"
    assert "`when`" in (refused.value.diagnostics[0].hint or "")
    with pytest.raises(Refusal) as refused:
        read_record(tmp_path / "nothing.csv")
    assert code(refused) == "file-not-found"
    with pytest.raises(Refusal) as refused:
        read_record(write(tmp_path, "not parquet", "x.parquet"))
    assert code(refused) == "unreadable-record"


def test_a_selection_of_a_large_file_counts_what_it_leaves_out(tmp_path: Path):
    days = [datetime.date(2025, 1, 1) + datetime.timedelta(i) for i in range(30)]
    rows = "".join(f"E{i},{day},{'US' if i % 2 else 'RUS'},UKR,CONSULT,,,,,\n" for i, day in enumerate(days))
    path = write(tmp_path, HEAD + rows)
    wanted = Selection(days[5], days[24], frozenset({"US"}))
    found = read_record(path, selection=wanted, most=20)
    assert found.left_out == {
        "before the first day": 5,
        "after the last day": 5,
        "of a kind that no rule counts": 10,
    }
    assert found.rows == 30
    assert [e for batch in stream_events(path, selection=wanted) for e in batch] == list(found.events)
    assert len(read_record(path, selection=wanted).events) == 30  # a small file is kept whole
    with pytest.raises(Refusal) as refused:
        read_record(path, most=20)
    assert code(refused) == "too-many-events"


@pytest.mark.parametrize("rows", [100_000, pytest.param(5_000_000, marks=pytest.mark.slow)])
def test_a_large_export_streams_in_bounded_memory(tmp_path: Path, rows: int):
    import duckdb

    path = tmp_path / "big.parquet"
    duckdb.connect().execute(
        "copy (select range::varchar as id, (date '2015-01-01' + (range % 3650)::integer)::varchar as date, "
        "case when range % 1000 = 0 then 'US' else 'XX' || range % 50 end as actor, 'RUS' as target, "
        f"'CONSULT' as event_type from range({rows})) to '{path}' (format parquet)"
    )
    wanted = Selection(actors=frozenset({"US"}))
    tracemalloc.start()
    found = read_record(path, selection=wanted, most=rows // 2)
    assert found.rows == rows
    assert len(found.events) == rows // 1000
    some = Selection(actors=frozenset({"XX1"}))
    sizes = [len(batch) for batch in stream_events(path, selection=some)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(sizes) == rows // 50
    assert max(sizes) <= 10_000
    assert peak < 60e6  # Python's share: a batch of 10,000 events and the selected ones


def test_records_of_several_files_keep_their_ids_apart_where_they_clash(tmp_path: Path):
    one = read_record(write(tmp_path, HEAD + "E1,2025-01-02,US,RUS,THREATEN,,,,,\n", "one.csv"))
    two = read_record(write(tmp_path, HEAD + "E1,2025-01-01,US,RUS,THREATEN,,,,,\n", "two.csv"))
    three = read_record(write(tmp_path, HEAD + "E9,2025-01-01,UKR,RUS,REJECT,,,,,\n", "three.csv"))
    assert [e.id for e in join_records([one, two]).events] == ["two:E1", "one:E1"]
    assert [e.id for e in join_records([one, three]).events] == ["E9", "E1"]
    pairs = find_duplicates(join_records([one, two]).events)
    assert [(p.first, p.second) for p in pairs] == [("two:E1", "one:E1")]
    assert "1 day apart" in pairs[0].reason


events = st.lists(
    st.builds(
        Event,
        id=st.uuids().map(str),
        date=st.dates(datetime.date(2025, 1, 1), datetime.date(2025, 1, 6)),
        actor=st.sampled_from(["US", "RUS"]),
        target=st.sampled_from(["UKR", ""]),
        type=st.sampled_from(["THREATEN", "AGREE", ""]),
        lever=st.sampled_from(["", "truce"]),
        origin=st.sampled_from(["a.csv", "b.csv"]),
    ),
    max_size=12,
)


@given(events)
@settings(max_examples=50)
def test_duplicates_are_the_same_whatever_the_order_of_events(made: list[Event]):
    def pairs(given: list[Event]) -> set[frozenset[str]]:
        return {frozenset((d.first, d.second)) for d in find_duplicates(given)}

    assert pairs(made) == pairs(made[::-1])
    by_id = {e.id: e for e in made}
    for pair in pairs(made):
        one, two = (by_id[i] for i in pair)
        assert (one.actor, one.target, one.type) == (two.actor, two.target, two.type)
        assert abs((one.date - two.date).days) <= 1


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"", "unknown-format"),
        (b"\xff\xfei\x00d\x00", "unreadable-record"),
        (b'id,date,actor\nE1,2025-01-01,"never closed\n', "unreadable-record"),
        (b"id,date,actor\nE1,2025-01-21,US,more,and more\n", "unreadable-record"),
        (b"id;date;actor\nE1;2025-01-20;US\n", "unknown-format"),
    ],
)
def test_files_that_are_no_tables_are_refused_and_not_guessed_at(tmp_path: Path, content: bytes, wanted: str):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(Refusal) as refused:
        read_record(path)
    assert code(refused) == wanted


def test_names_of_columns_and_files_may_be_written_in_many_ways(tmp_path: Path):
    path = write(tmp_path, "ID,Date,Actor,id\r\nE1,2025-01-20,O'Neil,other\r\n", "it's.csv")
    (found,) = read_record(path).events
    assert (found.id, found.actor) == ("E1", "O'Neil")
    assert read_record(write(tmp_path, "id,date,actor\n")).events == ()


def test_the_search_for_duplicates_ends_where_there_are_too_many():
    day = datetime.date(2025, 1, 1)
    same = [Event(str(i), day, "US", "RUS", "CONSULT") for i in range(20_000)]
    assert len(find_duplicates(same, most=50)) == 50


def test_a_selection_by_patterns_is_the_same_in_the_database_and_in_python(tmp_path: Path):
    path = write(
        tmp_path,
        "id,date,actor,event_type,lever,code\n"
        "a,2025-01-01,US,THREATEN,warning,1313\nb,2025-01-02,US,CONSULT,visit,042\nc,2025-01-03,RUS,THREATEN,warning,138\n"
        "d,2025-01-04,O'Neil,AGREE,deal,057\ne,2025-01-05,US,THREATEN,other,131\n",
    )
    for patterns, wanted in (
        (((("actor", ("US",)), ("code", ("131", "04"))),), "abe"),
        (((("actor", ("O'Neil",)),), (("id", ("c",)),)), "cd"),
        (((("type", ("THREATEN",)), ("lever", ("warning", "visit"))),), "ac"),
    ):
        chosen = Selection(patterns=patterns)
        kept = [e.id for batch in stream_events(path, selection=chosen) for e in batch]
        assert kept == list(wanted)
        assert [e.id for e in read_record(path).events if chosen.reason(e) is None] == kept
