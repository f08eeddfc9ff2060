"""Hypothesis strategies that make expressions and scenarios."""

from __future__ import annotations

import datetime
from typing import Any

from hypothesis import strategies as st

from goodoffices.language import tree
from goodoffices.language.scenario import (
    ChanceOutcome,
    Claim,
    Effect,
    Factor,
    Let,
    Move,
    Mover,
    Note,
    Parameter,
    Party,
    Prior,
    Scenario,
    Time,
    Turn,
    TypeDimension,
)

PARAMETERS = ("alpha", "beta_2", "γ")
LEVELS = {
    "engagement": ("engaged", "warned", "withdrawn"),
    "fighting": ("war", "truce"),
    "us.aim": ("hard", "soft"),
}
FACTORS = {name: levels for name, levels in LEVELS.items() if "." not in name}

# Characters that YAML, quotes and comments could stumble over; a whole alphabet is slow to draw from.
words = st.text(st.sampled_from("aZ0é😀:#'\"\\{}[],&*!|>%@`-?~.=<"), min_size=1, max_size=6)
sentences = st.lists(words, min_size=1, max_size=5).map(lambda w: " ".join(" ".join(w).split())).filter(bool)


def numbers() -> st.SearchStrategy[tree.Expression]:
    return st.floats(0, 1e12, allow_nan=False).map(lambda x: tree.Number(abs(x)))


def tests_of(dimensions: dict[str, tuple[str, ...]]) -> st.SearchStrategy[tree.Expression]:
    def of(name: str) -> st.SearchStrategy[tree.Expression]:
        some = st.lists(st.sampled_from(dimensions[name]), min_size=1, max_size=3, unique=True)
        return some.map(lambda levels: tree.LevelTest(name, tuple(levels)))

    return st.sampled_from(sorted(dimensions)).flatmap(of)


def expressions(
    dimensions: dict[str, tuple[str, ...]], *, leaves: int = 8, names: tuple[str, ...] = PARAMETERS
) -> st.SearchStrategy[tree.Expression]:
    """Numbers and conditions, mixed as the grammar allows."""
    base: st.SearchStrategy[tree.Expression] = numbers()
    if names:
        base = base | st.sampled_from(names).map(tree.Name)
    if dimensions:
        base = base | tests_of(dimensions)

    def grow(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[tree.Expression]:
        compared = st.builds(tree.Binary, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), inner, inner)
        truth = compared | tests_of(dimensions) if dimensions else compared
        truth = truth | truth.map(lambda t: tree.Unary("not", t))
        both = st.builds(tree.Binary, st.sampled_from(["and", "or"]), truth, truth)
        return (
            st.builds(tree.Binary, st.sampled_from(["+", "-", "*", "/", "**"]), inner, inner)
            | inner.map(lambda x: tree.Unary("-", x))
            | truth
            | both
            | st.builds(tree.Conditional, truth | both, inner, inner)
            | st.builds(tree.Call, st.sampled_from(["exp", "log", "sqrt", "abs"]), st.tuples(inner))
            | st.builds(tree.Call, st.sampled_from(["min", "max"]), st.tuples(inner, inner))
        )

    return st.recursive(base, grow, max_leaves=leaves)


NOTES = st.builds(Note, why=st.none() | sentences)
# Made once: building a recursive strategy costs far more than drawing from it.
# Expressions come from a pool (that any expression reads back is another test), which keeps scenarios quick to make.
_ONE, _ALPHA, _WAR = tree.Number(1.0), tree.Name("alpha"), tree.LevelTest("fighting", ("war",))
_POOL: tuple[tree.Expression, ...] = (
    tree.Number(1e-3),
    tree.Binary("*", _ALPHA, tree.LevelTest("engagement", ("engaged", "warned"))),
    tree.Binary("-", tree.Unary("-", _ALPHA), tree.Binary("**", tree.Name("γ"), tree.Number(2.0))),
    tree.Conditional(tree.Binary("and", _WAR, tree.Unary("not", _WAR)), _ALPHA, tree.Number(1e15)),
    tree.Call("max", (_ALPHA, tree.Call("exp", (tree.Unary("-", tree.Name("beta_2")),)))),
    tree.Binary("*", tree.Binary(">=", _ALPHA, tree.Number(0.5)), tree.Number(12.5)),
    tree.Binary("/", _ALPHA, tree.Binary("+", _ONE, tree.Name("γ"))),
    tree.LevelTest("engagement", ("withdrawn", "engaged")),
)
ENTRIES = st.sampled_from(_POOL)
COSTS = st.sampled_from((*_POOL, tree.LevelTest("us.aim", ("soft",))))
VALUES = st.sampled_from((*_POOL, tree.Binary("*", tree.Name("warmth"), tree.Name("beta_2"))))
STATES = tests_of(FACTORS)


def _effects(factors: tuple[str, ...]) -> st.SearchStrategy[tuple[Effect, ...]]:
    def of(name: str) -> st.SearchStrategy[Effect]:
        certain = st.sampled_from(FACTORS[name]).map(lambda level: ((level, tree.Number(1.0)),))
        a, b = FACTORS[name][:2]
        lottery = st.sampled_from([0.25, 0.5, 0.125]).map(
            lambda p: ((a, tree.Number(p)), (b, tree.Number(1 - p)))
        )
        return (certain | lottery).map(lambda outcomes: Effect(name, outcomes))

    return st.lists(st.sampled_from(factors), max_size=2, unique=True).flatmap(
        lambda names: st.tuples(*(of(name) for name in names))
    )


EFFECTS = _effects(tuple(sorted(FACTORS)))
# Parties that move at the same time change factors of their own.
OWN = {"us": _effects(("engagement",)), "them": _effects(("fighting",))}


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Scenarios that pass every check: no units, every level reachable, odds that sum to one."""

    def move(name: str, *, when: bool, party: str, alone: bool) -> Move:
        cost = draw(COSTS)
        costs: Any = draw(st.sampled_from(["none", "one", "by type"] if party == "us" else ["none", "one"]))
        by_type = tuple(
            (((("us.aim", level)),), tree.Number(float(i))) for i, level in enumerate(LEVELS["us.aim"])
        )
        return Move(
            name,
            draw(sentences),
            draw(STATES) if when else None,
            draw(EFFECTS if alone else OWN[party]),
            {"none": (), "one": (((), cost),), "by type": by_type}[costs],
            draw(st.none() | sentences),
            draw(NOTES),
        )

    def mover(party: str, *, alone: bool) -> Mover:
        names = draw(
            st.lists(st.sampled_from(["stay", "warn", "leave", "end"]), min_size=1, max_size=3, unique=True)
        )
        moves = tuple(
            move(n, when=i > 0 and draw(st.booleans()), party=party, alone=alone) for i, n in enumerate(names)
        )
        return Mover(party, moves, draw(st.sampled_from(names)))

    free = tuple(
        ChanceOutcome(
            f"to_{factor}_{level}",
            draw(sentences),
            tree.Number(1 / 8),
            None,
            (Effect(factor, ((level, tree.Number(1.0)),)),),
            draw(NOTES),
        )
        for factor, levels in FACTORS.items()
        for level in levels
    )
    rest = ChanceOutcome("nothing", draw(sentences), tree.Number(1 - len(free) / 8), None, ())
    turns = [Turn((), (*free, rest), draw(NOTES))]
    for parties in draw(
        st.lists(st.sampled_from([("us",), ("them",), ("us", "them")]), min_size=1, max_size=2)
    ):
        turns.append(Turn(tuple(mover(party, alone=len(parties) == 1) for party in parties), (), draw(NOTES)))
    table = {level: draw(ENTRIES) for level in LEVELS["us.aim"]}
    lets = (
        Let("warmth", draw(COSTS), None, {}, draw(NOTES)),
        Let("gains", None, "us.aim", table, draw(NOTES)),
    )
    value = draw(VALUES)
    party, made = next((m.party, m.moves[0].name) for t in turns for m in t.movers)
    says = tree.Comparison(
        "<",
        tree.Question("P", event=tree.Timed("ever", tree.MoveMade(party, made), 2)),
        tree.Number(0.5),
        draw(st.sampled_from([0.0, 0.25])),
    )
    says_text = f"P({party}.{made} within 2 rounds) < 0.5" + (" by 0.25" if says.by else "")
    priors = st.sampled_from(
        [("beta", (2.0, 6.0), "beta(2, 6)"), ("fixed", (0.5,), "0.5"), ("gamma", (2.0, 1.0), "gamma(2, 1)")]
    )
    factors = tuple(
        Factor(f, levels, draw(st.sampled_from(levels)), draw(NOTES)) for f, levels in FACTORS.items()
    )
    stops = draw(st.none() | st.just(tree.LevelTest("fighting", ("truce",))))
    if factors[1].start == "truce":
        stops = None  # talks that are over before they begin come to no other state
    return Scenario(
        title=draw(sentences),
        summary=tuple(draw(st.lists(sentences, max_size=3))),
        documents=(),
        time=Time(
            draw(st.sampled_from([1.0, 7.0, 14.0, 30.4375, 10.5])),
            draw(st.none() | st.dates(min_value=datetime.date(1000, 1, 1))),
            draw(st.none() | st.integers(2, 500)),
            draw(st.just(tree.Number(0.9)) | st.just(tree.Binary("**", tree.Number(0.97), tree.Number(2.0)))),
        ),
        parties=tuple(
            Party(
                name,
                draw(sentences),
                draw(st.just("") | sentences),
                tree.Number(draw(st.floats(0, 9))),
                draw(NOTES),
            )
            for name in ("us", "them")
        ),
        types=(
            TypeDimension("us", "aim", LEVELS["us.aim"], (tree.Number(0.25), tree.Number(0.75)), draw(NOTES)),
        ),
        factors=factors,
        parameters=tuple(Parameter(name, Prior(*draw(priors)), None, draw(NOTES)) for name in PARAMETERS),
        lets=lets,
        turns=tuple(turns),
        values={"us": value, "them": tree.Lookup("gains", "us.aim")},
        end_values=draw(st.just({}) | st.just({"us": tree.Number(2.0)})),
        claims=(Claim("seldom", draw(sentences), says, says_text, draw(NOTES)),),
        stops=stops,
        imposed=draw(st.just(()) | st.just((f"{party}.{made}",))),
        changes=("made",),
    )
