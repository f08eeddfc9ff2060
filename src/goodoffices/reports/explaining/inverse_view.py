"""The section on what it would take: the nearest changes and the least payments that reach a goal.

Receives an `Inverse`; returns a `Section`, and the numbers as plain data.
"""

from __future__ import annotations

from typing import Any

from goodoffices.analyses.inverse import Answer, Inverse
from goodoffices.reports.explaining.chart import Mark, Row, chart
from goodoffices.reports.explaining.sections import Picture, Section, Table
from goodoffices.reports.numbers import counted, finite, plain

MOST_CHANGES = 8
"""Parameters of an answer in a sentence, a picture or a row."""
SMALL = 0.1
"""Changes below this share of the largest are summed up."""
KINDS = {"all": "every parameter may move", "few": "a few parameters", "one": "one parameter alone"}
EXPLAINED = (
    "A change is counted in standard deviations of the priors, each parameter moved to the quantile that lies so far out on a "
    "normal curve; several together are as far as the length of the vector of their changes. All other parameters stay at their "
    "prior medians. The nearer an answer, the more plausible the world in which the goal is reached, if the priors are believed.",
    "Answers are the nearest that were found by a search along many rays, improved step by step. A nearer one may have been "
    "missed; where none was found, none was met on the rays tried, which is no proof that there is none. Each answer shown was "
    "solved, and the goal is reached in it.",
    "A payment comes from outside, each time that the party makes the move, and everybody knows of it; who could pay it, and "
    "what that would cost, is not in the model. Utilities of different parties cannot be compared.",
)


def inverse_section(found: Inverse, *, prefix: str = "inverse") -> Section:
    """Sentences, pictures and tables about what it would take; pictures are told apart by the prefix."""
    return Section(
        "inverse",
        "What would it take?",
        f"What it would take: {found.goal.says_text}",
        tuple(inverse_sentences(found)),
        tuple(_picture(a, f"{prefix}-{k}") for k, a in enumerate(_drawn(found))),
        (_answers(found), _payments(found)),
        EXPLAINED,
    )


def inverse_sentences(found: Inverse) -> list[str]:
    """The findings in words."""
    goal = f"`{found.goal.says_text}`"
    if found.reached:
        return [
            f"Nothing: with every parameter at its prior median {goal} is reached already, by {plain(found.margin)} ({found.unit})."
        ]
    out = [
        f"With every parameter at its prior median {goal} is missed by {plain(-found.margin)} ({found.unit})."
    ]
    if found.varied:
        out.append(_nearest(found))
    distinct = [a for a in found.answers if a.kind == "all"]
    if len(distinct) > 1:
        others = "; ".join(f"{plain(a.distance)} away by {_told(a, 3)}" for a in distinct[1:])
        out.append(f"There are other ways than the nearest: {others}.")
    single = [a for a in found.answers if a.kind == "one"]
    if single and len(found.varied) > 1:
        told = "; ".join(_told(a, 1) for a in single[:4])
        out.append(
            f"One parameter alone is enough in {counted(len(single), 'way')} within {plain(found.within)} standard deviations: {told}."
        )
    elif found.varied and len(found.varied) > 1:
        out.append(
            f"No parameter alone was found to be enough within {plain(found.within)} standard deviations."
        )
    if found.paid:
        out.append(_cheapest(found))
    work = f"The goal was computed at {counted(found.games, 'point')}"
    out.append(
        f"{work}; {counted(found.unsolved, 'of them had', 'of them had')} no answer."
        if found.unsolved
        else f"{work}, all solved; the boundary is located to {plain(found.tolerance, 1)} standard deviations."
    )
    return out


def _nearest(found: Inverse) -> str:
    if not found.answers:
        return f"None was found within {plain(found.within)} standard deviations of the medians, by {counted(len(found.varied), 'parameter')}."
    best = found.answers[0]
    return f"The nearest world in which it is reached lies {plain(best.distance)} prior standard deviations away: {_told(best, 4)}."


def _cheapest(found: Inverse) -> str:
    if not found.payments:
        tried = ", ".join(f"`{name}`" for name in found.paid)
        return f"No payment up to {plain(found.most_payment)} was found to be enough, for {tried}."
    told = "; ".join(f"{plain(p.amount)} for each `{p.party}.{p.move}`" for p in found.payments)
    none = [name for name in found.paid if name not in {f"{p.party}.{p.move}" for p in found.payments}]
    tail = (
        f" None up to {plain(found.most_payment)} was enough for {', '.join(f'`{n}`' for n in none)}."
        if none
        else ""
    )
    return f"Paid for, in utility of the party that makes the move: {told}.{tail}"


def _told(answer: Answer, most: int) -> str:
    largest = abs(answer.changes[0].deviations)
    shown = [c for c in answer.changes if abs(c.deviations) >= SMALL * largest][:most]
    parts = [f"`{c.parameter}` {plain(c.before)} → {plain(c.after)} ({_sigma(c.deviations)})" for c in shown]
    rest = len(answer.changes) - len(shown)
    return ", ".join(parts) + (f" and {counted(rest, 'smaller change')}" if rest else "")


def _sigma(value: float) -> str:
    return f"+{plain(value)}" if value > 0 else plain(value)


def _drawn(found: Inverse) -> list[Answer]:
    joint = [a for a in found.answers if a.kind != "one"][:3]
    return joint or list(found.answers[:1])


def _picture(answer: Answer, identity: str) -> Picture:
    rows = [
        Row(
            f"{c.parameter}: {plain(c.before)} → {plain(c.after)}",
            (Mark(c.deviations, "k0" if c.deviations > 0 else "k1"),),
            f"{c.parameter}: {plain(c.before, 4)} → {plain(c.after, 4)} {c.unit or ''}",
        )
        for c in answer.changes[:MOST_CHANGES]
    ]
    drawing = chart(
        rows,
        title="Changes of parameters that reach the goal",
        identity=identity,
        unit="change, in prior standard deviations",
        bars=True,
    )
    rest = len(answer.changes) - len(rows)
    tail = f"; {counted(rest, 'smaller change')} not drawn" if rest > 0 else ""
    return Picture(
        drawing,
        f"An answer, {KINDS[answer.kind]}: {plain(answer.distance)} standard deviations in all{tail}.",
    )


def _answers(found: Inverse) -> Table:
    rows = [
        (KINDS[a.kind], plain(a.distance), _told(a, MOST_CHANGES), f"{plain(a.margin)} ({found.unit})")
        for a in found.answers
    ]
    return Table(
        "Every answer, the nearest first",
        ("What may move", "Distance", "Changes", "Margin there"),
        tuple(rows),
    )


def _payments(found: Inverse) -> Table:
    rows = [
        (f"{p.party}.{p.move}", plain(p.amount, 3), f"{plain(p.margin)} ({found.unit})")
        for p in found.payments
    ]
    return Table(
        "The least payment for a move that is enough",
        ("Move", "Utility each time", "Margin there"),
        tuple(rows),
    )


def inverse_data(found: Inverse) -> dict[str, Any]:
    """Every number as plain data."""
    return {
        "scenario": found.scenario.title,
        "changes": list(found.scenario.changes),
        "settings": dict(found.settings),
        "goal": found.goal.says_text,
        "margin_at_medians": finite(found.margin),
        "unit": found.unit,
        "reached": found.reached,
        "within": found.within,
        "most_payment": found.most_payment,
        "varied": list(found.varied),
        "paid": list(found.paid),
        "points": found.games,
        "unsolved": found.unsolved,
        "tolerance": found.tolerance,
        "answers": [
            {
                "kind": a.kind,
                "distance": a.distance,
                "margin": finite(a.margin),
                "parameters": [
                    {
                        "parameter": c.parameter,
                        "unit": c.unit,
                        "before": finite(c.before),
                        "after": finite(c.after),
                        "deviations": c.deviations,
                    }
                    for c in a.changes
                ],
            }
            for a in found.answers
        ],
        "payments": [
            {"party": p.party, "move": p.move, "amount": p.amount, "margin": finite(p.margin)}
            for p in found.payments
        ],
    }
