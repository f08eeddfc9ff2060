"""The two passes over a laid-out game, and their derivatives, written once for NumPy and for `jax.numpy`.

Given beliefs, the backward pass finds the strategies that are logit responses to what follows; given strategies, the
forward pass finds the beliefs that Bayes' rule makes of them. An equilibrium is a vector of beliefs that the two
passes return unchanged. Everything that can be small is kept as a logarithm, so no reach underflows.

Index letters: p player, e edge, c choice, s slot, k belief entry, a move, m member, i information set, b draw (always
last). Payoffs are in utility, rationality in 1/utility.

Two conventions for what has probability zero. A chance edge of probability zero adds nothing to values, and
`LOG_IMPOSSIBLE` to the logarithm of reach, so that beliefs below it are those of the limit in which every such edge has the
same tiny probability. A move that is not allowed adds nothing to values, and `LOG_IMPOSSIBLE` for all members alike.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from goodoffices.games.extensive import LOG_IMPOSSIBLE, GameData
from goodoffices.solvers.layout import Layout

Array = Any
"""A NumPy or JAX array."""

LOG_NOTHING = -1.0e30
"""Logarithm of the weight of padding."""


class LevelIndex(NamedTuple):
    """Index arrays of one level, passed to compiled code as arguments (see `layout.Level`)."""

    child: Array
    origin: Array


class LevelNumbers(NamedTuple):
    """The numbers of one level."""

    payoff: Array
    """[p, e, b] paid on the edge."""
    edge_chance: Array
    """[e, b] probability of a chance edge; 1 on the edges of a decision."""
    log_edge_chance: Array
    """[e, b] its logarithm, `LOG_IMPOSSIBLE` at zero; 0 on the edges of a decision."""
    allowed: Array | None
    """[c, b] or None where every move is allowed (padding is the layout's business)."""


class LevelPlay(NamedTuple):
    """What the backward pass finds at one level."""

    edge_value: Array
    """[p, e, b] payoff of the edge plus the value of what follows."""
    log_choice: Array
    """[c, b] logarithm of the probability of each choice; -inf where it is not allowed."""
    quality: Array
    """[c, b] expected value of each choice to whoever makes it."""
    weight: Array
    """[s, b] probability of the slot in its information set; 1 where there is no doubt."""


def indices(layout: Layout) -> tuple[LevelIndex, ...]:
    """The index arrays of every level."""
    return tuple(LevelIndex(level.child, level.origin) for level in layout.levels)


def gather(layout: Layout, data: GameData, xp: Any = np) -> tuple[LevelNumbers, ...]:
    """Put a game's numbers ([n, p, b], [n, b], ...; the draw axis is required) where the passes read them."""
    payoff = xp.moveaxis(data.payoff, 1, 0)
    payoff = xp.concatenate([payoff, xp.zeros_like(payoff[:, :1])], axis=1)
    chance = xp.concatenate([data.chance, xp.ones_like(data.chance[:1])], axis=0)
    out = []
    for level in layout.levels:
        odds = xp.where(level.edge_exists[:, None], chance[level.edge_node], 0.0)
        zero = odds <= 0
        log_odds = xp.where(zero, LOG_IMPOSSIBLE, xp.log(xp.where(zero, 1.0, odds)))
        allowed = None
        if data.allowed is not None and level.choices:
            move = np.minimum(level.choice_move, max(layout.most_moves - 1, 0))
            allowed = data.allowed[level.choice_infoset, move]
        out.append(LevelNumbers(payoff[:, level.edge_node], odds, log_odds, allowed))
    return tuple(out)


def normalise(layout: Layout, z: Array, xp: Any = np) -> Array:
    """Shift log weights [k, b] so that the probabilities in each information set sum to one."""
    parts = []
    for block in _doubtful(layout):
        w = z[block.beliefs].reshape(block.members, block.sets, -1)
        parts.append(_log_normal(block, w, xp).reshape(block.members * block.sets, -1))
    return _join(parts, z, xp)


def backward(
    layout: Layout,
    at: tuple[LevelIndex, ...],
    numbers: tuple[LevelNumbers, ...],
    z: Array,
    rationality: Array,
    xp: Any = np,
    *,
    given: tuple[Array, ...] | None = None,
) -> tuple[tuple[LevelPlay, ...], Array]:
    """Strategies and values given normalised log beliefs z [k, b] and rationality [p, b].

    Where log strategies are `given` (for each level [c, b]) they are played instead of the logit responses.
    Returns the play of each level and the values [p, b] at the root (its own payoff not counted).
    """
    p, b = layout.players, rationality.shape[-1]
    below = xp.zeros((p, 1, b))
    plays = []
    played = given or (None,) * len(layout.levels)
    for level, index, number, fixed in zip(
        reversed(layout.levels), reversed(at), reversed(numbers), reversed(played), strict=True
    ):
        edge_value = xp.take(below, index.child, axis=1) + number.payoff
        values, logs, qualities, weights = [], [], [], []
        for block in level.blocks:
            m, a, i = block.members, block.moves, block.sets
            v = edge_value[:, block.edges].reshape(p, a, m, i, b)
            if block.player < 0:
                values.append(
                    (number.edge_chance[block.edges].reshape(a, 1, i, b) * v).sum(axis=1).reshape(p, i, b)
                )
                weights.append(xp.ones((i, b)))
                continue
            own = v[block.player]
            if m == 1:
                quality = own[:, 0]
                weights.append(xp.ones((i, b)))
            else:
                weight = xp.exp(z[block.beliefs]).reshape(m, i, b)
                quality = (own * weight).sum(axis=1)
                weights.append(weight.reshape(m * i, b))
            if fixed is not None:
                log_choice = fixed[block.choices].reshape(a, i, b)
            else:
                log_choice = _log_softmax(
                    rationality[block.player] * quality, _playable(block, number.allowed, xp), xp
                )
            values.append((xp.exp(log_choice)[:, None] * v).sum(axis=1).reshape(p, m * i, b))
            logs.append(log_choice.reshape(a * i, b))
            qualities.append(quality.reshape(a * i, b))
        none = xp.zeros((0, b))
        plays.append(
            LevelPlay(edge_value, _join(logs, none, xp), _join(qualities, none, xp), _join(weights, none, xp))
        )
        below = xp.concatenate([*values, xp.zeros((p, 1, b))], axis=1)
    return tuple(reversed(plays)), below[:, 0]


def responses(
    layout: Layout,
    numbers: tuple[LevelNumbers, ...],
    quality: tuple[Array, ...],
    rationality: Array,
) -> tuple[Array, ...]:
    """Logit responses (for each level log probabilities [c, b]) to the quality of choices; -inf where not playable."""
    out = []
    for level, number, worth in zip(layout.levels, numbers, quality, strict=True):
        parts = []
        for block in level.blocks:
            if block.player >= 0:
                shape = (block.moves, block.sets, -1)
                utility = rationality[block.player] * worth[block.choices].reshape(shape)
                logs = _log_softmax(utility, _playable(block, number.allowed, np), np)
                parts.append(logs.reshape(block.moves * block.sets, -1))
        out.append(_join(parts, np.zeros((0, rationality.shape[-1])), np))
    return tuple(out)


def forward(
    layout: Layout,
    at: tuple[LevelIndex, ...],
    numbers: tuple[LevelNumbers, ...],
    log_choice: tuple[Array, ...],
    xp: Any = np,
) -> Array:
    """Normalised log beliefs [k, b] that Bayes' rule makes of strategies (for each level [c, b])."""
    b = numbers[0].payoff.shape[-1] if numbers else 1
    reach, beliefs = xp.zeros((1, b)), []
    for d, (level, number, logs) in enumerate(zip(layout.levels, numbers, log_choice, strict=True)):
        edges = []
        for block in level.blocks:
            m, a, i = block.members, block.moves, block.sets
            here = reach[block.slots].reshape(m, i, b)
            if block.player < 0:
                step = number.log_edge_chance[block.edges].reshape(a, 1, i, b)
            else:
                log_p = logs[block.choices].reshape(a, 1, i, b)
                step = xp.where(log_p == -xp.inf, LOG_IMPOSSIBLE, log_p)
            edges.append((here + step).reshape(a * m * i, b))
            if block.belief >= 0:
                beliefs.append(_log_normal(block, here, xp).reshape(m * i, b))
        # The last row is what padding points at.
        edges.append(xp.full((1, b), LOG_NOTHING))
        if d + 1 < len(at):
            reach = xp.take(xp.concatenate(edges, axis=0), at[d + 1].origin, axis=0)
    return _join(beliefs, xp.zeros((0, b)), xp)


def backward_change(
    layout: Layout,
    at: tuple[LevelIndex, ...],
    plays: tuple[LevelPlay, ...],
    numbers: tuple[LevelNumbers, ...],
    rationality: Array,
    dz: Array,
    d_rationality: Array,
) -> tuple[Array, ...]:
    """Derivative of the log strategies (for each level [c, q]) in directions dz [k, q] and d_rationality [p, q].

    `plays`, `numbers` and `rationality` belong to one draw (their last axis has length one) or to as many as there are
    directions.
    """
    p, q = layout.players, dz.shape[-1]
    below = np.zeros((p, 1, q))
    out = []
    for level, index, play, number in zip(
        reversed(layout.levels), reversed(at), reversed(plays), reversed(numbers), strict=True
    ):
        d_edge = np.take(below, index.child, axis=1)
        values, logs = [], []
        for block in level.blocks:
            m, a, i = block.members, block.moves, block.sets
            dv = d_edge[:, block.edges].reshape(p, a, m, i, q)
            if block.player < 0:
                values.append(
                    (number.edge_chance[block.edges].reshape(a, 1, i, -1) * dv).sum(axis=1).reshape(p, i, q)
                )
                continue
            v = play.edge_value[:, block.edges].reshape(p, a, m, i, -1)
            prob = np.exp(play.log_choice[block.choices]).reshape(a, i, -1)
            quality = play.quality[block.choices].reshape(a, i, -1)
            if m == 1:
                d_quality = dv[block.player, :, 0]
            else:
                weight = play.weight[block.slots].reshape(m, i, -1)
                change = dz[block.beliefs].reshape(m, i, q)
                d_quality = (weight * dv[block.player]).sum(axis=1)
                excess = weight * (v[block.player] - quality[:, None])
                d_quality = d_quality + (excess * change).sum(axis=1)
            d_utility = rationality[block.player] * d_quality + d_rationality[block.player] * quality
            d_log = d_utility - (prob * d_utility).sum(axis=0)
            d_value = (prob[:, None] * (dv + v * d_log[:, None])).sum(axis=1)
            values.append(d_value.reshape(p, m * i, q))
            logs.append(d_log.reshape(a * i, q))
        out.append(_join(logs, np.zeros((0, q)), np))
        below = np.concatenate([*values, np.zeros((p, 1, q))], axis=1)
    return tuple(reversed(out))


def forward_change(
    layout: Layout,
    at: tuple[LevelIndex, ...],
    belief: Array,
    d_log_choice: tuple[Array, ...],
    numbers: tuple[LevelNumbers, ...],
) -> Array:
    """Derivative [k, q] of Bayes' log beliefs, which are `belief` [k, 1 or q], along a change of log strategies."""
    q = next((d.shape[-1] for d in d_log_choice), 1)
    reach, out = np.zeros((1, q)), []
    for d, (level, logs, number) in enumerate(zip(layout.levels, d_log_choice, numbers, strict=True)):
        edges = []
        for block in level.blocks:
            m, a, i = block.members, block.moves, block.sets
            here = reach[block.slots].reshape(m, i, q)
            if block.player < 0:
                step = np.zeros((a, 1, 1, 1))
            else:
                step = logs[block.choices].reshape(a, 1, i, q)
                if number.allowed is not None:
                    step = np.where(number.allowed[block.choices].reshape(a, 1, i, -1), step, 0.0)
            edges.append(np.broadcast_to(here + step, (a, m, i, q)).reshape(a * m * i, q))
            if block.belief >= 0:
                weight = np.exp(belief[block.beliefs]).reshape(m, i, -1)
                out.append((here - (weight * here).sum(axis=0)).reshape(m * i, q))
        edges.append(np.zeros((1, q)))
        if d + 1 < len(at):
            reach = np.take(np.concatenate(edges, axis=0), at[d + 1].origin, axis=0)
    return _join(out, np.zeros((0, q)), np)


def _doubtful(layout: Layout) -> list[Any]:
    return [b for level in layout.levels for b in level.blocks if b.belief >= 0]


def _playable(block: Any, allowed: Array | None, xp: Any) -> Array | None:
    """[a, i, b or 1] which moves may be played, None where all may."""
    exists = None if block.move_exists is None else block.move_exists[:, :, None]
    if allowed is None:
        return exists
    may = allowed[block.choices].reshape(block.moves, block.sets, -1)
    return may if exists is None else may & exists


def _log_softmax(x: Array, playable: Array | None, xp: Any) -> Array:
    """Over the first axis; -inf where not playable."""
    if playable is not None:
        x = xp.where(playable, x, -xp.inf)
    x = x - x.max(axis=0)
    return x - xp.log(xp.exp(x).sum(axis=0))


def _log_normal(block: Any, weight: Array, xp: Any) -> Array:
    """Normalise log weights [m, i, b] over the members that exist."""
    if block.member_exists is not None:
        weight = xp.where(block.member_exists[:, :, None], weight, LOG_NOTHING)
    weight = weight - weight.max(axis=0)
    return weight - xp.log(xp.exp(weight).sum(axis=0))


def _join(parts: list[Array], nothing: Array, xp: Any) -> Array:
    if len(parts) == 1:
        return parts[0]
    return xp.concatenate(parts, axis=0) if parts else nothing
