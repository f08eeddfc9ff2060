"""Claims: questions asked of solved games, and verdicts over the prior."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = ["Item", "Reader", "Study", "Verdict", "World", "answer", "evaluate_claim", "judge_claim"]

if TYPE_CHECKING:
    from goodoffices.claims.answers import Item, Reader
    from goodoffices.claims.asking import answer, evaluate_claim
    from goodoffices.claims.judging import judge_claim
    from goodoffices.claims.verdict import Study, Verdict
    from goodoffices.claims.worlds import World

_HOMES = {
    "Item": "answers",
    "Reader": "answers",
    "Study": "verdict",
    "Verdict": "verdict",
    "World": "worlds",
    "answer": "asking",
    "evaluate_claim": "asking",
    "judge_claim": "judging",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"goodoffices.claims.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'goodoffices.claims' has no attribute {name!r}")
