"""Games in which players move one after the other: the log-likelihood of an episode, and its outcome probabilities.

Receives a `Tree`; returns a `Kernel` whose indices are the utilities of each player at each outcome that someone cares
about, then the logarithms of scales. Refuses trees that are none, and private information where a player moves twice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
from jax import nn
from jax.scipy.special import log_ndtr

from goodoffices.core.diagnostics import refuse
from goodoffices.panels.kernel import Kernel
from goodoffices.panels.specification import Decision, Shocks, Tree, Utility


def outcomes_of(tree: Tree) -> tuple[str, ...]:
    """The outcomes of a tree, in the order in which they are first written.

    Raises:
        Refusal: `no-decisions`, `one-move`, `not-a-tree`, or `unreachable`.
    """
    if not tree.decisions:
        raise refuse("no-decisions", "the tree has no decisions")
    found: list[str] = []
    visited: list[str] = []

    def visit(name: str) -> None:
        if name in visited:
            raise refuse("not-a-tree", f"more than one move leads to the decision `{name}`")
        visited.append(name)
        decision = tree.decisions[name]
        if len(decision.moves) < 2:
            raise refuse("one-move", f"the decision `{name}` needs at least two moves")
        for target in decision.moves.values():
            if target in tree.decisions:
                visit(target)
            elif target in found:
                raise refuse("not-a-tree", f"more than one move ends in the outcome `{target}`")
            else:
                found.append(target)

    visit(next(iter(tree.decisions)))
    if lost := [name for name in tree.decisions if name not in visited]:
        raise refuse("unreachable", f"no move leads to the decision `{lost[0]}`")
    return tuple(found)


def players_of(tree: Tree) -> tuple[str, ...]:
    """The players, in the order in which they first move."""
    return tuple(dict.fromkeys(d.player for d in tree.decisions.values()))


def utilities_of(tree: Tree) -> dict[str, Utility]:
    """Every index of the tree by name: `player(outcome)`, then `log_scale` or `log_scale(player)`.

    Raises:
        Refusal: a utility of a player or an outcome that the tree does not have.
    """
    outcomes, players = outcomes_of(tree), players_of(tree)
    for player, given in tree.utilities.items():
        if player not in players:
            raise refuse(
                "unknown-player",
                f"`utilities` names `{player}`, who does not move",
                hint=f"players: {', '.join(players)}",
            )
        for outcome in given:
            if outcome not in outcomes:
                raise refuse(
                    "unknown-outcome",
                    f"`{player}` has a utility of `{outcome}`, and no move ends there",
                    hint=f"outcomes: {', '.join(outcomes)}",
                )
    found: dict[str, Utility] = {
        f"{player}({outcome})": tree.utilities.get(player, {}).get(outcome, 0.0)
        for player in players
        for outcome in outcomes
    }
    return found | scales_of(tree.shocks, players)


def scales_of(shocks: Shocks, players: tuple[str, ...]) -> dict[str, Utility]:
    """The indices of scales, one for each player; a common one is one index."""
    if not isinstance(shocks.log_scale, Mapping):
        return {"log_scale": shocks.log_scale or 0.0}
    if lost := [p for p in shocks.log_scale if p not in players]:
        raise refuse("unknown-player", f"`log_scale` names `{lost[0]}`, who does not move")
    return {f"log_scale({p})": shocks.log_scale.get(p) or 0.0 for p in players}


def tree_kernel(tree: Tree) -> Kernel:
    """The log-likelihood of an episode; its data are `counts` [outcome]."""
    # Compiled code is kept for the next panel with the same game, whatever its columns.
    shocks = tree.shocks
    same = (repr(tree.decisions), shocks.distribution, shocks.on, shocks.scale, tuple(utilities_of(tree)))
    if same not in _KERNELS:
        probabilities = log_probabilities(tree)

        def row(eta: Any, data: Any) -> Any:
            return (data["counts"] * probabilities(eta)).sum()

        _KERNELS[same] = Kernel(tuple(utilities_of(tree)), row)
    return _KERNELS[same]


_KERNELS: dict[Any, Kernel] = {}


def log_probabilities(tree: Tree) -> Any:
    """A JAX function from the indices of an episode [m] to the logarithm of each outcome's probability [outcome]."""
    outcomes, players, shocks = outcomes_of(tree), players_of(tree), tree.shocks
    _check(tree)
    position = {name: m for m, name in enumerate(utilities_of(tree))}
    base = shocks.scale or (1.0 if shocks.distribution == "logit" else math.sqrt(2.0))

    def solve(eta: Any) -> Any:
        logs: dict[str, Any] = {}

        def scale(player: str) -> Any:
            return base * jnp.exp(eta[position.get(f"log_scale({player})", position.get("log_scale", -1))])

        def leaf(outcome: str) -> tuple[list[Any], dict[str, Any]]:
            return [eta[position[f"{p}({outcome})"]] for p in players], {outcome: jnp.zeros(())}

        def visit(name: str) -> tuple[list[Any], dict[str, Any]]:
            """Expected utility of each player, and log probability of each outcome given that the decision is reached."""
            decision = tree.decisions[name]
            below = [visit(t) if t in tree.decisions else leaf(t) for t in decision.moves.values()]
            mine = jnp.stack([values[players.index(decision.player)] for values, _ in below])
            choice = _choose(shocks, mine, scale(decision.player), [spread for _, spread in below])
            weight = jnp.exp(choice)
            values = [
                sum(w * v[p] for w, (v, _) in zip(weight, below, strict=True)) for p in range(len(players))
            ]
            for log_move, (_, spread) in zip(choice, below, strict=True):
                for outcome, log_inside in spread.items():
                    logs[outcome] = log_move + log_inside
            return values, {o: logs[o] for _, spread in below for o in spread}

        _, found = visit(next(iter(tree.decisions)))
        return jnp.stack([found[o] for o in outcomes])

    return solve


def _choose(shocks: Shocks, mine: Any, scale: Any, below: list[dict[str, Any]]) -> Any:
    """Log probability of each move [move] from its expected utility for the mover [move]."""
    if shocks.distribution == "logit":
        return nn.log_softmax(mine / scale)
    if shocks.on == "outcomes":
        # The mover weighs its own shocks by how likely the others make each outcome.
        squares = sum(jnp.exp(2 * log) for spread in below for log in spread.values())
        scale = scale * jnp.sqrt(squares / 2.0)
    difference = (mine[1] - mine[0]) / scale
    return jnp.stack([log_ndtr(-difference), log_ndtr(difference)])


def _check(tree: Tree) -> None:
    shocks = tree.shocks
    if shocks.distribution == "normal" and (
        wide := [n for n, d in tree.decisions.items() if len(d.moves) > 2]
    ):
        raise refuse(
            "too-many-moves",
            f"the decision `{wide[0]}` has {len(tree.decisions[wide[0]].moves)} moves; normal shocks need two",
            hint="logit shocks allow any number",
        )
    if shocks.on == "moves":
        return
    if shocks.distribution == "logit":
        raise refuse(
            "private-logit",
            "private information about outcomes needs normal shocks: sums of logistic ones have no closed form",
            hint="`distribution: normal`",
        )

    def visit(name: str, moved: frozenset[str]) -> None:
        decision: Decision = tree.decisions[name]
        if decision.player in moved:
            raise refuse(
                "moves-twice",
                f"`{decision.player}` moves again at `{name}`: what it knows privately would be learned from its first move",
                hint="shocks on moves, or the model `signalling`",
            )
        for target in decision.moves.values():
            if target in tree.decisions:
                visit(target, moved | {decision.player})

    visit(next(iter(tree.decisions)), frozenset())
