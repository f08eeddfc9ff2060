"""Newton's equations solved exactly in one sweep up the tree and one down.

With beliefs as unknowns, Newton's equation couples a backward pass (values depend on beliefs) with a forward pass
(beliefs depend on strategies): a boundary-value problem on the tree of public states. As for such problems in time (the
invariant-embedding or Riccati method), each public state is summarised by how the values at its slots respond to the
relative reach of those slots,

    d value[p, s] = sum_t response[p, s, t] d log reach[t] + offset[p, s].

Going up, the responses of the states below are put into the logit responses of the bag, a small dense system in the
changes of its log strategies is solved, and the bag's own response results. Going down, reaches, strategies and beliefs
follow. Cost is linear in public states and cubic in the size of one. Written once for NumPy and for `jax.numpy`.

Index letters: p player, s slot of a bag, e edge of a bag, c choice of a bag, q right-hand side, n bag (times draw), b draw.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from goodoffices.solvers.bags import Bags, InnerSet, Pattern
from goodoffices.solvers.layout import Layout, Level
from goodoffices.solvers.passes import LevelIndex, LevelNumbers, LevelPlay

Array = Any


class PatternIndex(NamedTuple):
    """Index arrays of one pattern, passed to compiled code as arguments."""

    slots: Array
    edges: Array
    choices: Array
    child_bags: tuple[Array, ...]


class SweepIndex(NamedTuple):
    """Index arrays of one level."""

    patterns: tuple[PatternIndex, ...]
    choice_place: Array
    """[level's choice] position among the patterns' choices, one pattern after another."""


def sweep_indices(layout: Layout, bags: Bags) -> tuple[SweepIndex, ...]:
    """The index arrays of every level."""
    out = []
    for level, patterns in zip(layout.levels, bags.levels, strict=True):
        place = np.zeros(level.choices, dtype=np.int64)
        base = 0
        for pattern in patterns:
            place[pattern.choices] = base + np.arange(pattern.choices.size).reshape(pattern.choices.shape)
            base += pattern.choices.size
        out.append(
            SweepIndex(
                tuple(PatternIndex(p.slots, p.edges, p.choices, p.child_bags) for p in patterns), place
            )
        )
    return tuple(out)


def sweep(
    layout: Layout,
    bags: Bags,
    at: tuple[LevelIndex, ...],
    sweep_at: tuple[SweepIndex, ...],
    numbers: tuple[LevelNumbers, ...],
    plays: tuple[LevelPlay, ...],
    rationality: Array,
    belief: Array,
    residual: Array,
    xp: Any = np,
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
    responses: tuple[Array, ...] = ()
    answers: list[list[Array]] = []
    for d in reversed(range(len(layout.levels))):
        source = _Level(numbers[d], plays[d], rationality, _spread(layout.levels[d], residual, xp), q, b)
        done = [
            _eliminate(pattern, index, responses, source, xp)
            for pattern, index in zip(bags.levels[d], sweep_at[d].patterns, strict=True)
        ]
        responses = tuple(response for response, _ in done)
        answers.append([answer for _, answer in done])
    answers.reverse()

    reach, out = xp.zeros((1, q, b)), []
    for d, level in enumerate(layout.levels):
        strategy = _strategies(bags.levels[d], sweep_at[d], answers[d], reach, xp)
        edges = []
        for block in level.blocks:
            m, a, i = block.members, block.moves, block.sets
            here = reach[block.slots].reshape(m, i, q, b)
            step = here[None]
            if block.player >= 0:
                step = step + strategy[block.choices].reshape(a, 1, i, q, b)
            edges.append(xp.broadcast_to(step, (a, m, i, q, b)).reshape(a * m * i, q, b))
            if block.belief >= 0:
                weight = xp.exp(belief[block.beliefs]).reshape(m, i, 1, b)
                change = here - (weight * here).sum(axis=0)
                out.append(change.reshape(m * i, q, b) - residual[block.beliefs])
        if d + 1 < len(layout.levels):
            edges.append(xp.zeros((1, q, b)))
            reach = xp.take(xp.concatenate(edges, axis=0), at[d + 1].origin, axis=0)
    return xp.concatenate(out, axis=0) if out else residual


class _Level(NamedTuple):
    """What elimination reads of one level."""

    numbers: LevelNumbers
    play: LevelPlay
    rationality: Array
    residual: Array | None
    """[slot, q, b], None where nobody is in doubt at this level."""
    q: int
    b: int


def _spread(level: Level, residual: Array, xp: Any) -> Array | None:
    """Residuals by slot."""
    if all(block.belief < 0 for block in level.blocks):
        return None
    parts = [
        residual[block.beliefs]
        if block.belief >= 0
        else xp.zeros((block.members * block.sets, *residual.shape[1:]))
        for block in level.blocks
    ]
    return parts[0] if len(parts) == 1 else xp.concatenate(parts, axis=0)


def _strategies(
    patterns: tuple[Pattern, ...], index: SweepIndex, answers: list[Array], reach: Array, xp: Any
) -> Array | None:
    """[level's choice, q, b] changes of log strategies, given the changes of log reach [slot, q, b]."""
    q, b = reach.shape[1:]
    parts = []
    for pattern, at, answer in zip(patterns, index.patterns, answers, strict=True):
        if not pattern.sets:
            continue
        n_c, (n_s, n) = len(pattern.choices), pattern.slots.shape
        change = answer
        if answer.shape[1] > q:
            known = xp.moveaxis(reach[at.slots], 2, 1).reshape(n_s, q, n * b)
            change = _product(answer[:, :n_s], known, xp) + answer[:, n_s:]
        parts.append(xp.moveaxis(change.reshape(n_c, q, n, b), 2, 1).reshape(n_c * n, q, b))
    if not parts:
        return None
    joined = parts[0] if len(parts) == 1 else xp.concatenate(parts, axis=0)
    return joined[index.choice_place]


def _eliminate(
    pattern: Pattern, at: PatternIndex, below: tuple[Array, ...], level: _Level, xp: Any
) -> tuple[Array, Array]:
    """Solve the logit responses of each bag of a pattern.

    Returns the response [p, s, s + q, n, b] (without its first s columns where there is one slot: relative reach does
    not exist there) and the answer [c, s + q, n * b], the change of log strategies per unit of log reach of each slot,
    then for each right-hand side.
    """
    (n_s, n), n_e, n_c, q, b = pattern.slots.shape, len(pattern.edges), len(pattern.choices), level.q, level.b
    known = n_s if n_s > 1 else 0
    linked = any(len(child.edges) > 1 for child in pattern.children)
    free = n_c if linked else 0
    players = level.play.edge_value.shape[0]

    # Change of each edge's value by (own strategies | reach of the slots | right-hand sides).
    change = None
    if pattern.children:
        rows, order = [], []
        for child, bag in zip(pattern.children, at.child_bags, strict=True):
            response = below[child.pattern][:, :, :, bag].reshape(players, len(child.edges), -1, n * b)
            rows.append(_rename(pattern, child.edges, response, free, known, q, xp))
            order.extend(child.edges)
        missing = [e for e in range(n_e) if e not in set(order)]
        if missing:
            rows.append(xp.zeros((players, len(missing), free + known + q, n * b)))
        where = np.argsort(np.array(order + missing, dtype=np.int64))
        change = rows[0] if len(rows) == 1 else xp.concatenate(rows, axis=1)
        if (where != np.arange(n_e)).any():
            change = change[:, where]

    value = level.play.edge_value[:, at.edges].reshape(players, n_e, n * b)
    log_choice = level.play.log_choice[at.choices].reshape(n_c, n * b)
    odds = xp.exp(log_choice)
    answer = None
    if pattern.sets:
        parts = [
            _response(pattern, inner, at, level, change, value, odds, free, known, xp)
            for inner in pattern.sets
        ]
        rows = parts[0] if len(parts) == 1 else xp.concatenate(parts, axis=0)
        answer = _solve(rows[:, :free], rows[:, free:], xp) if free else rows

    # Values of the slots: what follows each move, and the moves' changed odds.
    slots = []
    for s in range(n_s):
        mine = [e for e in range(n_e) if pattern.slot_of_edge[e] == s]
        choice = [pattern.choice_of_edge[e] for e in mine]
        if choice[0] < 0:
            weight = _chance(level, pattern, at, mine, xp)
            slots.append(
                (weight[None, :, None] * change[:, mine]).sum(axis=1)
                if change is not None
                else xp.zeros((players, free + known + q, n * b))
            )
            slots[-1] = _product(slots[-1][:, :free], answer, xp) + slots[-1][:, free:] if free else slots[-1]
            continue
        weight = odds[_run(choice)]
        total = _product((weight * value[:, _run(mine)]), answer[_run(choice)], xp)
        if change is not None:
            direct = (weight[None, :, None] * change[:, _run(mine)]).sum(axis=1)
            total = total + direct[:, free:]
            if free:
                total = total + _product(direct[:, :free], answer, xp)
        slots.append(total)
    response = xp.stack(slots, axis=1).reshape(players, n_s, known + q, n, b)
    return response, (xp.zeros((0, q, n * b)) if answer is None else answer)


def _run(numbers: Any) -> Any:
    """A slice where numbers are consecutive (no copy is made then), else the numbers as an array."""
    numbers = list(numbers)
    if numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        return slice(numbers[0], numbers[0] + len(numbers))
    return np.array(numbers, dtype=np.int64)


def _rename(
    pattern: Pattern, edges: tuple[int, ...], response: Array, free: int, known: int, q: int, xp: Any
) -> Array:
    """Columns of a child's response in the terms of its parent.

    The reach of a child's slot is that of the parent's slot plus the change of the log strategy in between.
    """
    inner = response.shape[2] - q
    if not inner:
        if not free + known:
            return response
        return xp.concatenate(
            [xp.zeros((*response.shape[:2], free + known, response.shape[3])), response], axis=2
        )
    if not free + known:
        return response[:, :, inner:]
    columns: list[list[int]] = [[] for _ in range(free + known)]
    for position, e in enumerate(edges):
        if pattern.choice_of_edge[e] >= 0:
            columns[pattern.choice_of_edge[e]].append(position)
        if known:
            columns[free + pattern.slot_of_edge[e]].append(position)
    most = max(len(c) for c in columns)
    nothing = inner + q
    padded = xp.concatenate([response, xp.zeros_like(response[:, :, :1])], axis=2)
    out = None
    for layer in range(most):
        index = [c[layer] if layer < len(c) else nothing for c in columns]
        index += list(range(inner, inner + q)) if layer == 0 else [nothing] * q
        taken = padded[:, :, np.array(index, dtype=np.int64)]
        out = taken if out is None else out + taken
    return out


def _response(
    pattern: Pattern,
    inner: InnerSet,
    at: PatternIndex,
    level: _Level,
    change: Array | None,
    value: Array,
    odds: Array,
    free: int,
    known: int,
    xp: Any,
) -> Array:
    """[choices of the set, own | reach | right-hand sides, n * b] derivative of the log strategies."""
    n, q, b = pattern.slots.shape[1], level.q, level.b
    n_a, n_m = len(inner.choices), len(inner.slots)
    edges = np.array(inner.edges, dtype=np.int64)
    weight = level.play.weight[at.slots[np.array(inner.slots)]].reshape(n_m, n * b) if n_m > 1 else None
    rows = None
    if change is not None:
        rows = change[inner.player, edges[:, 0]]
        if weight is not None:
            rows = (change[inner.player][edges] * weight[:, None]).sum(axis=1)
    if weight is not None:
        quality = level.play.quality[at.choices[_run(inner.choices)]].reshape(n_a, 1, n * b)
        excess = weight * (value[inner.player][edges] - quality)
        residual = level.residual[at.slots[np.array(inner.slots)]]
        residual = xp.moveaxis(residual, 2, 1).reshape(n_m, q, n * b)
        pushed = -(excess[:, :, None] * residual).sum(axis=1)
        columns = [xp.zeros((n_a, free, n * b))] if free else []
        place = {s: k for k, s in enumerate(inner.slots)}
        columns += [
            excess[:, place[s]][:, None] if s in place else xp.zeros((n_a, 1, n * b)) for s in range(known)
        ]
        learned = xp.concatenate([*columns, pushed], axis=1)
        rows = learned if rows is None else rows + learned
    if rows is None:
        return xp.zeros((n_a, free + known + q, n * b))
    mine = odds[_run(inner.choices)]
    rows = rows - (mine[:, None] * rows).sum(axis=0)
    lam = level.rationality[inner.player]
    lam = xp.broadcast_to(lam, (n, b)).reshape(n * b)
    if level.numbers.allowed is not None:
        may = level.numbers.allowed[at.choices[_run(inner.choices)]].reshape(n_a, 1, n * b)
        rows = xp.where(may, rows, 0.0)
    return lam * rows


def _chance(level: _Level, pattern: Pattern, at: PatternIndex, edges: list[int], xp: Any) -> Array:
    """[a, n * b] odds of the moves of a chance node."""
    return level.numbers.edge_chance[at.edges[_run(edges)]].reshape(len(edges), -1)


def _product(left: Array, right: Array, xp: Any) -> Array:
    """[..., c, n] times [c, q, n] summed over c: [..., q, n]."""
    if right.shape[0] == 1:
        return left[..., 0, None, :] * right[0]
    if xp is np:
        return np.einsum("...cn,cqn->...qn", left, right)
    total = left[..., 0, None, :] * right[0]
    for c in range(1, right.shape[0]):
        total = total + left[..., c, None, :] * right[c]
    return total


def _solve(own: Array, rest: Array, xp: Any) -> Array:
    """Solve (1 - own) x = rest for each entry of the last axis: [c, c, n], [c, r, n] -> [c, r, n]."""
    size = own.shape[0]
    if xp is np and own.shape[-1] < 4096:
        matrix = np.eye(size) - np.moveaxis(own, 2, 0)
        return np.moveaxis(np.linalg.solve(matrix, np.moveaxis(rest, 2, 0)), 0, 2)
    # Gauss-Jordan without pivoting, one elementwise operation over all entries a pivot: a library call for each small
    # matrix is slower. Where a pivot is small the step is poor, its residual shows it, and the step is refused.
    table = xp.concatenate([xp.eye(size)[:, :, None] - own, rest], axis=1)
    for k in range(size):
        row = table[k, k:] / table[k, k]
        below = table[:, k]
        if xp is np:
            below = below.copy()
            below[k] = 0.0
            table[:, k:] -= below[:, None] * row
            table[k, k:] = row
        else:
            keep = xp.arange(size) == k
            below = xp.where(keep[:, None], 0.0, below)
            rest_of = xp.where(keep[:, None, None], row, table[:, k:] - below[:, None] * row)
            table = xp.concatenate([table[:, :k], rest_of], axis=1) if k else rest_of
    return table[:, size:]
