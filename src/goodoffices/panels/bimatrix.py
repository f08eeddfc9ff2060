"""Games of two players who choose at once, over a panel: logit equilibria from the package's own solver.

Receives a `Bimatrix`; returns its indices (utilities, then logarithms of rationality), its data and its `Kernel`. The
equilibrium on the principal branch comes from `goodoffices.solvers`, with derivatives by the implicit function theorem.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from goodoffices.core.diagnostics import refuse
from goodoffices.games.extensive import DECISION, TERMINAL, ExtensiveGame
from goodoffices.panels.assembling import nonnegative
from goodoffices.panels.kernel import Kernel
from goodoffices.panels.specification import Bimatrix, Utility
from goodoffices.panels.table import Table


def players_of(model: Bimatrix) -> tuple[str, str]:
    """The two players, in order.

    Raises:
        Refusal: there are not two, or one has fewer than two moves.
    """
    players = tuple(model.moves)
    if len(players) != 2:
        raise refuse("not-two-players", f"a bimatrix game has two players, not {len(players)}")
    for player, moves in model.moves.items():
        if len(moves) < 2:
            raise refuse("one-move", f"`{player}` needs at least two moves")
    return players[0], players[1]


def utilities_of_bimatrix(model: Bimatrix) -> dict[str, Utility]:
    """Every index of the model by name: `player(move, move)`, then `log_rationality` or `log_rationality(player)`.

    Raises:
        Refusal: a utility of a player or cell that the game does not have, or a cell without one.
    """
    players = players_of(model)
    cells = [f"{a}, {b}" for a in model.moves[players[0]] for b in model.moves[players[1]]]
    found: dict[str, Utility] = {}
    for player in players:
        given = model.utilities.get(player, {})
        if odd := [c for c in given if c not in cells] or [c for c in cells if c not in given]:
            state = "is no cell of the game" if odd[0] in given else "has no utility"
            raise refuse(
                "unknown-outcome", f"for `{player}`, `{odd[0]}` {state}", hint=f"cells: {'; '.join(cells)}"
            )
        found |= {f"{player}({cell})": given[cell] for cell in cells}
    log = model.log_rationality
    if isinstance(log, Mapping):
        return found | {f"log_rationality({p})": log.get(p, ("1",)) for p in players}
    return found | {"log_rationality": log}


def bimatrix_data(model: Bimatrix, table: Table) -> tuple[dict[str, Any], dict[str, float]]:
    """Counts [r, player, move] (moves padded with zeros), and totals by player and move."""
    players = players_of(model)
    most = max(len(m) for m in model.moves.values())
    counts = np.zeros((table.n, 2, most))
    totals: dict[str, float] = {}
    for p, player in enumerate(players):
        moves, columns = model.moves[player], model.counts.get(player, {})
        if set(columns) != set(moves):
            raise refuse("unknown-outcome", f"`counts` of `{player}` names {', '.join(columns) or 'nothing'}",
                         hint=f"moves: {', '.join(moves)}")  # fmt: skip
        counts[:, p, : len(moves)] = nonnegative(columns, moves, table)
        totals |= {f"{player}: {m}": float(counts[:, p, k].sum()) for k, m in enumerate(moves)}
    return {"counts": counts}, totals


def bimatrix_kernel(model: Bimatrix) -> Kernel:
    """The log-likelihood of an episode; its data are `counts` [player, move]."""
    same = (repr(model.moves), tuple(utilities_of_bimatrix(model)))
    if same not in _KERNELS:
        _KERNELS[same] = _make(model)
    return _KERNELS[same]


_KERNELS: dict[Any, Kernel] = {}


def _make(model: Bimatrix) -> Kernel:
    from goodoffices.solvers import differentiable

    players = players_of(model)
    shape = tuple(len(model.moves[p]) for p in players)
    game = simultaneous(model)
    solve = differentiable(game)
    cells = shape[0] * shape[1]
    names = tuple(utilities_of_bimatrix(model))
    leaves = np.flatnonzero(game.kind == TERMINAL)
    used = jnp.asarray([[k < n for k in range(max(shape))] for n in shape])

    def row(eta: Any, data: Any) -> Any:
        payoff = jnp.zeros((len(game.kind), 2)).at[leaves].set(eta[: 2 * cells].reshape(2, cells).T)
        logs = eta[2 * cells :]
        rationality = jnp.exp(logs if logs.shape[0] == 2 else jnp.repeat(logs, 2))
        log_strategy, _ = solve(payoff, jnp.ones(len(game.kind)), rationality)
        return (data["counts"] * jnp.where(used, log_strategy, 0.0)).sum()

    return Kernel(names, row, traceable=False)


def simultaneous(model: Bimatrix) -> ExtensiveGame:
    """The game as a tree in which the second player does not see the first's move; payoffs zero."""
    players = players_of(model)
    first, second = (model.moves[p] for p in players)
    a, b = len(first), len(second)
    n = 1 + a + a * b
    kind = np.full(n, TERMINAL, dtype=np.int8)
    kind[: 1 + a] = DECISION
    parent = np.concatenate([[-1], np.zeros(a), 1 + np.arange(a * b) // b]).astype(np.int32)
    move = np.concatenate([[-1], np.arange(a), np.arange(a * b) % b]).astype(np.int32)
    infoset = np.concatenate([[0], np.ones(a), np.full(a * b, -1)]).astype(np.int32)
    return ExtensiveGame(
        title="simultaneous moves",
        players=players,
        kind=kind,
        parent=parent,
        parent_move=move,
        infoset=infoset,
        infoset_player=np.array([0, 1], dtype=np.int32),
        infoset_number=np.array([1, 1], dtype=np.int32),
        infoset_label=players,
        infoset_moves=(tuple(first), tuple(second)),
        payoff=np.zeros((n, 2)),
        chance=np.ones(n),
    )
