"""The rival arguments on the talks of 2025 stand on one board with the column: what differs is what they disagree on.

Evidences compare only where the same events are explained. So parties, rounds, moves with their conditions, the record and its
rules are the same in all of them, and so is every step that the record is coded into; priors differ only where a text says so.
"""

from __future__ import annotations

import pytest

from goodoffices import catalog, language
from goodoffices.compiler.recursive import compile_round
from goodoffices.language.scenario import ChanceOutcome, Move, Mover, Scenario

COLUMN = language.load(catalog.path("budapest-2025"))
NAMES = tuple(name for name in catalog.names() if name.startswith("rivals-2025/"))
ASSUMED = "Not in the text"
"""How an element says that it is ours."""
SHARED = tuple(factor.name for factor in COLUMN.factors)


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def rival(name: str) -> Scenario:
    return language.load(catalog.path(name))


def test_there_are_at_least_three_rivals() -> None:
    assert len(NAMES) >= 3


def test_the_parties_are_the_same(rival: Scenario) -> None:
    def who(scenario: Scenario) -> list[tuple[object, ...]]:
        return [(p.name, p.label, p.role, p.rationality) for p in scenario.parties]

    assert who(rival) == who(COLUMN)


def test_the_calendar_is_the_same(rival: Scenario) -> None:
    assert rival.time == COLUMN.time


def test_the_events_are_the_same(name: str) -> None:
    files = [catalog.path(n).parent / COLUMN.record.file for n in ("budapest-2025", name) if COLUMN.record]
    first, second = (file.read_bytes() for file in files)
    assert first == second


def test_the_rules_of_the_record_are_the_same(rival: Scenario) -> None:
    assert rival.record is not None
    assert rival.record == COLUMN.record


def test_what_everybody_sees_starts_and_moves_alike(rival: Scenario) -> None:
    """Factors of a rival's own may be added; those of the column are the same, and so is what moves them."""
    factors = {f.name: (f.levels, f.start) for f in rival.factors}
    assert {f.name: (f.levels, f.start) for f in COLUMN.factors}.items() <= factors.items()
    assert [_board(turn.movers) for turn in rival.turns] == [_board(turn.movers) for turn in COLUMN.turns]
    assert [t.default for turn in rival.turns for t in turn.movers] == [
        t.default for turn in COLUMN.turns for t in turn.movers
    ]
    assert [[_rule(o) for o in turn.outcomes] for turn in rival.turns] == [
        [_rule(o) for o in turn.outcomes] for turn in COLUMN.turns
    ]


def test_a_rival_has_no_lottery_that_the_record_could_not_show(rival: Scenario) -> None:
    moves = [move for turn in rival.turns for mover in turn.movers for move in mover.moves]
    effects = [effect for element in moves for effect in element.then]
    effects += [effect for turn in rival.turns for outcome in turn.outcomes for effect in outcome.then]
    assert all(len(effect.outcomes) == 1 for effect in effects)


def test_the_record_is_coded_into_the_same_steps(rival: Scenario) -> None:
    pytest.importorskip("duckdb")
    from goodoffices.workflow.recording import check_record

    def steps(scenario: Scenario) -> list[tuple[object, ...]]:
        coded = check_record(scenario).coded
        at = [[f.name for f in scenario.factors].index(name) for name in SHARED]
        return [
            (
                s.round,
                s.turn,
                tuple(s.state[i] for i in at),
                tuple((m.party, m.name, m.events) for m in s.moves),
                s.outcome,
            )
            for s in coded.steps
        ]

    assert steps(rival) == steps(COLUMN)


def test_the_game_is_different(rival: Scenario) -> None:
    """Sharing a board, the arguments would be one argument if nobody's payoffs and beliefs differed."""
    kinds = [(d.party, d.name, d.levels) for d in rival.types]
    assert kinds != [(d.party, d.name, d.levels) for d in COLUMN.types]
    assert rival.values != COLUMN.values or rival.lets != COLUMN.lets


def test_priors_differ_from_the_columns_only_where_the_text_is_cited(rival: Scenario) -> None:
    before = {p.name: p for p in COLUMN.parameters}
    moved = [p.name for p in rival.parameters if p.name in before and p.prior != before[p.name].prior]
    silent = [
        p.name for p in rival.parameters if p.name in moved and (p.note.source is None or not p.note.why)
    ]
    assert silent == []
    assert [p.name for p in rival.parameters if p.name in before and p.unit != before[p.name].unit] == []


def test_every_element_cites_a_sentence_or_says_that_it_is_ours(rival: Scenario) -> None:
    elements = [*rival.parties, *rival.types, *rival.factors, *rival.parameters, *rival.claims]
    elements += list(rival.turns)
    elements += [move for turn in rival.turns for mover in turn.movers for move in mover.moves]
    bare = [
        getattr(e, "name", "a turn")
        for e in elements
        if e.note.source is None and ASSUMED not in (e.note.why or "")
    ]
    assert bare == []
    assert all(element.note.why for element in elements)


def test_every_argument_makes_eight_claims_or_more(rival: Scenario) -> None:
    assert len(rival.claims) >= 8
    assert len({claim.name for claim in rival.claims}) == len(rival.claims)


def test_every_claim_cites_the_argument_and_not_the_page_about_it(rival: Scenario) -> None:
    """The first sentences of a brief say whose words it retells, and assert nothing."""
    for claim in rival.claims:
        source = claim.note.source
        assert source is not None
        assert "retells" not in source.text
        assert "Nothing here says" not in source.text


def test_the_brief_names_outlet_and_year_and_takes_no_side(rival: Scenario, name: str) -> None:
    (document,) = rival.documents
    text = " ".join((catalog.path(name).parent / document.file).read_text("utf-8").split())
    assert document.cites["outlet"] in text
    assert str(document.cites["date"])[:4] in text
    assert "Nothing here says that" in text


def test_no_claim_is_written_twice(rival: Scenario) -> None:
    assert len({claim.says_text for claim in rival.claims}) == len(rival.claims)


def test_the_round_stays_small_enough_to_follow_a_record_for_many_draws(rival: Scenario) -> None:
    """A rival may not cost more than four times the column's public states, nor another dimension of belief."""
    assert len(compile_round(rival).places) <= 4 * len(compile_round(COLUMN).places)
    assert len(rival.types) <= len(COLUMN.types)


def _board(movers: tuple[Mover, ...]) -> list[tuple[object, ...]]:
    return [(m.party, [_rule(move) for move in m.moves]) for m in movers]


def _rule(element: Move | ChanceOutcome) -> tuple[object, ...]:
    """What a move or an outcome is to everybody: when it can happen, and what it does to what all of them share."""
    then = tuple(sorted((e.factor, e.outcomes) for e in element.then if e.factor in SHARED))
    return (element.name, element.when, then, getattr(element, "lever", None))
