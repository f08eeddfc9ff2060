"""What is wrong with a scenario is said at its place, all at once, with what to do next."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goodoffices.core.diagnostics import Diagnostic, Refusal, render
from goodoffices.language import check, load

DATA = Path(__file__).parent / "data"
BASE = """\
goodoffices: 1
title: A test
time: {round: 1 week, from: 2025-01-20, rounds: 4, discount: 0.97 per week}
parties: {us: {name: United States}, russia: {name: Russia}, ukraine: Ukraine}
types:
  russia.aim: {hard: 1 - p, soft: p}
factors:
  engagement: [engaged, warned, withdrawn]
  fighting: [war, truce]
parameters:
  p: {prior: "beta(2, 6)", unit: probability}
  gain: {prior: "lognormal(0, 0.5)", unit: utility/round}
  fee: {prior: "uniform(0.1, 1)", unit: utility}
let:
  here: engagement != withdrawn
turns:
  - party: us
    moves:
      stay: {}
      warn: {when: engagement == engaged, then: {engagement: warned}, costs: fee}
      leave: {when: here, then: {engagement: withdrawn}, costs: fee}
  - party: russia
    moves:
      fight: {then: {fighting: war}}
      pause: {then: {fighting: {truce: p, war: 1 - p}}, costs: {hard: 2, soft: 1}}
values:
  us: gain * (fighting == truce)
  russia: gain * here
  ukraine: gain * (fighting == truce)
claims:
  first: {says: P(us.leave within 2 rounds) < 0.5}
"""


def found(text: str) -> tuple[Diagnostic, ...]:
    return check(DATA / "made.yaml", text=text)


def underlined(diagnostic: Diagnostic, text: str) -> str:
    span = diagnostic.span
    assert span is not None
    line = text.split("\n")[span.line - 1]
    return (
        line[span.column - 1 : span.end_column - 1] if span.end_line == span.line else line[span.column - 1 :]
    )


def test_the_base_has_no_problem():
    assert found(BASE) == ()


# name: (what to replace, by what, code, what the caret underlines, part of message or hint)
WRONG: dict[str, tuple[str, str, str, str, str]] = {
    "a misspelt factor": ("us: gain * (fighting", "us: gain * (fightng", "unknown-name", "fightng", "did you mean `fighting`"),
    "a misspelt parameter": ("russia: gain *", "russia: gian *", "unknown-name", "gian", "did you mean `gain`"),
    "an unknown level": ("fighting == truce)\n  russia", "fighting == trce)\n  russia", "unknown-level", "trce", "truce"),
    "an unknown level in an effect": ("then: {engagement: warned}", "then: {engagement: warnd}", "unknown-level", "warnd", "warned"),
    "an unknown factor in an effect": ("then: {fighting: war}", "then: {fihting: war}", "unknown-factor", "fihting", "fighting"),
    "a bare level": ("russia: gain * here", "russia: gain * truce", "bare-level", "truce", "fighting == truce"),
    "a factor as a number": ("russia: gain * here", "russia: gain * engagement", "level-as-number", "engagement", "engagement == engaged"),
    "an order of levels": ("engagement != withdrawn", "engagement < withdrawn", "levels-have-no-order", "engagement < withdrawn", "in (...)"),
    "an unknown function": ("russia: gain * here", "russia: maxx(gain, gain)", "unknown-function", "maxx", "max"),
    "too few arguments": ("russia: gain * here", "russia: max(gain)", "wrong-arguments", "max(gain)", "max(3, 1, 2)"),
    "a move in a payoff": ("russia: gain * here", "russia: gain * us.leave", "move-in-expression", "us.leave", "state"),
    "a question in a payoff": ("russia: gain * here", "russia: P(gain)", "question-in-expression", "P", "claims"),
    "a time word in a payoff": ("russia: gain * here", "russia: gain * (here within 2 rounds)", "time-word-in-expression", "(here within 2 rounds)", "claims"),
    "a number as a condition": ("when: here", "when: gain", "not-a-condition", "gain", "compare"),
    "a unit mismatch in a sum": ("russia: gain * here", "russia: gain + fee", "unit-mismatch", "gain + fee", "line 12"),
    "a value that is not per round": ("russia: gain * here", "russia: fee * (fighting == war)", "unit-mismatch", "fee * (fighting == war)", "utility/round"),
    "a cost that is per round": ("engagement: warned}, costs: fee", "engagement: warned}, costs: gain", "unit-mismatch", "gain", "utility"),
    "a unit in an exponential": ("russia: gain * here", "russia: gain * exp(fee)", "unit-mismatch", "fee", "without unit"),
    "a unit that is not one": ("unit: utility}", "unit: utility%}", "bad-unit", "utility%", "utility/round"),
    "a level never reached": ("[war, truce]", "[war, truce, peace]", "level-never-reached", "fighting", "`peace`"),
    "a move never possible": ("when: here", "when: engagement == engaged and engagement == warned", "move-never-possible", "engagement == engaged and engagement == warned", "us.leave"),
    "a state with no move": ("      stay: {}\n", "", "no-move", "warn", "withdrawn"),
    "odds off one": ("{truce: p, war: 1 - p}", "{truce: p, war: 0.5 - p}", "odds-off-one", "pause", "sum to 0.5"),
    "odds that sum to less": ("{truce: p, war: 1 - p}", "{truce: p / 2, war: 1 - p}", "odds-off-one", "pause", "one minus"),
    "type odds off one": ("hard: 1 - p, soft: p", "hard: 0.4, soft: p", "odds-off-one", "russia.aim", "russia.aim"),
    "a prior outside its domain": ("beta(2, 6)", "beta(-1, 2)", "prior-outside-domain", "beta(-1, 2)", "positive"),
    "a prior that is not one": ("beta(2, 6)", "bета(2, 6)", "unknown-prior", "bета", "distribution"),
    "a probability that exceeds one": ('"beta(2, 6)"', "lognormal(0.5, 1)", "odds-negative", "1 - p", "below zero"),
    "an interval upside down": ('"beta(2, 6)"', "0.6 to 0.2", "prior-outside-domain", "0.6 to 0.2", "least first"),
    "a prior with a parameter": ('"beta(2, 6)"', "\"beta(gain, 6)\"", "prior-not-constant", "gain", "let"),
    "division by what can be zero": ("russia: gain * here", "russia: gain / (p - 0.5)", "division-by-zero", "(p - 0.5)", "beta(2, 6)"),
    "division by what is zero in a state": ("russia: gain * here", "russia: gain / here", "division-by-zero", "here", "when engagement is withdrawn"),
    "division by what is zero for a type": ("russia: gain * here", "russia: gain / (russia.aim == hard)", "division-by-zero", "(russia.aim == hard)", "russia.aim is soft"),
    "a misspelt exponent": ("russia: gain * here", "russia: gain ** hree", "unknown-name", "hree", "did you mean `here`"),
    "a number beyond all numbers": ("russia: gain * here", "russia: gain ** 1e999", "number-too-large", "1e999", "larger"),
    "a prior beyond all numbers": ("lognormal(0, 0.5)", "lognormal(0, 500)", "prior-too-wide", "gain", "narrower"),
    "a round of a thousand years": ("round: 1 week", "round: 1000 years", "bad-length", "1000 years", "century"),
    "a tag of YAML": ("title: A test", "title: !!int 3 tests", "yaml-tag", "!!int 3 tests", "leave it out"),
    "a condition on a parameter": ("when: here", "when: fee > 0.5", "wrong-dependence", "fee > 0.5", "everyone must see"),
    "an end that depends on a parameter": ("rounds: 4,", "stops: p > 0.5, rounds: 4,", "wrong-dependence", "p > 0.5", "`stops`"),
    "a let that leads to itself": ("here: engagement != withdrawn", "here: there\n  there: here", "let-cycle", "here", "`here` -> `there` -> `here`"),
    "an unknown key": ("rounds: 4", "round_count: 4, rounds: 4", "unknown-key", "round_count", "rounds"),
    "a key that is missing": ("rounds: 4, ", "", "missing-key", "", "`rounds`"),
    "a duplicate key": ("title: A test\n", "title: A test\ntitle: Again\n", "duplicate-key", "title", "line 2"),
    "another version": ("goodoffices: 1", "goodoffices: 7", "wrong-version", "7", "version 1"),
    "a party that is not one": ("  ukraine: gain", "  ukrain: gain", "unknown-party", "ukrain", "ukraine"),
    "a reserved name": ("  fee: {prior", "  max: 1\n  fee: {prior", "reserved-name", "max", "meaning"),
    "a name that is taken": ("  here: eng", "  gain: 1\n  here: eng", "name-taken", "gain", "line 12"),
    "odds of types that depend on a factor": ("hard: 1 - p, soft: p", "hard: 1 - p * here, soft: p * here", "wrong-dependence", "engagement != withdrawn", "first round"),
    "a condition that gives the type away": ("when: here", "when: russia.aim == soft", "wrong-dependence", "russia.aim == soft", "give the type away"),
    "a discount above one": ("0.97 per week", "1.2 per week", "out-of-range", "1.2", "between 0 and 1"),
    "costs for some types only": ("{hard: 2, soft: 1}", "{hard: 2}", "costs-by-type", "{hard: 2}", "every level"),
    "costs for a type that is not there": ("{hard: 2, soft: 1}", "{hrd: 2, soft: 1}", "unknown-level", "hrd", "hard"),
    "a text instead of a list": ("fighting: [war, truce]", "fighting: war", "wrong-shape", "war", "list of levels"),
    "rounds that are not whole": ("rounds: 4", "rounds: 2.5", "bad-rounds", "2.5", "open-ended"),
    "a round that is no length": ("round: 1 week", "round: 1 moon", "bad-length", "1 moon", "week"),
    "a claim about an unknown move": ("us.leave within", "us.leeve within", "unknown-move", "us.leeve", "us.leave"),
    "a claim about an unknown party": ("P(us.leave within", "P(usa.leave within", "unknown-party", "usa.leave", "us"),
    "a claim that claims nothing": ("< 0.5}", "+ 0.5}", "not-a-claim", "P(us.leave within 2 rounds) + 0.5", "compares"),
    "an event without probability": ("P(us.leave within 2 rounds)", "us.leave within 2 rounds", "syntax", "<", "P(...)"),
    "a claim about a name that is not there": ("P(us.leave within 2 rounds)", "P(heer)", "unknown-name", "heer", "did you mean `here`"),
    "a claim about a level alone": ("P(us.leave within 2 rounds)", "P(truce)", "bare-level", "truce", "fighting == truce"),
    "a claim about a party": ("P(us.leave within 2 rounds)", "P(us)", "party-as-event", "us", "`us.stay`"),
    "a number as an event": ("P(us.leave within 2 rounds)", "P(gain)", "not-a-condition", "gain", "compare"),
    "an event that depends on a parameter": ("P(us.leave within 2 rounds)", "P(gain > 1)", "parameter-in-event", "gain > 1", "outside `P(...)`"),
    "a value beside a probability": ("P(us.leave within 2 rounds) < 0.5", "value(us) > P(us.leave)", "unit-mismatch", "value(us) > P(us.leave)", "only like"),
    "a sum of value and probability": ("P(us.leave within 2 rounds) < 0.5", "value(us) + P(us.leave) > 0", "unit-mismatch", "value(us) + P(us.leave)", "`+` joins"),
    "a parameter set in another unit": ("P(us.leave within 2 rounds)", "P(us.leave | set(gain = fee))", "unit-mismatch", "fee", "must be in utility/round"),
    "a parameter set beyond its domain": ("P(us.leave within 2 rounds)", "P(us.leave | set(p = 2))", "set-outside-domain", "set(p = 2)", "fall to -1"),
    "a parameter set beyond its domain at times": ("P(us.leave within 2 rounds)", "P(us.leave | set(p = 3 * p))", "set-outside-domain", "set(p = 3 * p)", "min("),
    "a what-if that leaves no move": ("P(us.leave within 2 rounds)", "P(us.leave | without(us.stay))", "no-move-left", "without(us.stay)", "engagement is withdrawn"),
    "a what-if without any move": ("P(us.leave within 2 rounds)", "P(us.leave | without(us.stay), without(us.warn), without(us.leave))", "no-move-left", "without(us.stay)", "only one"),
    "a move of another party": ("P(us.leave within 2 rounds) < 0.5", "modal(us) == russia.fight", "move-of-another", "russia.fight", "`us.stay`"),
    "an imposed move without brackets": ("P(us.leave within 2 rounds)", "P(us.leave | do us.warn)", "syntax", "us.warn", "write `do(us.withdraw)`"),
    "a condition that is none": ("P(us.leave within 2 rounds)", "P(us.leave | see 2025-04-19)", "see-without-record", "2025-04-19", "add a `record:`"),
    "a trend in no parameter": ("< 0.5}", "rises with gian}", "unknown-parameter", "gian", "gain"),
    "an equals sign alone": ("fighting == truce)\n  russia", "fighting = truce)\n  russia", "syntax", "=", "=="),
    "two numbers in a row": ("russia: gain * here", "russia: gain 2", "syntax", "2", "operator"),
    "a bracket that stays open": ("russia: gain * here", "russia: gain * (here", "syntax", "", "`)`"),
    "a hat": ("russia: gain * here", "russia: gain * 2^3", "bad-character", "^", "**"),
    "an expression that ends": ("russia: gain * here", "russia: gain *", "syntax", "", "text ends"),
    "open-ended without discount": ("rounds: 4, discount: 0.97 per week", "rounds: open-ended", "open-ended-without-discount", "", "discount"),
    "a prior with a wrong sign": ("beta(2, 6)", "beta(2; 6)", "bad-character", ";", "such as `beta(2, 6)`"),
    "talks that are over before they begin": ("rounds: 4,", "stops: engagement == engaged, rounds: 4,", "over-at-the-start", "engagement == engaged", "`stops`"),
    "a claim that depends on the state": ("P(us.leave within 2 rounds) < 0.5", "value(us) < fee * here", "wrong-dependence", "here", "inside `P(...)`"),
    "a document that is not declared": ("  fee: {", "  fee: {source: brief#s1, ", "unknown-document", "brief#s1", "documents"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_it_is_said_what_is_wrong_with(name: str):
    old, new, code, caret, words = WRONG[name]
    assert BASE.count(old) == 1, f"the base must contain this once: {old}"
    text = BASE.replace(old, new)
    every = found(text)
    hits = [d for d in every if d.code == code and d.severity == "error"]
    assert hits, [f"{d.code}: {d.message}" for d in every]
    shown = [(underlined(d, text).strip() if d.span else "", f"{d.message} | {d.hint}") for d in hits]
    assert any((caret == under or not caret) and words in said for under, said in shown), shown
    with pytest.raises(Refusal) as refused:
        load(DATA / "made.yaml", text=text)
    assert "Traceback" not in render(refused.value.diagnostics, refused.value.sources)


def test_a_mistake_is_said_once_and_brings_no_others():
    alone = (
        "a misspelt factor", "a misspelt parameter", "an unknown function", "a unit mismatch in a sum",
        "a level never reached", "an unknown key", "division by what can be zero", "a duplicate key",
        "a claim about an unknown move", "a bare level", "an unknown level",
    )  # fmt: skip
    for name in alone:
        old, new, code, _, _ = WRONG[name]
        errors = [d.code for d in found(BASE.replace(old, new)) if d.severity == "error"]
        assert errors == [code], name


TOGETHER = """\
turns:
  - together:
      us: {moves: {stay: {}, warn: {when: engagement == engaged, then: {engagement: warned, fighting: LEVEL}}}}
      russia: {moves: {fight: {then: {fighting: war}}, pause: {then: {fighting: truce}}}}
  - {party: us, moves: {on: {}, out: {then: {engagement: withdrawn}, costs: fee}}}
values:
"""


@pytest.mark.parametrize(("level", "clashes"), [("war", 1), ("truce", 1), ("{truce: p, war: 1 - p}", 1)])
def test_moves_of_one_turn_may_not_bring_a_factor_to_different_levels(level: str, clashes: int):
    """Else the order in which the parties are written would decide."""
    head, rest = BASE.split("turns:\n")
    text = head + TOGETHER.replace("LEVEL", level) + rest.split("values:\n")[1].replace("us.leave", "us.out")
    assert [d.code for d in found(text)] == ["moves-clash"] * clashes
    assert found(text.replace(f", fighting: {level}", "")) == ()


def test_every_problem_is_shown_at_once_in_the_order_of_places():
    text = BASE
    names = ("a misspelt factor", "a level never reached", "a unit in an exponential", "an unknown key",
             "a prior outside its domain", "a claim about an unknown move", "a duplicate key")  # fmt: skip
    for name in names:
        old, new, *_ = WRONG[name]
        text = text.replace(old, new)
    diagnostics = found(text)
    assert {WRONG[name][2] for name in names} <= {d.code for d in diagnostics}
    lines = [d.span.line for d in diagnostics if d.span]
    assert lines == sorted(lines)


def test_named_expressions_may_build_on_each_other_only_so_far():
    tower = "".join(f"  l{i}: l{i - 1} + 1\n" for i in range(1, 3000))
    text = BASE.replace("let:\n", f"let:\n  l0: p\n{tower}").replace("gain * here", "gain * here * l2999")
    assert [d.code for d in found(text)] == ["expression-too-deep"]
    low = BASE.replace("let:\n", f"let:\n  l0: p\n{tower[: tower.index('  l122:')]}")
    assert [d.code for d in found(low.replace("gain * here", "gain * here * l121"))] == []


def test_a_named_expression_that_is_used_twice_at_every_step_is_read_quickly():
    doubling = "".join(f"  l{i}: l{i - 1} + l{i - 1}\n" for i in range(1, 60))
    text = BASE.replace("let:\n", f"let:\n  l0: 1 + p\n{doubling}")
    text = text.replace("truce: p, war: 1 - p", "truce: p / l59, war: 1 - p / l59")
    began = time.perf_counter()
    assert found(text) == ()
    assert time.perf_counter() - began < 5


def test_there_may_be_so_many_parameters_and_no_more():
    many = "".join(f"  q{i}: 1 to 2\n" for i in range(600))
    codes = [
        d.code for d in found(BASE.replace("parameters:\n", f"parameters:\n{many}")) if d.severity == "error"
    ]
    assert codes[0] == "too-many-parameters"


@pytest.mark.parametrize(
    "guarded",
    ["gain / here if here else 0", "gain / (1 + here)", "gain / (here + (engagement == withdrawn))"],
)
def test_a_division_that_is_kept_from_zero_is_no_problem(guarded: str):
    assert found(BASE.replace("russia: gain * here", f"russia: {guarded}")) == ()


def test_a_parameter_set_inside_its_domain_is_no_problem():
    text = BASE.replace(
        "P(us.leave within 2 rounds) < 0.5", '"P(us.leave | set(p = min(2 * p, 1)), without(us.leave)) < 0.5"'
    )
    assert found(text) == ()


def test_a_named_condition_is_an_event():
    text = BASE.replace("P(us.leave within 2 rounds)", "P(always here within 2 rounds | after us.stay)")
    assert found(text) == ()
    assert "unused" not in {d.code for d in found(text.replace("gain * here", "gain"))}


def test_states_and_outcomes_without_number_are_left_unchecked_with_a_warning():
    factors = "".join(f"  f{i}: [a, b, c]\n" for i in range(24))
    lots = ", ".join(f"f{i}: {{a: 0.2, b: 0.3, c: 0.5}}" for i in range(24))
    text = BASE.replace("factors:\n", f"factors:\n{factors}").replace(
        "then: {fighting: {", f"then: {{{lots}, fighting: {{"
    )
    began = time.perf_counter()
    assert [d.code for d in found(text)] == ["too-many-states"]
    assert time.perf_counter() - began < 10


TOKENS = [m.span() for m in re.finditer(r"[\w.]+|[^\w\s]", BASE)]
ODD = ["", "x", "gain", "here", "engagement", "us", "us.leave", "russia.aim", "1e999", "-1", "0", "(", "{", "[]", "{}", "null",
       "~", '"', "P(", "|", "max", "if", "not", "1 to 2", ".", "é", "*x", "&x", "#", "2025-13-45", "- a", "!!int 3", ":", ",",
       "\n", "9" * 20, "1_0", "0x10", "nan", "0 ** -1", "\t", "\u2028", "\x00"]  # fmt: skip


@given(st.sampled_from(TOKENS), st.sampled_from(ODD))
@settings(max_examples=150, deadline=None)
def test_any_word_may_be_replaced_by_any_other_without_a_bug_of_ours(token: tuple[int, int], odd: str):
    text = BASE[: token[0]] + odd + BASE[token[1] :]
    diagnostics = found(text)
    assert render(diagnostics, {str(DATA / "made.yaml"): text}) or not diagnostics


WARNINGS = {
    "an unused parameter": ("  fee: {", "  spare: 1\n  fee: {", "unused"),
    "an event that is true already": (
        "P(us.leave within",
        "P(engagement != withdrawn within",
        "true-at-the-start",
    ),
    "a round beyond the horizon": ("within 2 rounds", "within 20 rounds", "beyond-the-horizon"),
    "a comma between braces": ('"beta(2, 6)"', "beta(2, 6)", "comma-in-braces"),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_a_warning_does_not_refuse(name: str):
    old, new, code = WARNINGS[name]
    text = BASE.replace(old, new, 1)
    assert [(d.code, d.severity) for d in found(text)] == [(code, "warning")]
    load(DATA / "made.yaml", text=text)


def test_the_warning_about_a_true_event_says_how_to_mean_that_it_stays():
    text = BASE.replace("P(us.leave within 2", "P(engagement != withdrawn within 2")
    (warning,) = found(text)
    assert "always ... within 2 rounds" in (warning.hint or "")


def test_open_ended_talks_are_part_of_the_language():
    text = BASE.replace("rounds: 4", "rounds: open-ended")
    assert load(DATA / "made.yaml", text=text).time.rounds is None


def test_a_level_that_a_what_if_took_away_is_only_a_warning():
    text = BASE.replace("[war, truce]", "[war, truce, peace]") + "changes: [without russia.settle]\n"
    assert [d.severity for d in found(text)] == ["warning"]
