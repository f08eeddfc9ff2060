"""Diagnostics: how a problem is shown to the person who has to mend it."""

from __future__ import annotations

import pytest

from goodoffices.core.diagnostics import Diagnostic, Refusal, Span, refuse, render


def test_a_problem_is_shown_with_its_place_line_caret_and_hint():
    problem = Diagnostic(
        "unknown-name", "no factor `fightng`", Span("a.yaml", 2, 7, 2, 14), "did you mean `fighting`?"
    )
    assert render([problem], {"a.yaml": "x: 1\nwhen: fightng == war\n"}).splitlines() == [
        "a.yaml:2:7: error[unknown-name]: no factor `fightng`",
        "    when: fightng == war",
        "          ^^^^^^^",
        "    hint: did you mean `fighting`?",
    ]


def test_a_problem_without_a_place_is_one_line():
    assert render([Diagnostic("empty", "the file is empty")]) == "error[empty]: the file is empty"


def test_a_place_whose_text_is_not_known_still_shows():
    problem = Diagnostic("odd", "odd", Span("b.yaml", 3, 1, 3, 2))
    assert render([problem], {"a.yaml": "x"}) == "b.yaml:3:1: error[odd]: odd"


def test_a_span_past_the_end_of_the_file_shows_no_line():
    assert (
        render([Diagnostic("end", "ends early", Span("a", 9, 1, 9, 2))], {"a": "x"})
        == "a:9:1: error[end]: ends early"
    )


def test_a_span_over_several_lines_underlines_to_the_end_of_the_first():
    shown = render([Diagnostic("c", "m", Span("a", 1, 3, 2, 2))], {"a": "abcdef\ngh"})
    assert shown.splitlines()[2] == "    " + "  ^^^^"


@pytest.mark.parametrize("column", [1, 400, 4999, 5000])
def test_a_long_line_is_cut_around_the_caret(column):
    line = "".join(chr(97 + i % 26) for i in range(5000))
    shown = render([Diagnostic("c", "m", Span("a", 1, column, 1, column + 1))], {"a": line}).splitlines()
    assert len(shown[1]) <= 164
    assert shown[1][shown[2].index("^")] == line[column - 1]


def test_a_tab_before_the_place_does_not_move_the_caret():
    shown = render([Diagnostic("c", "m", Span("a", 1, 3, 1, 4))], {"a": "\t\tx"}).splitlines()
    assert shown[1][shown[2].index("^")] == "x"


def test_a_refusal_carries_every_problem():
    problems = (Diagnostic("a", "first"), Diagnostic("b", "second"))
    refusal = Refusal(iter(problems), sources={"f": "text"})
    assert refusal.diagnostics == problems
    assert refusal.sources == {"f": "text"}
    assert str(refusal) == "first; second"


def test_refuse_builds_one_problem():
    assert refuse("a", "m", hint="h").diagnostics == (Diagnostic("a", "m", None, "h"),)
