"""The play of the game as it is shown: a sentence, the tree, and the same branches as a table.

Receives a `Study`; returns a mapping for the templates.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from goodoffices.claims.verdict import PlayMove, PlayPoint, Study
from goodoffices.reports.branches import Branch, branches, points_drawn, points_in, walk
from goodoffices.reports.numbers import between, percent
from goodoffices.reports.tree import TOLD, named_level, tree


def play(study: Study) -> dict[str, Any]:
    """The tree and everything said about it."""
    labels = {p.name: p.label for p in study.scenario.parties}
    roots = branches(study.play)
    total, drawn = points_in(study.play), points_drawn(roots)
    return {
        "sentences": [s for s in (_likeliest(roots, labels), _telling(study.play, labels)) if s],
        "tree": tree(
            roots,
            party_labels=labels,
            identity="play-tree",
            title="The play of the game from the first turn",
            description="A tree from left to right. The table below it holds the same moves, probabilities and beliefs.",
        ),
        "rows": [_row(path, branch, labels) for path, branch in walk(roots)],
        "drawn": drawn,
        "total": total,
    }


def _likeliest(roots: list[Branch], labels: Mapping[str, str]) -> str:
    steps, fan = [], roots
    while branch := next((b for b in fan if b.likeliest), None):
        who = labels.get(branch.point.party, branch.point.party)
        name = "chance" if branch.point.party == "chance" else who
        steps.append(f"{name}: {branch.move.label} ({percent(branch.move.probability)})")
        fan = branch.following
    return f"The likeliest beginning is {'; then '.join(steps)}." if steps else ""


def _telling(point: PlayPoint, labels: Mapping[str, str]) -> str:
    """The move of the first turn that changes a public belief most."""
    best: tuple[float, str] = (0.0, "")
    for move in point.moves:
        for dimension, after in move.beliefs_after.items():
            before = point.beliefs.get(dimension, {})
            level = named_level(before, after)
            change = abs(after[level] - before.get(level, after[level]))
            if change > best[0]:
                party = labels.get(dimension.partition(".")[0], dimension)
                best = (
                    change,
                    f"At the first turn, “{move.label}” would tell the others most: the public belief that {party} "
                    f"is “{level}” would go from {percent(before[level])} to {percent(after[level])}.",
                )
    return best[1] if best[0] >= TOLD else "No move of the first turn tells the others anything to speak of."


def _row(path: tuple[str, ...], branch: Branch, labels: Mapping[str, str]) -> dict[str, Any]:
    point, move = branch.point, branch.move
    return {
        "after": " → ".join(path) or "start",
        "round": point.round,
        "mover": "chance" if point.party == "chance" else labels.get(point.party, point.party),
        "move": move.label,
        "lever": move.lever,
        "probability": percent(move.probability),
        "range": between(move.low, move.high),
        "reach": percent(point.reach),
        "by_type": ", ".join(f"{t} {percent(p)}" for t, p in move.by_type.items()),
        "beliefs": _told(point, move),
        "state": ", ".join(f"{f} {level}" for f, level in _changed(point, move)) or "no change",
        "likeliest": branch.likeliest,
    }


def _told(point: PlayPoint, move: PlayMove) -> str:
    out = []
    for dimension, after in move.beliefs_after.items():
        before = point.beliefs.get(dimension, {})
        level = named_level(before, after)
        then = before.get(level, after[level])
        if abs(after[level] - then) >= TOLD:
            out.append(f"{dimension} {level} {percent(then)} → {percent(after[level])}")
    return "; ".join(out) or "nothing new"


def _changed(point: PlayPoint, move: PlayMove) -> list[tuple[str, str]]:
    return [(f, level) for f, level in move.state_after.items() if point.state.get(f) != level]
