"""Where a question starts: the public histories at which its conditions have just been met.

Receives a tree and the moves that were chosen (`after`) or imposed (`do`); returns a `Start`. Along each path a
condition is met when the party takes the move at its first decision at which it has it; the question starts when the
last condition is met, with that move as the first thing that happens. Without conditions it starts at the outset.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from goodoffices.compiler.scenario_tree import ScenarioTree


@dataclass(frozen=True)
class Step:
    """A move that the question supposes."""

    party: str
    move: str
    next: bool = False
    """Count the party's decisions from where the other steps have been taken, not from the outset."""


Steps = tuple[Step, ...]


@dataclass(frozen=True, eq=False)
class Start:
    """Index letter h public history."""

    here: NDArray[np.bool_]
    """[h] the question starts here, the move that leads here included; no such history lies behind another."""
    inside: NDArray[np.bool_]
    """[h] here or later."""
    round: NDArray[np.int64]
    """[h] round from zero in which the question started; meaningless outside."""


def find_start(tree: ScenarioTree, steps: Steps) -> Start:
    """The histories at which every step has just been taken."""
    past = tree.histories
    inside = np.ones(past.count, dtype=bool)
    for group in ([s for s in steps if not s.next], [s for s in steps if s.next]):
        since = inside & inside[past.anchor]
        for step in group:
            inside &= _taken(tree, step, since if step.next else None)
    here = inside.copy()
    here[1:] &= ~inside[past.parent[1:]]
    edge_round = tree.graph.config_round[tree.graph.edge_from]
    start_round = np.zeros(past.count, dtype=np.int64)
    own = np.zeros(past.count, dtype=np.int64)
    own[1:] = edge_round[past.edge[1:]]
    for low, high in pairwise(past.bounds[1:]):
        part = slice(low, high)
        start_round[part] = np.where(here[part], own[part], start_round[past.parent[part]])
    return Start(here, inside, start_round)


def _taken(tree: ScenarioTree, step: Step, since: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """[h] the party has taken the move at its first decision with it, here or earlier."""
    past = tree.histories
    choice = (step.party, step.move)
    first = tree.first_choices(choice, since=since)
    option = tree.option_of(choice)[past.config]
    taken = np.zeros(past.count, dtype=bool)
    for low, high in pairwise(past.bounds[1:]):
        above = past.parent[low:high]
        taken[low:high] = taken[above] | (first[above] & (past.option[low:high] == option[above]))
    return taken


def next_decisions(tree: ScenarioTree, party: str, start: Start) -> NDArray[np.bool_]:
    """[h] the party's first decision that begins after the start (a simultaneous one does not)."""
    past, graph = tree.histories, tree.graph
    number = [p.name for p in tree.scenario.parties].index(party)
    deciding = (graph.party() == number)[past.config] & start.inside & start.inside[past.anchor]
    met = np.zeros(past.count, dtype=bool)
    for low, high in pairwise(past.bounds[1:]):
        above = past.parent[low:high]
        met[low:high] = met[above] | deciding[above]
    return deciding & ~met
