"""A record is coded by the rules, silence means the default, and no event vanishes."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goodoffices import catalog, language, records
from goodoffices.core.diagnostics import Refusal
from goodoffices.inference import CodedRecord, code_record
from goodoffices.inference.coding import FATES
from goodoffices.inference.matching import meanings, selection
from goodoffices.language.scenario import Scenario
from goodoffices.records import Event, Record

Make = Callable[..., Scenario]
MONDAY = datetime.date(2025, 1, 6)


def event(id: str, day: int, lever: str, actor: str = "US", **more: str) -> Event:
    """An event so many days after the first Monday."""
    return Event(id, MONDAY + datetime.timedelta(day), actor, lever=lever, **more)  # type: ignore[arg-type]


def record(*events: Event) -> Record:
    return Record(tuple(sorted(events, key=lambda e: e.date)))


def played(coded: CodedRecord) -> list[str]:
    """Moves and outcomes in order."""
    return [name for s in coded.steps for name in (*(m.name for m in s.moves), *filter(None, [s.outcome]))]


def fate(coded: CodedRecord, id: str) -> str:
    return next(f.fate for f in coded.fates if f.event.id == id)


def codes(coded: CodedRecord) -> list[str]:
    return [d.code for d in coded.problems]


def test_silence_is_the_default_move_and_events_are_moves(make: Make):
    coded = code_record(
        make(), record(event("a", 1, "warning"), event("b", 8, "truce", "RUS"), event("z", 20, "x"))
    )
    assert played(coded) == ["warn", "fight", "stay", "pause", "holds", "stay", "fight", "holds"]
    assert coded.steps[0].moves[0].events == ("a",)
    assert coded.steps[1].moves[0].events == ()
    assert (coded.round, coded.turn) == (3, 0)
    assert [fate(coded, i) for i in "abz"] == ["used", "used", "outside"]
    assert coded.require() is coded


def test_the_first_in_precedence_counts_and_the_others_are_superseded(make: Make):
    coded = code_record(
        make(), record(event("a", 0, "visit"), event("b", 3, "warning"), event("c", 6, "visit"))
    )
    assert played(coded)[:1] == ["warn"]
    assert [fate(coded, i) for i in "abc"] == ["superseded", "used", "superseded"]
    assert "`us.warn` counts before `us.stay`" in coded.of("superseded")[0].reason


def test_several_moves_without_an_order_are_a_conflict_and_not_a_guess(make: Make):
    coded = code_record(
        make(("us: [leave, warn, stay]", "us: [leave, warn]")),
        record(event("a", 0, "visit"), event("b", 3, "warning"), event("z", 6, "x")),
    )
    assert [fate(coded, i) for i in "ab"] == ["conflict", "conflict"]
    with pytest.raises(Refusal, match=r"`us.stay` and `us.warn` \(a, b\), and no order"):
        coded.require()


def test_an_impossible_move_is_told_with_the_event_and_the_rule(make: Make):
    events = record(event("a", 1, "warning"), event("b", 8, "warning"), event("z", 13, "x"))
    coded = code_record(make(), events)
    assert fate(coded, "b") == "conflict"
    with pytest.raises(Refusal) as refused:
        coded.require()
    (problem,) = refused.value.diagnostics
    assert problem.code == "impossible-move"
    assert "event b of 2025-01-14" in problem.message
    assert "needs `engagement == engaged`, and `engagement` is `warned`" in problem.message
    lenient = code_record(make(("unseen: [holds]", "unseen: [holds]\n  impossible: next")), events).require()
    assert fate(lenient, "b") == "conflict"
    assert played(lenient)[2] == "stay"


def test_the_next_possible_move_is_taken_where_the_first_is_forbidden(make: Make):
    events = record(
        event("a", 1, "warning"), event("b", 8, "warning"), event("c", 9, "exit"), event("z", 13, "x")
    )
    scenario = make(
        ("us: [leave, warn, stay]", "us: [warn, leave, stay]"),
        ("unseen: [holds]", "unseen: [holds]\n  impossible: next"),
    )
    assert played(code_record(scenario, events))[2] == "leave"


def test_chance_is_read_from_events_and_else_from_what_is_taken_to_happen(make: Make):
    truce = event("a", 1, "truce", "RUS")
    shown = code_record(make(), record(truce, event("b", 5, "truce_lapsed", "RUS"), event("z", 6, "x")))
    assert played(shown) == ["stay", "pause", "lapses"]
    assert shown.steps[2].outcome_events == ("b",)
    unseen = code_record(make(), record(truce, event("z", 6, "x")))
    assert played(unseen) == ["stay", "pause", "holds"]
    silent = code_record(make(("  unseen: [holds]\n", "")), record(truce, event("z", 6, "x")))
    with pytest.raises(Refusal, match="no event says what chance gave in round 1"):
        silent.require()


def test_an_outcome_that_cannot_be_is_a_conflict(make: Make):
    coded = code_record(make(), record(event("b", 5, "truce_lapsed"), event("z", 6, "x")))
    assert fate(coded, "b") == "conflict"
    assert codes(coded) == ["impossible-move"]


def test_a_lottery_that_a_move_starts_is_read_from_events(make: Make):
    lottery = (
        "then: {fighting: truce}, costs",
        "then: {fighting: truce, engagement: {engaged: 0.9, warned: 0.1}}, costs",
    )
    chance = ("lapses: {lever: truce_lapsed}", "engagement.warned: {lever: cold}")
    unseen = ("unseen: [holds]", "unseen: [holds, engagement.engaged]")
    scenario = make(
        lottery,
        chance,
        unseen,
        ("when: fighting == war, then", "when: fighting == war and engagement != withdrawn, then"),
    )
    warm = code_record(scenario, record(event("a", 1, "truce", "RUS"), event("z", 6, "x")))
    assert [s.outcome for s in warm.steps] == ["", "engagement.engaged", "holds"]
    cold = code_record(
        scenario, record(event("a", 1, "truce", "RUS"), event("b", 2, "cold"), event("z", 6, "x"))
    )
    assert cold.steps[1].outcome == "engagement.warned"
    assert cold.steps[1].to[0] == 1
    early = code_record(scenario, record(event("b", 2, "cold")), as_of=MONDAY + datetime.timedelta(2))
    assert early.turn == 2  # what the lottery gave shows that the turn is over


def test_events_of_low_confidence_are_left_out_or_weigh_less(make: Make):
    doubtful = record(event("a", 1, "warning", confidence="low"), event("z", 6, "x"))
    left = code_record(make(("unseen: [holds]", "unseen: [holds]\n  confidence: {low: 0}")), doubtful)
    assert (played(left)[0], fate(left, "a")) == ("stay", "outside")
    half = code_record(make(("unseen: [holds]", "unseen: [holds]\n  confidence: {low: 0.5}")), doubtful)
    assert half.steps[0].moves[0].weight == 0.5
    sure = record(*doubtful.events, event("b", 2, "warning", confidence="high"))
    both = code_record(make(("unseen: [holds]", "unseen: [holds]\n  confidence: {low: 0.5}")), sure)
    assert both.steps[0].moves[0].weight == 1.0


def test_days_outside_the_rounds_are_outside_the_model(make: Make):
    coded = code_record(make(), record(event("a", -1, "warning"), event("b", 21, "warning")))
    assert [fate(coded, i) for i in "ab"] == ["outside", "outside"]
    assert "before 2025-01-06" in coded.fates[0].reason
    assert "after the last of 3 rounds" in coded.fates[1].reason


def test_a_record_may_begin_before_the_scenario(make: Make):
    scenario = make(("file: events.csv", "file: events.csv\n  from: 2024-12-23\n  until: 2025-01-05"))
    coded = code_record(scenario, record(event("a", -10, "warning"), event("b", 1, "exit")))
    assert played(coded)[:2] == ["warn", "fight"]
    assert (coded.round, coded.timetable.before, coded.timetable.rounds) == (2, 2, 5)
    assert fate(coded, "b") == "outside"


def test_talks_that_are_over_have_no_more_moves(make: Make):
    scenario = make(("discount: 0.9}", "discount: 0.9, stops: engagement == withdrawn}"))
    coded = code_record(
        scenario, record(event("a", 1, "exit"), event("b", 8, "warning"), event("z", 13, "x"))
    )
    assert (coded.over, len(coded.steps), fate(coded, "b")) == (True, 3, "outside")


def test_an_answer_that_came_first_is_remarked_on(make: Make):
    coded = code_record(
        make(), record(event("a", 1, "truce", "RUS"), event("b", 4, "warning"), event("z", 6, "x"))
    )
    assert codes(coded) == ["out-of-order"]
    assert coded.require() is coded


# ---------------------------------------------------------------- a day within a round
def test_on_a_day_within_a_round_only_what_was_shown_by_then_has_happened(make: Make):
    events = record(event("a", 1, "warning"), event("b", 3, "truce", "RUS"), event("c", 5, "truce_lapsed"))

    def on(day: int) -> tuple[list[str], int]:
        coded = code_record(make(), events, as_of=MONDAY + datetime.timedelta(day))
        assert all(step.provisional for step in coded.steps)
        return played(coded), coded.turn

    assert on(0) == ([], 0)
    assert on(1) == (["warn"], 1)
    assert on(3) == (["warn", "pause"], 2)
    assert code_record(make(), events, as_of=MONDAY + datetime.timedelta(5)).round == 1


def test_what_silence_means_too_ends_no_turn_before_its_round(make: Make):
    events = record(
        event("a", 0, "warning"),
        event("b", 1, "strike", "RUS"),
        event("c", 3, "truce", "RUS"),
        event("z", 6, "x"),
    )
    scenario = make(("us: [leave, warn, stay]", "us: [leave, warn, stay]\n    russia: [pause, fight]"))
    early = code_record(scenario, events, as_of=MONDAY + datetime.timedelta(2))
    assert (played(early), early.turn, fate(early, "b")) == (["warn"], 1, "outside")
    assert "had not ended on 2025-01-08" in early.of("outside")[0].reason
    late = code_record(scenario, events)
    assert (played(late), fate(late, "b")) == (["warn", "pause", "holds"], "superseded")


def test_what_comes_later_does_not_change_what_was_known(make: Make):
    known = record(event("a", 1, "warning"), event("b", 8, "truce", "RUS"))
    day = MONDAY + datetime.timedelta(9)
    now = code_record(make(), known, as_of=day)
    later = code_record(
        make(), record(*known.events, event("c", 10, "exit"), event("d", 15, "warning")), as_of=day
    )
    assert later == now


# ---------------------------------------------------------------- nothing vanishes
made_events = st.lists(
    st.builds(
        Event,
        id=st.uuids().map(str),
        date=st.dates(MONDAY - datetime.timedelta(3), MONDAY + datetime.timedelta(25)),
        actor=st.sampled_from(["US", "RUS", "UKR"]),
        lever=st.sampled_from(["warning", "exit", "visit", "truce", "strike", "truce_lapsed", "else"]),
        confidence=st.sampled_from(["", "low"]),
    ),
    max_size=14,
)


@given(made_events, st.none() | st.integers(0, 25), st.sampled_from(["refuse", "next"]), st.booleans())
@settings(max_examples=150, suppress_health_check=list(HealthCheck), deadline=None)
def test_the_four_lists_partition_the_record(
    make: Make, made: list[Event], day: int | None, impossible: str, ordered: bool
):
    order = "us: [leave, warn, stay]" if ordered else "us: [leave]"
    scenario = make(
        ("us: [leave, warn, stay]", order),
        ("unseen: [holds]", f"unseen: [holds]\n  confidence: {{low: 0}}\n  impossible: {impossible}"),
    )
    as_of = None if day is None else MONDAY + datetime.timedelta(day)
    coded = code_record(scenario, record(*made), as_of=as_of)
    known = {e.id for e in made if as_of is None or e.date <= as_of}
    lists = [[f.event.id for f in coded.of(name)] for name in FATES]
    assert sorted(i for one in lists for i in one) == sorted(known)
    assert all(f.reason for f in coded.fates)
    used = {e for s in coded.steps for m in s.moves for e in m.events} | {
        e for s in coded.steps for e in s.outcome_events
    }
    assert used == {f.event.id for f in coded.of("used")}
    assert all(a.to == b.state for a, b in zip(coded.steps, coded.steps[1:], strict=False))
    conflicts = {d.code for d in coded.problems} & {"impossible-move", "conflicting-moves"}
    assert bool(coded.of("conflict")) == bool(conflicts)


def test_the_shipped_record_is_coded_without_an_error():
    path = catalog.path("budapest-2025")
    scenario = language.load(path)
    assert scenario.record is not None
    coded = code_record(scenario, records.read_record(path.parent / scenario.record.file)).require()
    assert len(coded.fates) == 108
    april = [s for s in coded.complete() if s.round == 3]
    assert [(m.name, m.events[0]) for s in april[:2] for m in s.moves] == [
        ("press", "E029"),
        ("call", "E031"),
    ]
    assert (april[3].outcome, april[3].outcome_events) == ("meeting_fails", ("E035",))


def test_silence_that_the_model_forbids_is_told(make: Make):
    forced = (
        "      stay: {}",
        "      stay: {when: engagement == engaged}\n      wait: {when: engagement != engaged}",
    )
    alone = code_record(
        make(forced, ("unseen: [holds]", "unseen: [holds]")),
        record(event("a", 1, "exit"), event("z", 13, "x")),
    )
    assert played(alone.require())[2] == "wait"  # the only thing left
    several = code_record(make(forced), record(event("a", 1, "warning"), event("z", 13, "x")))
    with pytest.raises(Refusal, match="its default `stay` is not possible"):
        several.require()


@pytest.mark.parametrize(
    "name", [n for n in catalog.names() if "record:" in catalog.path(n).read_text("utf-8")]
)
def test_every_record_of_the_catalogue_can_be_followed(name: str):
    path = catalog.path(name)
    scenario = language.load(path)
    assert scenario.record is not None
    coded = code_record(scenario, records.read_record(path.parent / scenario.record.file)).require()
    assert coded.complete()
    assert len(coded.of("used")) > 0


@given(made_events, st.randoms())
@settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)
def test_the_order_in_which_events_are_listed_does_not_matter(make: Make, made: list[Event], random: Random):
    shuffled = made.copy()
    random.shuffle(shuffled)
    one, two = (code_record(make(), Record(tuple(events))) for events in (made, shuffled))
    assert played(one) == played(two)
    assert {f.event.id: f.fate for f in one.fates} == {f.event.id: f.fate for f in two.fates}
    assert (one.state, one.round, one.turn, sorted(codes(one))) == (
        two.state,
        two.round,
        two.turn,
        sorted(codes(two)),
    )


def test_what_a_large_file_is_read_through_is_what_the_rules_can_count(make: Make):
    scenario = make()
    assert scenario.record is not None
    wanted = selection(scenario.record)
    for lever, actor in itertools.product(
        ["warning", "exit", "visit", "truce", "truce_lapsed", "else"], ["US", "RUS", "UKR"]
    ):
        made = event("a", 1, lever, actor)
        assert (wanted.reason(made) is None) == any(meanings(made, scenario.record))
