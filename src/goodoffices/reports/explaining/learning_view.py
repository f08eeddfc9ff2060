"""The section on who learns what: bits that moves give away, and what knowing another's type is worth.

Receives `Learning`; returns a `Section`, and the numbers as plain data.
"""

from __future__ import annotations

from typing import Any

from goodoffices.analyses.learning import Knowing, Learning, MoveLearning
from goodoffices.analyses.levers_spread import Spread
from goodoffices.reports.explaining.chart import Mark, Row, chart
from goodoffices.reports.explaining.numbers_of import signed
from goodoffices.reports.explaining.sections import Picture, Section, Table
from goodoffices.reports.numbers import counted, finite, percent, plain

MOST_MOVES = 10
EXPLAINED = (
    "A bit is what an even question answers. A move tells the divergence of the belief after it from the belief before it; "
    "the column “in all” weighs that by how often the move is made, and all moves together never tell more than the entropy of "
    "the prior. A move that is hardly ever made can tell much when it is, and little in all.",
    "What knowing is worth: the game is solved again with the party seeing the other’s type before the first round. “Known” is the "
    "equilibrium of the game in which everybody knows that it does, so that all act on it; “in secret” the others go on as before "
    "and only the party itself uses what it knows. Its value can fall where it is known that it knows.",
    "Utilities of different parties cannot be compared. Means are over draws from the priors, with their standard errors.",
)


def learning_section(found: Learning) -> Section:
    """Sentences, pictures and tables about learning."""
    pictures = [_bits(found)]
    if found.knowing:
        pictures.append(_worth(found))
    return Section(
        "signals",
        "Who learns what",
        "What moves give away, and what it is worth to know",
        tuple(learning_sentences(found)),
        tuple(pictures),
        (_moves(found), _types(found), _knowing(found)),
        EXPLAINED,
    )


def learning_sentences(found: Learning) -> list[str]:
    """The findings in words, with the number of draws and errors."""
    labels = {p.name: p.label for p in found.scenario.parties} | {"chance": "Chance"}
    out: list[str] = []
    for one in found.types:
        out.append(
            f"By the end {plain(one.learned.mean)} ± {plain(one.learned.error)} of the {plain(one.prior.mean)} bits that could be "
            f"learned about {labels[one.party]} are learned, {percent(one.share)} (means over {counted(one.learned.n, 'draw')})."
        )
        mine = [m for m in found.moves if m.about == one.party]
        if mine:
            most, sharp = mine[0], max(mine, key=lambda m: m.when_made.mean if m.when_made.n else -1.0)
            text = f"Most of it is given away by “{most.label}”: {_pm(most.bits)} bits in all."
            if sharp is not most and sharp.when_made.n:
                text += (
                    f" The most telling when it is made is “{sharp.label}”, {_pm(sharp.when_made)} bits each time, made "
                    f"{plain(sharp.uses.mean)} times on average."
                )
            out.append(text)
    if found.knowing:
        best = max(found.knowing, key=lambda k: k.known.mean)
        out.append(
            f"Knowledge is worth most to {labels[best.party]}, of the type of {labels[best.about]}: {_worth_words(best)} "
            f"(means over {counted(best.known.n, 'draw')})."
        )
        harmed = [k for k in found.knowing if k.known.mean < -2 * k.known.error]
        for one in harmed:
            out.append(
                f"{labels[one.party]} would be worse off for being known to know the type of {labels[one.about]}: {_pm(one.known, sign=True)} of its value."
            )
    if found.unsolved:
        out.append(
            f"For {counted(found.unsolved, 'draw')} of {found.n} some game was not solved; what needs it leaves them out."
        )
    return out


def _worth_words(one: Knowing) -> str:
    return f"{_pm(one.known, sign=True)} of its value where everybody knows that it knows, {_pm(one.secret, sign=True)} in secret"


def _pm(spread: Spread, *, sign: bool = False) -> str:
    mean = signed(spread.mean) if sign else plain(spread.mean)
    return f"{mean} ± {plain(spread.error)}"


def _bits(found: Learning) -> Picture:
    rows = [
        Row(
            f"{m.mover}: {m.label}",
            (_mark(m.bits, "k0"), _mark(m.when_made, "k1")),
            f"{m.mover}.{m.move}",
        )
        for m in found.moves[:MOST_MOVES]
    ]
    return Picture(
        chart(
            rows,
            title="Bits that moves give away",
            identity="learning-bits",
            unit="bits",
            kinds=[("k0", "in all, weighed by how often it is made"), ("k1", "each time that it is made")],
        ),
        f"What moves give away of their movers’ types: means over {counted(found.n, 'draw')}; the thick line is two standard errors to each side, the thin one the middle 90% of the draws.",
    )


def _worth(found: Learning) -> Picture:
    rows = [
        Row(f"{k.party} knows the type of {k.about}", (_mark(k.known, "k0"), _mark(k.secret, "k1")))
        for k in found.knowing
    ]
    return Picture(
        chart(
            rows,
            title="What knowing another's type is worth",
            identity="learning-worth",
            unit="change of its own value, utility",
            kinds=[("k0", "everybody knows that it knows"), ("k1", "in secret")],
        ),
        "What seeing another’s type before the first round would be worth to each party.",
    )


def _mark(spread: Spread, kind: str) -> Mark:
    low, high = spread.quantiles(0.05, 0.95)
    return Mark(spread.mean, kind, spread.error, low, high)


def _moves(found: Learning) -> Table:
    rows = [
        (f"{m.mover}.{m.move}", m.about, _pm(m.bits), _pm(m.uses), _pm(m.when_made), _range(m.when_made))
        for m in found.moves
    ]
    head = ("Move", "About", "Bits in all", "Times made", "Bits each time", "Middle 90%")
    return Table("What each move gives away (mean ± standard error)", head, tuple(rows))


def _types(found: Learning) -> Table:
    rows = [(t.party, _pm(t.prior), _pm(t.learned), percent(t.share)) for t in found.types]
    return Table(
        "What is learned of each party by the end",
        ("Party", "Bits to learn", "Bits learned", "Share"),
        tuple(rows),
    )


def _knowing(found: Learning) -> Table:
    rows = [
        (
            f"{k.party} knows {k.about}",
            _pm(k.known, sign=True),
            _range(k.known),
            _pm(k.secret, sign=True),
            "; ".join(f"{name} {_pm(s, sign=True)}" for name, s in k.others.items()),
        )
        for k in found.knowing
    ]
    head = ("Who knows whose type", "Known", "Middle 90%", "In secret", "The others, where it is known")
    return Table("What knowing a type is worth, in utility", head, tuple(rows))


def _range(spread: Spread) -> str:
    low, high = spread.quantiles(0.05, 0.95)
    return f"{plain(low)} to {plain(high)}"


def learning_data(found: Learning) -> dict[str, Any]:
    """Every number as plain data."""
    return {
        "scenario": found.scenario.title,
        "changes": list(found.scenario.changes),
        "settings": dict(found.settings),
        "draws": found.n,
        "unsolved": found.unsolved,
        "certificate": {name: finite(value) for name, value in found.worst.items()},
        "moves": [_move_data(m) for m in found.moves],
        "types": [
            {
                "party": t.party,
                "prior_bits": t.prior.summary(),
                "learned_bits": t.learned.summary(),
                "share": finite(t.share),
            }
            for t in found.types
        ],
        "knowing": [
            {
                "party": k.party,
                "about": k.about,
                "known": k.known.summary(),
                "secret": k.secret.summary(),
                "others": {name: s.summary() for name, s in k.others.items()},
            }
            for k in found.knowing
        ],
    }


def _move_data(m: MoveLearning) -> dict[str, Any]:
    return {
        "party": m.mover,
        "move": m.move,
        "about": m.about,
        "bits": m.bits.summary(),
        "times_made": m.uses.summary(),
        "bits_when_made": m.when_made.summary(),
    }
