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

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from goodoffices.solvers.bags import Bags, InnerSet, Pattern
from goodoffices.solvers.layout import Layout, Level
from goodoffices.solvers.passes import LevelIndex, LevelNumbers, LevelPlay

Array = NDArray[np.float64]
Index = NDArray[np.int64]

MANY_SYSTEMS = 4096
"""Number of small linear systems from which elimination over all of them at once is faster than one call for each."""


class PatternIndex(NamedTuple):
    """Index arrays of one pattern, passed to compiled code as arguments."""

    slots: Index
    edges: Index
    choices: Index
    child_bags: tuple[Index, ...]


class SweepIndex(NamedTuple):
    """Index arrays of one level."""

    patterns: tuple[PatternIndex, ...]
    choice_place: Index
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
        source = _Level(numbers[d], plays[d], rationality, _spread(layout.levels[d], residual), q, b)
        done = [
            _eliminate(pattern, index, responses, source)
            for pattern, index in zip(bags.levels[d], sweep_at[d].patterns, strict=True)
        ]
        responses = tuple(response for response, _, _ in done)
        answers.append([answer for _, answer, _ in done])
    answers.reverse()

    reach, out = np.zeros((1, q, b)), []
    for d, level in enumerate(layout.levels):
        strategy = _strategies(bags.levels[d], sweep_at[d], answers[d], reach)
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


def orientation(
    layout: Layout,
    bags: Bags,
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
        done = [
            _eliminate(pattern, index, responses, source)
            for pattern, index in zip(bags.levels[d], sweep_at[d].patterns, strict=True)
        ]
        responses = tuple(response for response, _, _ in done)
        for _, _, own in done:
            if own is not None:
                matrix = np.eye(len(own)) - np.moveaxis(own, 2, 0)
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


def _strategies(
    patterns: tuple[Pattern, ...], index: SweepIndex, answers: list[Array], reach: Array
) -> Array:
    """[level's choice, q, b] changes of log strategies, given the changes of log reach [slot, q, b]."""
    q, b = reach.shape[1:]
    parts = []
    for pattern, at, answer in zip(patterns, index.patterns, answers, strict=True):
        if not pattern.sets:
            continue
        n_c, (n_s, n) = len(pattern.choices), pattern.slots.shape
        change = answer
        if answer.shape[1] > q:
            known = np.moveaxis(reach[at.slots], 2, 1).reshape(n_s, q, n * b)
            change = _product(answer[:, :n_s], known) + answer[:, n_s:]
        parts.append(np.moveaxis(change.reshape(n_c, q, n, b), 2, 1).reshape(n_c * n, q, b))
    joined = _stack(parts)
    return np.zeros((0, q, b)) if joined is None else joined[index.choice_place]


def _eliminate(
    pattern: Pattern, at: PatternIndex, below: tuple[Array, ...], level: _Level
) -> tuple[Array, Array, Array | None]:
    """Solve the logit responses of each bag of a pattern.

    Returns the response [p, s, s + q, n, b] (without its first s columns where there is one slot: relative reach does
    not exist there) and the answer [c, s + q, n * b], the change of log strategies per unit of log reach of each slot,
    then for each right-hand side; and the matrix whose difference from the identity was eliminated, if any.
    """
    (n_s, n), n_e, n_c, q, b = pattern.slots.shape, len(pattern.edges), len(pattern.choices), level.q, level.b
    known = n_s if n_s > 1 else 0
    linked = any(len(child.edges) > 1 for child in pattern.children)
    free = n_c if linked else 0
    players = level.play.edge_value.shape[0]

    change = _below(pattern, at, below, players, free, known, level)
    value = level.play.edge_value[:, at.edges].reshape(players, n_e, n * b)
    log_choice = level.play.log_choice[at.choices].reshape(n_c, n * b)
    odds = np.exp(log_choice)
    width = free + known + q
    rows = _stack(
        [_response(pattern, inner, at, level, change, value, odds, free, known) for inner in pattern.sets]
    )
    if rows is None:
        rows = np.zeros((0, width, n * b))
    answer = _solve(rows[:, :free], rows[:, free:]) if free else rows

    # Values of the slots: what follows each move, and the moves' changed odds.
    slots = []
    for s in range(n_s):
        mine = [e for e in range(n_e) if pattern.slot_of_edge[e] == s]
        choice = [pattern.choice_of_edge[e] for e in mine]
        if choice[0] < 0:
            weight = _chance(level, pattern, at, mine)
            if change is None:
                slots.append(np.zeros((players, known + q, n * b)))
                continue
            direct = (weight[None, :, None] * change[:, mine]).sum(axis=1)
            total = direct[:, free:]
        else:
            weight = odds[_run(choice)]
            total = _product((weight * value[:, _run(mine)]), answer[_run(choice)])
            direct = None
            if change is not None:
                direct = (weight[None, :, None] * change[:, _run(mine)]).sum(axis=1)
                total = total + direct[:, free:]
        if free and direct is not None:
            total = total + _product(direct[:, :free], answer)
        slots.append(total)
    response = np.stack(slots, axis=1).reshape(players, n_s, known + q, n, b)
    return response, answer, rows[:, :free] if free else None


def _below(
    pattern: Pattern,
    at: PatternIndex,
    below: tuple[Array, ...],
    players: int,
    free: int,
    known: int,
    level: _Level,
) -> Array | None:
    """[p, e, own strategies | reach of the slots | right-hand sides, n * b] change of each edge's value."""
    if not pattern.children:
        return None
    q, b, n_e, n = level.q, level.b, len(pattern.edges), pattern.slots.shape[1]
    rows: list[Array] = []
    order: list[int] = []
    for child, bag in zip(pattern.children, at.child_bags, strict=True):
        response = below[child.pattern][:, :, :, bag].reshape(players, len(child.edges), -1, n * b)
        rows.append(_rename(pattern, child.edges, response, free, known, q))
        order.extend(child.edges)
    missing = [e for e in range(n_e) if e not in set(order)]
    if missing:
        rows.append(np.zeros((players, len(missing), free + known + q, n * b)))
    where = np.argsort(np.array(order + missing, dtype=np.int64))
    change = rows[0] if len(rows) == 1 else np.concatenate(rows, axis=1)
    return change if (where == np.arange(n_e)).all() else change[:, where]


def _stack(parts: list[Array]) -> Array | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    return np.concatenate(parts, axis=0)


def _run(numbers: Iterable[int]) -> slice | NDArray[np.int64]:
    """A slice where numbers are consecutive (no copy is made then), else the numbers as an array."""
    numbers = list(numbers)
    if numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        return slice(numbers[0], numbers[0] + len(numbers))
    return np.array(numbers, dtype=np.int64)


def _rename(
    pattern: Pattern, edges: tuple[int, ...], response: Array, free: int, known: int, q: int
) -> Array:
    """Columns of a child's response in the terms of its parent.

    The reach of a child's slot is that of the parent's slot plus the change of the log strategy in between.
    """
    inner = response.shape[2] - q
    if not inner:
        if not free + known:
            return response
        return np.concatenate(
            [np.zeros((*response.shape[:2], free + known, response.shape[3])), response], axis=2
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
    padded = np.concatenate([response, np.zeros_like(response[:, :, :1])], axis=2)
    layers = []
    for layer in range(most):
        index = [c[layer] if layer < len(c) else nothing for c in columns]
        index += list(range(inner, inner + q)) if layer == 0 else [nothing] * q
        layers.append(padded[:, :, np.array(index, dtype=np.int64)])
    return sum(layers[1:], start=layers[0])


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
        residual = np.moveaxis(residual, 2, 1).reshape(n_m, q, n * b)
        pushed = -(excess[:, :, None] * residual).sum(axis=1)
        columns = [np.zeros((n_a, free, n * b))] if free else []
        place = {s: k for k, s in enumerate(inner.slots)}
        columns += [
            excess[:, place[s]][:, None] if s in place else np.zeros((n_a, 1, n * b)) for s in range(known)
        ]
        learned = np.concatenate([*columns, pushed], axis=1)
        rows = learned if rows is None else rows + learned
    if rows is None:
        return np.zeros((n_a, free + known + q, n * b))
    mine = odds[_run(inner.choices)]
    rows = rows - (mine[:, None] * rows).sum(axis=0)
    lam = level.rationality[inner.player]
    lam = np.broadcast_to(lam, (n, b)).reshape(n * b)
    if level.numbers.allowed is not None:
        may = level.numbers.allowed[at.choices[_run(inner.choices)]].reshape(n_a, 1, n * b)
        rows = np.where(may, rows, 0.0)
    return lam * rows


def _chance(level: _Level, pattern: Pattern, at: PatternIndex, edges: list[int]) -> Array:
    """[a, n * b] odds of the moves of a chance node."""
    return level.numbers.edge_chance[at.edges[_run(edges)]].reshape(len(edges), -1)


def _product(left: Array, right: Array) -> Array:
    """[..., c, n] times [c, q, n] summed over c: [..., q, n]."""
    if right.shape[0] == 1:
        return left[..., 0, None, :] * right[0]
    return np.einsum("...cn,cqn->...qn", left, right)


def _solve(own: Array, rest: Array) -> Array:
    """Solve (1 - own) x = rest for each entry of the last axis: [c, c, n], [c, r, n] -> [c, r, n]."""
    size = own.shape[0]
    if own.shape[-1] < MANY_SYSTEMS:
        matrix = np.eye(size) - np.moveaxis(own, 2, 0)
        found: Array = np.linalg.solve(matrix, np.moveaxis(rest, 2, 0)).astype(np.float64, copy=False)
        return np.moveaxis(found, 0, 2)
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
