"""Newton's equations solved exactly in one sweep up the tree and one down.

With beliefs as unknowns, Newton's equation couples a backward pass (values depend on beliefs) with a forward pass
(beliefs depend on strategies): a boundary-value problem on the tree of public states. As for such problems in time (the
invariant-embedding or Riccati method), each public state is summarised by how the values at its slots respond to the
relative reach of those slots,

    d value[p, s] = sum_t response[p, s, t] d log reach[t] + offset[p, s].

Going up, the responses of the states below are put into the logit responses of the bag, a small dense system in the
changes of its log strategies is solved, and the bag's own response results. Going down, reaches, strategies and beliefs
follow. Cost is linear in public states and cubic in the size of one.

Index letters: p player, s slot of a bag, e edge of a bag, c choice of a bag, q right-hand side, n bag (times draw), b draw.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from goodoffices.solvers.layout import Layout, Level
from goodoffices.solvers.passes import LevelIndex, LevelNumbers, LevelPlay
from goodoffices.solvers.wiring import ChildIndex, PatternIndex, SetIndex, SweepIndex

Array = NDArray[np.float64]

MANY_SYSTEMS = 4096
"""Number of small linear systems from which elimination over all of them at once is faster than one call for each."""


def sweep(
    layout: Layout,
    at: tuple[LevelIndex, ...],
    sweep_at: tuple[SweepIndex, ...],
    numbers: tuple[LevelNumbers, ...],
    plays: tuple[LevelPlay, ...],
    rationality: Array,
    belief: Array,
    residual: Array,
) -> Array:
    """Solve J dz = -residual for the map z -> z - (Bayes' beliefs of the logit responses to z).

    Args:
        plays: the backward pass at z.
        rationality: [p, b].
        belief: [k, b] Bayes' normalised log beliefs at z.
        residual: [k, q, b] right-hand sides.

    Returns:
        dz [k, q, b].
    """
    q, b = residual.shape[1], rationality.shape[-1]
    answers = _upward(layout, sweep_at, numbers, plays, rationality, residual, None, None)
    reach, out = np.zeros((1, q, b)), []
    for d, level in enumerate(layout.levels):
        strategy = _strategies(sweep_at[d], answers[d], reach)
        edges = []
        for block in level.blocks:
            m, a, i = block.members, block.moves, block.sets
            here = reach[block.slots].reshape(m, i, q, b)
            step = here[None]
            if block.player >= 0:
                step = step + strategy[block.choices].reshape(a, 1, i, q, b)
            edges.append(np.broadcast_to(step, (a, m, i, q, b)).reshape(a * m * i, q, b))
            if block.belief >= 0:
                weight = np.exp(belief[block.beliefs]).reshape(m, i, 1, b)
                change = here - (weight * here).sum(axis=0)
                out.append(change.reshape(m * i, q, b) - residual[block.beliefs])
        if d + 1 < len(layout.levels):
            edges.append(np.zeros((1, q, b)))
            reach = np.take(np.concatenate(edges, axis=0), at[d + 1].origin, axis=0)
    return np.concatenate(out, axis=0) if out else residual


def sweep_strategies(
    layout: Layout,
    at: tuple[LevelIndex, ...],
    sweep_at: tuple[SweepIndex, ...],
    numbers: tuple[LevelNumbers, ...],
    plays: tuple[LevelPlay, ...],
    rationality: Array,
    target: tuple[Array, ...],
    residual: tuple[Array, ...],
) -> Array:
    """Solve J dx = -residual for the map x -> x - (logit responses to log strategies x and Bayes' beliefs of them).

    Args:
        plays: the values of x, with the qualities and weights that go with Bayes' beliefs of x.
        rationality: [p, b].
        target: the logit responses, for each level [c, b].
        residual: right-hand sides, for each level [c, q, b]; zero where no choice is.

    Returns:
        dx, one level after another [c, q, b].
    """
    q, b = next(r.shape[1] for r in residual), rationality.shape[-1]
    still = np.zeros((layout.beliefs, q, b))
    answers = _upward(layout, sweep_at, numbers, plays, rationality, still, target, residual)
    reach, out = np.zeros((1, q, b)), []
    for d, level in enumerate(layout.levels):
        strategy = _strategies(sweep_at[d], answers[d], reach)
        out.append(strategy)
        if d + 1 == len(layout.levels):
            break
        edges = []
        for block in level.blocks:
            m, a, i = block.members, block.moves, block.sets
            step = reach[block.slots].reshape(1, m, i, q, b)
            if block.player >= 0:
                step = step + strategy[block.choices].reshape(a, 1, i, q, b)
            edges.append(np.broadcast_to(step, (a, m, i, q, b)).reshape(a * m * i, q, b))
        edges.append(np.zeros((1, q, b)))
        reach = np.take(np.concatenate(edges, axis=0), at[d + 1].origin, axis=0)
    return np.concatenate(out, axis=0)


def _upward(
    layout: Layout,
    sweep_at: tuple[SweepIndex, ...],
    numbers: tuple[LevelNumbers, ...],
    plays: tuple[LevelPlay, ...],
    rationality: Array,
    residual: Array,
    target: tuple[Array, ...] | None,
    wanted: tuple[Array, ...] | None,
) -> list[list[Array]]:
    """The answers of every pattern of every level; see `_eliminate`."""
    q, b = residual.shape[1], rationality.shape[-1]
    below: tuple[Array, ...] = ()
    answers: list[list[Array]] = []
    for d in reversed(range(len(layout.levels))):
        source = _Level(numbers[d], plays[d], rationality, _spread(layout.levels[d], residual), q, b)
        if target is not None and wanted is not None:
            source = source._replace(target=target[d], wanted=wanted[d])
        done = [_eliminate(pattern, below, source) for pattern in sweep_at[d].patterns]
        below = tuple(response for response, _, _ in done)
        answers.append([answer for _, answer, _ in done])
    answers.reverse()
    return answers


def orientation(
    layout: Layout,
    at: tuple[LevelIndex, ...],
    sweep_at: tuple[SweepIndex, ...],
    numbers: tuple[LevelNumbers, ...],
    plays: tuple[LevelPlay, ...],
    rationality: Array,
) -> Array:
    """[b] the sign of det J: elimination from the leaves up is block Gaussian elimination, whose blocks are the bags.

    J belongs to beliefs and the eliminated systems to log strategies; both determinants are equal (Sylvester).
    """
    b = rationality.shape[-1]
    nothing = np.zeros((layout.beliefs, 0, b))
    responses: tuple[Array, ...] = ()
    sign = np.ones(b)
    for d in reversed(range(len(layout.levels))):
        source = _Level(numbers[d], plays[d], rationality, _spread(layout.levels[d], nothing), 0, b)
        done = [_eliminate(pattern, responses, source) for pattern in sweep_at[d].patterns]
        responses = tuple(response for response, _, _ in done)
        for _, _, own in done:
            if own is not None:
                matrix = np.eye(len(own)) - own.transpose(2, 0, 1)
                sign *= np.linalg.slogdet(matrix)[0].reshape(-1, b).prod(axis=0)
    return sign


class _Level(NamedTuple):
    """What elimination reads of one level."""

    numbers: LevelNumbers
    play: LevelPlay
    rationality: Array
    residual: Array
    """[slot, q, b]; empty where nobody is in doubt at this level."""
    q: int
    b: int
    target: Array | None = None
    """[c, b] the logit responses, where they are not what is played."""
    wanted: Array | None = None
    """[c, q, b] residuals of the log strategies, where there are any."""


def _spread(level: Level, residual: Array) -> Array:
    """Residuals by slot."""
    if all(block.belief < 0 for block in level.blocks):
        return residual[:0]
    parts = [
        residual[block.beliefs]
        if block.belief >= 0
        else np.zeros((block.members * block.sets, *residual.shape[1:]))
        for block in level.blocks
    ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=0)


def _strategies(index: SweepIndex, answers: list[Array], reach: Array) -> Array:
    """[level's choice, q, b] changes of log strategies, given the changes of log reach [slot, q, b]."""
    q, b = reach.shape[1:]
    parts = []
    for pattern, answer in zip(index.patterns, answers, strict=True):
        if not pattern.sets:
            continue
        n_c, (n_s, n) = len(pattern.choices), pattern.slots.shape
        change = answer
        if answer.shape[1] > q:
            known = reach[pattern.slots].transpose(0, 2, 1, 3).reshape(n_s, q, n * b)
            change = _product(answer[:, :n_s], known) + answer[:, n_s:]
        parts.append(change.reshape(n_c, q, n, b).transpose(0, 2, 1, 3).reshape(n_c * n, q, b))
    if not parts:
        return np.zeros((0, q, b))
    joined = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=0)
    return joined[index.choice_place]


def _eliminate(
    pattern: PatternIndex, below: tuple[Array, ...], level: _Level
) -> tuple[Array, Array, Array | None]:
    """Solve the logit responses of each bag of a pattern.

    Returns the response [p, s, s + q, n, b] (without its first s columns where there is one slot: relative reach does
    not exist there) and the answer [c, s + q, n * b], the change of log strategies per unit of log reach of each slot,
    then for each right-hand side; and the matrix whose difference from the identity was eliminated, if any.
    """
    (n_s, n), n_e, n_c = pattern.slots.shape, len(pattern.edges), len(pattern.choices)
    known, free, q, b = pattern.known, pattern.free, level.q, level.b
    players = level.play.edge_value.shape[0]

    change = _below(pattern, below, level, players) if pattern.children else None
    value = level.play.edge_value[:, pattern.edges].reshape(players, n_e, n * b)
    odds = np.exp(level.play.log_choice[pattern.choices].reshape(n_c, n * b))
    rows = np.zeros((n_c, free + known + q, n * b))
    for inner in pattern.sets:
        rows[inner.own] = _response(pattern, inner, level, change, value, odds)
    answer = _solve(rows[:, :free], rows[:, free:]) if free else rows

    # Values of the slots: what follows each move, and the moves' changed odds.
    response = np.empty((players, n_s, known + q, n * b))
    for s, outlet in enumerate(pattern.outlets):
        direct = None
        if outlet.own is None:
            weight = level.numbers.edge_chance[outlet.chance].reshape(len(outlet.chance), n * b)
            total = 0.0
        else:
            weight = odds[outlet.own]
            total = _product(weight * value[:, outlet.edges], answer[outlet.own])
        if change is not None:
            direct = (weight[None, :, None] * change[:, outlet.edges]).sum(axis=1)
            total = total + direct[:, free:]
            if free:
                total = total + _product(direct[:, :free], answer)
        response[:, s] = total
    return response.reshape(players, n_s, known + q, n, b), answer, rows[:, :free] if free else None


def _below(pattern: PatternIndex, below: tuple[Array, ...], level: _Level, players: int) -> Array:
    """[p, e, own strategies | reach of the slots | right-hand sides, n * b] change of each edge's value."""
    q, n_b = level.q, pattern.slots.shape[1] * level.b
    out = np.zeros((players, len(pattern.edges), pattern.free + pattern.known + q, n_b))
    for child in pattern.children:
        out[:, child.edges] = _renamed(pattern, child, below[child.pattern], players, q, n_b)
    return out


def _renamed(pattern: PatternIndex, child: ChildIndex, below: Array, players: int, q: int, n_b: int) -> Array:
    """A child's response in the terms of its parent."""
    response = below[:, :, :, child.bags].reshape(players, child.size, -1, n_b)
    width = pattern.free + pattern.known
    if not width:
        return response[:, :, response.shape[2] - q :]
    out = np.zeros((players, child.size, width + q, n_b))
    out[:, :, width:] = response[:, :, response.shape[2] - q :]
    for depth, (columns, sources) in enumerate(child.layers):
        if depth:
            out[:, :, columns] += response[:, :, sources]
        else:
            out[:, :, columns] = response[:, :, sources]
    return out


def _response(
    pattern: PatternIndex, inner: SetIndex, level: _Level, change: Array | None, value: Array, odds: Array
) -> Array:
    """[choices of the set, own | reach | right-hand sides, n * b] derivative of the log strategies."""
    n, q, b = pattern.slots.shape[1], level.q, level.b
    width = pattern.free + pattern.known
    if not len(inner.slots):
        if change is None:
            return _less(np.zeros((inner.size, width + q, n * b)), inner, level, width)
        rows = change[inner.player, inner.edges[:, 0]]
    else:
        weight = level.play.weight[inner.slots].reshape(-1, n * b)
        if change is None:
            rows = np.zeros((inner.size, width + q, n * b))
        else:
            rows = (change[inner.player][inner.edges] * weight[:, None]).sum(axis=1)
        quality = level.play.quality[inner.choices].reshape(inner.size, 1, n * b)
        excess = weight * (value[inner.player][inner.edges] - quality)
        rows[:, inner.reach] += excess
        if q:
            residual = level.residual[inner.slots].transpose(0, 2, 1, 3).reshape(-1, q, n * b)
            rows[:, width:] -= (excess[:, :, None] * residual).sum(axis=1)
    share = odds[inner.own]
    if level.target is not None:
        share = np.exp(level.target[inner.choices]).reshape(inner.size, n * b)
    rows = rows - (share[:, None] * rows).sum(axis=0)
    if level.numbers.allowed is not None:
        may = level.numbers.allowed[inner.choices].reshape(inner.size, 1, n * b)
        rows = np.where(may, rows, 0.0)
    lam = level.rationality[inner.player]
    return _less(rows * (np.tile(lam, n) if n > 1 else lam), inner, level, width)


def _less(rows: Array, inner: SetIndex, level: _Level, width: int) -> Array:
    """Take the residuals of the set's log strategies from the right-hand sides."""
    if level.wanted is not None:
        rows[:, width:] -= level.wanted[inner.choices].transpose(0, 2, 1, 3).reshape(inner.size, level.q, -1)
    return rows


def _product(left: Array, right: Array) -> Array:
    """[..., c, n] times [c, q, n] summed over c: [..., q, n]."""
    if right.shape[0] == 1:
        return left[..., 0, None, :] * right[0]
    return np.einsum("...cn,cqn->...qn", left, right)


def _solve(own: Array, rest: Array) -> Array:
    """Solve (1 - own) x = rest for each entry of the last axis: [c, c, n], [c, r, n] -> [c, r, n]."""
    size = own.shape[0]
    if own.shape[-1] < MANY_SYSTEMS:
        matrix = np.eye(size) - own.transpose(2, 0, 1)
        found: Array = np.linalg.solve(matrix, rest.transpose(2, 0, 1)).astype(np.float64, copy=False)
        return found.transpose(1, 2, 0)
    # Gauss-Jordan without pivoting, one elementwise operation over all entries a pivot: a library call for each small
    # matrix is slower. Where a pivot is small the step is poor, its residual shows it, and the step is refused.
    table = np.concatenate([np.eye(size)[:, :, None] - own, rest], axis=1)
    for k in range(size):
        row = table[k, k:] / table[k, k]
        below = table[:, k].copy()
        below[k] = 0.0
        table[:, k:] -= below[:, None] * row
        table[k, k:] = row
    return table[:, size:]
