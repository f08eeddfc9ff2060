"""Independent evidence for a strategy profile of an extensive-form game.

Receives a game, its data and the logarithms of a strategy profile; returns a `Certificate`. Written from the
definitions, in NumPy, over nodes; it borrows nothing from a solver. Reach and beliefs stay in logarithms, so the evidence
holds at information sets whose reach is far below the smallest positive floating-point number.

Index letters as in `games.extensive`: n node, i information set, m move, p player, b draw.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goodoffices.certificates.structure import Tree, arrange, sum_by_parent
from goodoffices.games.extensive import CHANCE, DECISION, LOG_IMPOSSIBLE, Certificate, ExtensiveGame, GameData

Floats = NDArray[np.float64]
MEMORY = 256 * 2**20
"""Bytes that one chunk of draws may use."""


def certify(
    game: ExtensiveGame, data: GameData, log_strategy: Floats, *, beliefs: Floats | None = None
) -> Certificate:
    """Certify a strategy profile, one game ([i, m]) or a batch ([i, m, b]).

    `beliefs` ([n] or [n, b]), where a solver has them, are the probabilities of nodes within their information sets that
    the solver used; they are compared with Bayes' rule. A draw that is not finite gets nan throughout.

    The logit residual is that of the agent quantal response equilibrium of McKelvey and Palfrey (1998); the response
    regret is the gain of a full best response at each information set given the beliefs there, which is zero exactly at
    a sequentially rational profile (Kreps and Wilson 1982).
    """
    single = log_strategy.ndim == 2
    strategy = log_strategy[..., None] if single else log_strategy
    draws = strategy.shape[-1]
    if not game.infoset_moves:  # nobody chooses anything, so nothing can be wrong
        nothing = 0.0 if single else np.zeros(draws)
        return Certificate(nothing, nothing, nothing, nothing)
    tree = arrange(game)
    size = max(1, int(MEMORY // (8 * len(game.kind) * (3 * len(game.players) + 4))))
    parts = [
        _certify_chunk(
            tree, _slice(data, begin, begin + size), strategy[..., begin : begin + size], beliefs, begin
        )
        for begin in range(0, draws, size)
    ]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    if single:
        return Certificate(*(float(column[0]) for column in columns))
    return Certificate(*columns)


def expected_payoffs(game: ExtensiveGame, data: GameData, log_strategy: Floats) -> Floats:
    """Expected total payoff of each player at the root, [p] or [p, b]."""
    single = log_strategy.ndim == 2
    strategy = log_strategy[..., None] if single else log_strategy
    tree = arrange(game)
    part = _slice(data, 0, strategy.shape[-1])
    log_edge, edge = _edges(tree, part, strategy)
    del log_edge
    values = _values(tree, part.payoff, edge)[0] + part.payoff[0]
    return values[..., 0] if single else values


def _slice(data: GameData, begin: int, end: int) -> GameData:
    """The draws from `begin` to `end`, every array with its axis of draws (of length one where nothing varies)."""

    def cut(array: Floats, plain: int) -> Floats:
        if array.ndim == plain:
            return array[..., None]
        return array if array.shape[-1] == 1 else array[..., begin:end]

    allowed = data.allowed
    return GameData(
        cut(np.asarray(data.payoff, float), 2),
        cut(np.asarray(data.chance, float), 1),
        cut(np.asarray(data.rationality, float), 1),
        None if allowed is None else cut(allowed, 2),  # type: ignore[arg-type]
    )


def _certify_chunk(
    tree: Tree, data: GameData, strategy: Floats, beliefs: Floats | None, begin: int
) -> tuple[Floats, Floats, Floats, Floats]:
    game = tree.game
    draws = strategy.shape[-1]
    player = game.infoset_player
    allowed = tree.moves[..., None] if data.allowed is None else data.allowed & tree.moves[..., None]
    allowed = np.broadcast_to(allowed, strategy.shape)
    with np.errstate(invalid="ignore", over="ignore"):
        log_edge, edge = _edges(tree, data, strategy)
        log_belief = _beliefs(tree, log_edge)
        belief = np.exp(log_belief)
        values = _values(tree, data.payoff, edge)
        action = _action_values(tree, data.payoff, values, belief, allowed.shape)
        utility = np.where(allowed, data.rationality[player][:, None] * action, 0.0)
        # log p - rationality Q is the same for every allowed move exactly when the choice is logit: its spread is
        # the largest difference over pairs.
        level = np.where(allowed, strategy, 0.0) - utility
        spread = np.where(allowed, level, -np.inf).max(1) - np.where(allowed, level, np.inf).min(1)
        missing = (allowed & ~np.isfinite(strategy)).any(1) | ~np.isfinite(action).all(1)
        residual = np.where(missing, np.inf, spread)
        # A profile that is not normalised is no strategy, however well its ratios fit.
        total = np.log(np.where(allowed, np.exp(np.where(allowed, strategy, -np.inf)), 0.0).sum(1))
        residual = np.maximum(residual, np.abs(total))
        probability = np.where(allowed, np.exp(strategy), 0.0)
        present = (probability * action).sum(1)
        best = np.where(allowed, action, -np.inf).max(1)
        regret = best - present
        response = _response_regret(tree, data.payoff, edge, belief, values, allowed)
    error = np.zeros(draws)
    if beliefs is not None:
        given = beliefs[:, None] if beliefs.ndim == 1 else beliefs[:, begin : begin + draws]
        error = np.abs(given[tree.members] - belief).max(0, initial=0.0)
    finite = np.isfinite(data.payoff).all((0, 1)) & np.isfinite(data.chance).all(0)
    finite = np.broadcast_to(finite & np.isfinite(data.rationality).all(0), (draws,)) & ~np.isnan(
        strategy
    ).any((0, 1))

    def known(column: Floats) -> Floats:
        return np.where(finite, column, np.nan)

    return (
        known(residual.max(0, initial=0.0)),
        known(np.maximum(regret.max(0, initial=0.0), 0.0)),
        known(np.maximum(response, 0.0)),
        known(error),
    )


def _edges(tree: Tree, data: GameData, strategy: Floats) -> tuple[Floats, Floats]:
    """[n, b] logarithm of the probability of the edge into each node as beliefs see it, and the probability itself.

    Where the probability is zero the logarithm is `LOG_IMPOSSIBLE`, the same for every type of a mover.
    """
    game = tree.game
    parent = np.maximum(game.parent, 0)
    from_chance = game.kind[parent] == CHANCE
    log_edge = np.zeros((len(game.kind), strategy.shape[-1]))
    chance = np.broadcast_to(data.chance, log_edge.shape)[from_chance]
    log_edge[from_chance] = np.log(np.where(chance > 0, chance, 1.0)) + np.where(chance > 0, 0.0, -np.inf)
    chosen = np.flatnonzero(game.kind[parent] == DECISION)
    chosen = chosen[game.parent[chosen] >= 0]
    choice = game.infoset[game.parent[chosen]], game.parent_move[chosen]
    log_edge[chosen] = strategy[choice]
    if data.allowed is not None:
        log_edge[chosen] = np.where(data.allowed[choice], log_edge[chosen], -np.inf)
    log_edge[0] = 0.0
    edge = np.exp(log_edge)
    return np.where(np.isneginf(log_edge), LOG_IMPOSSIBLE, log_edge), edge


def _beliefs(tree: Tree, log_edge: Floats) -> Floats:
    """[k, b] logarithm of the belief in each entry of `tree.members`, by Bayes' rule."""
    reach = np.zeros_like(log_edge)
    for nodes in tree.by_depth[1:]:
        reach[nodes] = reach[tree.game.parent[nodes]] + log_edge[nodes]
    own = reach[tree.members]
    if not len(own):
        return own
    top = np.maximum.reduceat(own, tree.starts, axis=0)[tree.member_set]
    total = np.add.reduceat(np.exp(own - top), tree.starts, axis=0)[tree.member_set]
    return own - top - np.log(total)


def _values(tree: Tree, payoff: Floats, edge: Floats) -> Floats:
    """[n, p, b] expected payoff of each player from each node on, not counting what was paid on reaching it."""
    values = np.zeros((len(tree.game.kind), payoff.shape[1], edge.shape[-1]))
    for nodes in tree.by_depth[:0:-1]:
        # An edge of probability zero counts for nothing even where its payoff is infinite by design of a draw.
        part = edge[nodes][:, None] * (payoff[nodes] + values[nodes])
        parents, sums = sum_by_parent(tree.game.parent[nodes].astype(np.int64), part)
        values[parents] = sums
    return values


def _action_values(
    tree: Tree, payoff: Floats, values: Floats, belief: Floats, shape: tuple[int, ...]
) -> Floats:
    """[i, m, b] expected payoff of the mover after each move, given its beliefs."""
    game = tree.game
    weight = np.zeros((len(game.kind), belief.shape[-1]))
    weight[tree.members] = belief
    child = np.flatnonzero((game.parent >= 0) & (game.kind[np.maximum(game.parent, 0)] == DECISION))
    parent = game.parent[child]
    owner = game.infoset_player[game.infoset[parent]]
    worth = weight[parent] * (payoff[child, owner] + values[child, owner])
    key = game.infoset[parent].astype(np.int64) * shape[1] + game.parent_move[child]
    order = np.argsort(key, kind="stable")
    action = np.zeros((shape[0] * shape[1], shape[2]))
    if len(order):
        keys, sums = sum_by_parent(key[order], worth[order])
        action[keys] = sums
    return action.reshape(shape)


def _response_regret(
    tree: Tree, payoff: Floats, edge: Floats, belief: Floats, values: Floats, allowed: NDArray[np.bool_]
) -> Floats:
    """[b] the largest gain of any player from a full best response, at any of its information sets."""
    worst = np.zeros(edge.shape[-1])
    for player in range(len(tree.game.players)):
        worst = np.maximum(worst, _player_regret(tree, player, payoff, edge, belief, values, allowed))
    return worst


def _player_regret(
    tree: Tree,
    player: int,
    payoff: Floats,
    edge: Floats,
    belief: Floats,
    values: Floats,
    allowed: NDArray[np.bool_],
) -> Floats:
    game = tree.game
    best = np.zeros((len(game.kind), edge.shape[-1]))
    weight = np.zeros_like(best)
    weight[tree.members] = belief
    own = (game.kind == DECISION) & (game.infoset_player[np.maximum(game.infoset, 0)] == player)
    worst = np.zeros(edge.shape[-1])
    moves = allowed.shape[1]
    for children, parents in _own_order(tree, own):
        # Every child listed here is settled; its parents are either all of the player's information sets or none.
        worth = payoff[children, player] + best[children]
        mine = own[parents]
        rest, sums = (
            sum_by_parent(parents[~mine], (edge[children] * worth)[~mine]) if (~mine).any() else (None, None)
        )
        if rest is not None:
            best[rest] = sums
        if not mine.any():
            continue
        at, move = parents[mine], game.parent_move[children[mine]]
        sets = np.unique(game.infoset[at])
        place = np.searchsorted(sets, game.infoset[at])
        action = np.zeros((len(sets) * moves, edge.shape[-1]))
        np.add.at(action, place * moves + move, weight[at] * worth[mine])
        action = np.where(allowed[sets], action.reshape(len(sets), moves, -1), -np.inf)
        chosen = action.argmax(1)
        picked = chosen[place] == move[:, None]
        nodes, sums = sum_by_parent(at, np.where(picked, worth[mine], 0.0))
        best[nodes] = sums
        present = np.zeros((len(sets), edge.shape[-1]))
        np.add.at(present, np.searchsorted(sets, game.infoset[nodes]), weight[nodes] * values[nodes, player])
        worst = np.maximum(worst, (action.max(1) - present).max(0))
    return worst


def _own_order(tree: Tree, own: NDArray[np.bool_]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Edges (children, parents), parents sorted, in an order in which a player's best response can be computed.

    A parent's height exceeds its children's, and the nodes of one of the player's information sets share the largest
    height among them. With perfect recall raising heights to that end stops.
    """
    game = tree.game
    height = np.zeros(len(game.kind), dtype=np.int64)
    own_members = own[tree.members]
    members, sets = tree.members[own_members], tree.member_set[own_members]
    for _ in range(len(tree.by_depth) + 1):
        before = height.copy()
        for nodes in tree.by_depth[:0:-1]:
            np.maximum.at(height, game.parent[nodes], height[nodes] + 1)
        top = np.zeros(len(game.infoset_moves), dtype=np.int64)
        np.maximum.at(top, sets, height[members])
        height[members] = top[sets]
        if np.array_equal(before, height):
            break
    child = np.flatnonzero(game.parent >= 0)
    parent = game.parent[child].astype(np.int64)
    order = np.lexsort((parent, height[parent]))
    child, parent = child[order], parent[order]
    cuts = np.flatnonzero(np.diff(height[parent])) + 1
    return list(zip(np.split(child, cuts), np.split(parent, cuts), strict=True))
