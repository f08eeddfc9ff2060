"""Expressions mean what mathematics means, on numbers, on arrays and in JAX; no text breaks the parser."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goodoffices.core.diagnostics import Refusal, Span
from goodoffices.language import Environment, evaluate, resolve, syntax
from goodoffices.language.functions import FUNCTIONS
from goodoffices.language.scenario import Let
from goodoffices.language.tree import LevelTest, Number

LEVELS = {"engagement": ("engaged", "warned", "withdrawn"), "russia.aim": ("hard", "soft")}
NAMES = {"x": 3.0, "y": np.array([1.0, -2.0])}


def place(start: int, end: int) -> Span:
    return Span("text", 1, start + 1, 1, end + 1)


def scope() -> resolve.Scope:
    return resolve.Scope(
        parameters=set(NAMES), levels=dict(LEVELS), tables={"gains": "russia.aim"}, parties=("russia",)
    )


def value(text: str, **levels: str) -> object:
    where = scope()
    expression = resolve.expression(syntax.parse(text, place), where)
    assert where.diagnostics == []
    table = Let("gains", None, "russia.aim", {"hard": Number(10.0), "soft": Number(20.0)})
    state = {"engagement": "warned", "russia.aim": "soft", **levels}
    return evaluate(expression, Environment(NAMES, state, {"gains": table}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("2 ** 3 ** 2", 512), ("-2 ** 2", -4), ("(-2) ** 2", 4), ("2 ** -1", 0.5),
        ("8 / 4 / 2", 1), ("8 - 4 - 2", 2), ("1e-3 * 1000", 1), (".5 + 1.", 1.5), ("--2", 2), ("+2", 2),
        ("1 < 2", True), ("1 < 2 < 3", True), ("1 < 3 < 2", False), ("not 1 < 2", False), ("1 < 2 and 2 < 1 or 1 < 2", True),
        ("1 if 2 < 1 else 3", 3), ("1 if 2 < 1 else 2 if 1 < 2 else 3", 2), ("x * (engagement == warned)", 3),
        ("x * (engagement != warned)", 0), ("5 * (engagement in (engaged, warned))", 5), ("gains[aim]", 20),
        ("gains[russia.aim]", 20), ("1 + (engagement not in (engaged, withdrawn))", 2), ("aim == soft and x > 2", True),
        ("-(1 < 2)", -1), ("(1 < 2) + (3 < 4)", 2), ("max(x, 1, 2) - min(x, 1)", 2), ("0 * -1", 0),
        ("engaged == engagement", False),
    ],
)  # fmt: skip
def test_an_expression_has_its_mathematical_value(text: str, expected: float):
    np.testing.assert_allclose(np.asarray(value(text), float), expected, rtol=1e-15)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_example_of_each_function_has_the_value_in_the_table(name: str):
    function = FUNCTIONS[name]
    np.testing.assert_allclose(np.asarray(value(function.example), float), function.value, rtol=1e-15)


def test_a_parameter_that_varies_makes_the_value_an_array_over_draws():
    np.testing.assert_array_equal(value("x * y if y > 0 else abs(y)"), [3.0, 2.0])
    np.testing.assert_array_equal(value("(y > 0) + (not y > 0) * 2"), [1.0, 2.0])
    np.testing.assert_array_equal(value("y > 0 and x > 1"), [True, False])


def test_division_by_zero_is_infinite_and_raises_nothing():
    assert value("1 / 0") == np.inf
    assert np.isnan(np.asarray(value("0 / 0")))
    assert np.isnan(np.asarray(value("(-1) ** 0.5")))


def test_jax_traces_batches_and_differentiates_the_same_tree():
    import jax
    import jax.numpy as jnp

    where = scope()
    expression = resolve.expression(
        syntax.parse("exp(x) * y ** 2 / (1 + x) if y > 0 else min(x, y)", place), where
    )

    def run(x, y):
        return evaluate(expression, Environment({"x": x, "y": y}, {"engagement": "warned"}), xp=jnp)

    xs, ys = np.linspace(0.5, 2, 5), np.linspace(-1, 3, 5)
    expected = evaluate(expression, Environment({"x": xs, "y": ys}))
    np.testing.assert_allclose(jax.jit(jax.vmap(run))(xs, ys), expected, rtol=1e-5)
    slope = jax.grad(run, argnums=1)(1.0, 2.0)
    np.testing.assert_allclose(slope, np.e * 2 * 2 / 2, rtol=1e-5)


@given(st.text(max_size=60))
def test_any_text_is_a_tree_or_a_refusal(text: str):
    try:
        tree = syntax.parse(text, place)
    except Refusal as refused:
        found = refused.diagnostics
        assert all(d.span is not None and d.message for d in found)
        return
    resolve.expression(tree, scope())


TOKENS = [
    "x",
    "y",
    "engagement",
    "russia.aim",
    "gains",
    "engaged",
    "soft",
    "1",
    "2.5",
    "1e3",
    "2025-01-01",
    "+",
    "-",
    "*",
    "/",
    "**",
    "(",
    ")",
    "[",
    "]",
    ",",
    "|",
    "=",
    "==",
    "!=",
    "<",
    "<=",
    "and",
    "or",
    "not",
    "if",
    "else",
    "in",
    "within",
    "at",
    "by",
    "ever",
    "always",
    "until",
    "before",
    "round",
    "rounds",
    "end",
    "rises",
    "falls",
    "with",
    "keeping",
    "after",
    "P",
    "value",
    "belief",
    "modal",
    "least_cost",
    "do",
    "set",
    "without",
    "russia",
    "russia.hard",
    "min",
    "max",
    "exp",
]


@given(st.lists(st.sampled_from(TOKENS), max_size=25))
def test_any_row_of_words_is_a_tree_or_a_refusal(words: list[str]):
    from goodoffices.language import events, questions

    try:
        tree = syntax.parse(" ".join(words), place)
    except Refusal:
        return
    resolve.expression(tree, scope())
    calendar = events.Calendar(7.0, None, 4, {"engagement": "engaged"})
    where = scope()
    found = questions.claim(tree, where, calendar)
    assert (found is None) == any(d.severity == "error" for d in where.diagnostics)


@pytest.mark.parametrize(
    "text",
    ["(" * 5000, "-" * 5000 + "1", "not " * 5000 + "x", "1 + " * 5000 + "1", "2 ** " * 5000 + "2", "x" * 50_000, "f(" * 500,
     "1 if x else " * 300 + "1", "a.b" * 9000, "x within 2 rounds " * 500, "1 < " * 500 + "1", "(1+" * 25 + "1" + ")" * 25],
)  # fmt: skip
def test_length_and_depth_are_bounded(text: str):
    try:
        tree = syntax.parse(text, place)
    except Refusal:
        return
    resolve.expression(tree, scope())


def test_every_node_knows_its_place():
    text = "x + max(y, 2) * (engagement == warned)"
    tree = resolve.expression(syntax.parse(text, place), scope())
    product = tree.right  # type: ignore[union-attr]
    test = product.right
    assert isinstance(test, LevelTest)
    assert text[test.span.column - 1 : test.span.end_column - 1] == "(engagement == warned)"  # type: ignore[union-attr]
    assert text[product.left.span.column - 1 : product.left.span.end_column - 1] == "max(y, 2)"
