"""How turns of one party change with what follows them and with the game's numbers.

Receives the changes of what follows; returns those of values, log choices and beliefs of the turn, at the fixed point
that the solution holds. A party with two types: differentiate F(z, numbers) = 0 of `signals` at z.

Index letters: d direction, n place of the group, m move, k the mover's type, v component, q the grid along the mover's
belief, g the other axes of the grid, b draw.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from goodoffices.games.recursive import Floats, RecursiveData
from goodoffices.solvers.belief.curves import intervals_of
from goodoffices.solvers.belief.interpolation import slopes
from goodoffices.solvers.belief.plan import Group, Plan, tables
from goodoffices.solvers.belief.tangents_curves import slope_tangents


class Changes(NamedTuple):
    """Something and its change."""

    at: Floats
    by: Floats
    """[d, ...]"""


class Numbers(NamedTuple):
    """The payoffs and odds of one group, and their changes; arrays as in `plan.Tables`, broadcast to the grid."""

    odds: Changes | None
    own: Changes
    others: Changes
    by_type: Changes


class Here:
    """Makes the numbers of groups."""

    def __init__(
        self, plan: Plan, data: RecursiveData, change: RecursiveData, paid: Floats, paid_change: Floats
    ) -> None:
        self.plan, self.data, self.change = plan, data, change
        self.paid, self.paid_change = paid, paid_change

    def of(self, group: Group) -> Numbers:
        """The numbers of one group."""
        plan, draws = self.plan, self.data.discount.shape[-1]
        count = len(self.paid_change)
        base = tables(plan, group, self.data, self.paid)
        # Changes are payoffs like any others, of as many draws as there are directions and draws.
        each = tables(plan, group, self.data, np.concatenate(list(self.paid_change), -1))
        tail = (*plan.grid.shape, draws)

        def both(name: str) -> Changes:
            at, by = (getattr(t, name) for t in (base, each))
            middle = next((a.shape[2] for a in (at, by) if a is not None), len(plan.parts))
            shape = (*group.actions.shape, middle, *tail)
            changes = np.zeros((count, *shape))
            if by is not None:
                changes[:] = np.moveaxis(by.reshape(*by.shape[:-1], count, draws), -2, 0)
            return Changes(np.zeros(shape) if at is None else np.broadcast_to(at, shape), changes)

        odds = None
        if base.odds is not None:
            there = (group.edges >= 0)[..., None]
            odds = Changes(base.odds, np.where(there, self.change.odds[:, group.edges], 0.0))
        return Numbers(odds, both("own"), both("others"), both("by_type"))


def plain_turns(
    plan: Plan, group: Group, numbers: Numbers, ahead: Changes, precision: Floats, bend: Floats
) -> tuple[Floats, Floats | None]:
    """Changes of values [d, n, v, g..., b], and of log choices [d, n, m, g..., b] where there is a choice."""
    follow = _mixed(group, numbers.odds, ahead)
    worth, change = follow.at + numbers.others.at, follow.by + numbers.others.by
    if group.actions.shape[1] == 1:
        return change[:, :, 0], None
    (mover,) = group.movers
    part = plan.part(mover, 0)
    choice = _softmax(precision[mover] * worth[:, :, part], 1)
    axes = change.ndim
    logs = precision[mover] * change[:, :, :, part] + _wide(bend[:, mover], axes - 1) * worth[:, :, part]
    logs = logs - (choice * logs).sum(2, keepdims=True)
    values = (choice[:, :, None] * (change + logs[:, :, :, None] * worth)).sum(2)
    return values, logs


def signal_turns(
    plan: Plan,
    group: Group,
    numbers: Numbers,
    ahead: Changes,
    log_choice: Floats,
    precision: Floats,
    bend: Floats,
) -> tuple[Floats, Floats, Floats]:
    """A party with two types: changes of values [d, n, v, g..., b], log choices [d, n, m, k, g..., b] and beliefs
    [d, n, m, g..., b], at log choices [n, m, k, g..., b]."""
    (mover,) = group.movers
    (axis,) = plan.grid.axes(mover)
    first = plan.part(mover, 0)
    own_parts, turned = slice(first, first + 2), axis - len(plan.grid.shape) - 1

    def front(array: Floats) -> Floats:  # the mover's axis before the others of the grid
        return np.moveaxis(array, turned, -len(plan.grid.shape) - 1)

    def back(array: Floats) -> Floats:
        return np.moveaxis(array, -len(plan.grid.shape) - 1, turned)

    logs = front(log_choice)
    prior_logs = plan.grid.log_beliefs(mover).reshape(2, *plan.grid.shape, 1)
    prior = front(prior_logs[0] - prior_logs[1])
    z = prior + logs[:, :, 0] - logs[:, :, 1]
    small = np.exp(-np.abs(z))
    x = np.where(z >= 0, 1.0, small) / (1.0 + small)
    hump = small / (1.0 + small) ** 2
    follow = _look_up(plan, group, numbers.odds, ahead, axis, x)
    own, others, by_type = (
        Changes(front(c.at), front(c.by)) for c in (numbers.own, numbers.others, numbers.by_type)
    )
    lam, by_lam = precision[mover], _wide(bend[:, mover], logs.ndim + 1)
    choice = np.exp(logs)
    q, dq = own.at + follow.at[:, :, own_parts], own.by + follow.by[:, :, :, own_parts]
    steep = follow.steep[:, :, own_parts]
    u = lam * dq + by_lam * q
    u -= (choice * u).sum(2, keepdims=True)
    pull = lam * hump[:, :, None] * steep
    inverse = 1.0 / (1.0 - (pull[:, :, 0] - pull[:, :, 1]))
    row = choice[:, :, 0] * pull[:, :, 0] - choice[:, :, 1] * pull[:, :, 1]
    right = (u[:, :, :, 0] - u[:, :, :, 1]) * inverse
    dz = right - inverse * (
        (row * right).sum(2, keepdims=True) / (1.0 + (row * inverse).sum(1, keepdims=True))
    )
    dx = hump * dz
    dq = dq + steep * dx[:, :, :, None]
    dlogs = lam * dq + by_lam * q
    dlogs -= (choice * dlogs).sum(2, keepdims=True)
    belief, other = np.exp(-np.logaddexp(0.0, -prior)), np.exp(-np.logaddexp(0.0, prior))
    share = np.stack([belief * choice[:, :, 0], other * choice[:, :, 1]], 2)
    dshare = share * dlogs
    total, dtotal = share.sum(2)[:, :, None], dshare.sum(3)[:, :, :, None]
    worth = follow.at + others.at
    dworth = follow.by + follow.steep * dx[:, :, :, None] + others.by
    values = dtotal * worth + total * dworth
    values += dshare[:, :, :, :1] * by_type.at + share[:, :, :1] * by_type.by
    values[:, :, :, own_parts] = choice * (dlogs * q + dq)
    return back(values.sum(2)), back(dlogs), back(dx)


class _LookedUp(NamedTuple):
    at: Floats
    """[n, m, v, q, g..., b] what follows at the beliefs after each move."""
    by: Floats
    """[d, ...] its change at these beliefs."""
    steep: Floats
    """[...] its derivative in the belief."""


def _look_up(
    plan: Plan, group: Group, odds: Changes | None, ahead: Changes, axis: int, x: Floats
) -> _LookedUp:
    """Of the cubic on each interval, by its values and slopes at both ends."""
    nodes, at = plan.grid.nodes[axis], 2 + axis
    to, first = np.unique(group.to), 3 + axis
    values, change = ahead.at[to], ahead.by[:, to]
    slope, bent = slopes(values, nodes, at), slope_tangents(values, change, nodes, at)
    values, slope = (np.moveaxis(a, at, 2) for a in (values, slope))
    change, bent = (np.moveaxis(a, first, 3) for a in (change, bent))
    i = intervals_of(x, nodes)
    h = np.diff(nodes)[i][:, :, None]
    t = ((x - nodes[i]) / np.diff(nodes)[i])[:, :, None]
    rise = t * t * (3.0 - 2.0 * t)
    weights = (1.0 - rise, rise, h * t * (1.0 - t) ** 2, h * t * t * (t - 1.0))
    steepness = (
        6.0 * t * (t - 1.0) / h,
        6.0 * t * (1.0 - t) / h,
        (1.0 - t) * (1.0 - 3 * t),
        t * (3 * t - 2.0),
    )
    # [n, m, v, q, g..., b]: where the node below lies in arrays [place, v, node, g..., b].
    parts, rest = values.shape[1], values.shape[3:]
    size = int(np.prod(rest))
    column = np.arange(size).reshape(rest)
    below = np.arange(parts).reshape(-1, *(1,) * (x.ndim - 2)) * (len(nodes) * size) + i[:, :, None] * size
    change, bent = (a.reshape(len(a), -1) for a in (change, bent))

    def read(e: int) -> _LookedUp:
        source = np.searchsorted(to, group.to[:, :, e]).reshape(*group.to.shape[:2], *(1,) * (x.ndim - 1))
        low = below + column + source * (parts * len(nodes) * size)
        v0, v1, s0, s1 = (a.take(k) for a in (values, slope) for k in (low, low + size))
        ends = (a.take(k, 1) for a in (change, bent) for k in (low, low + size))
        by = np.zeros((len(change), *low.shape))
        for weight, end in zip(weights, ends, strict=True):
            by += weight * end
        return _LookedUp(
            weights[0] * v0 + weights[1] * v1 + weights[2] * s0 + weights[3] * s1,
            by,
            steepness[0] * v0 + steepness[1] * v1 + steepness[2] * s0 + steepness[3] * s1,
        )

    found = [read(e) for e in range(group.to.shape[2])]
    if odds is None:
        return found[0]
    value, turned, steep = (np.zeros_like(array) for array in found[0])
    for e, there in enumerate(found):
        weight, by = odds.at[:, :, e], odds.by[:, :, :, e]
        weight, by = (a.reshape(*a.shape[:-1], *(1,) * (x.ndim - 2), a.shape[-1]) for a in (weight, by))
        value += weight * there.at
        steep += weight * there.steep
        turned += weight * there.by + by * there.at
    return _LookedUp(value, turned, steep)


def _mixed(group: Group, odds: Changes | None, ahead: Changes) -> Changes:
    """[n, m, v, g..., b] what follows each action, averaged over its edges, and its change."""
    if odds is None:
        to = group.to[:, :, 0]
        return Changes(ahead.at[to], ahead.by[:, to])
    axes = ahead.at.ndim - 2
    weight = odds.at.reshape(*odds.at.shape[:-1], *(1,) * axes, odds.at.shape[-1])
    by = odds.by.reshape(*odds.by.shape[:-1], *(1,) * axes, odds.by.shape[-1])
    there, change = ahead.at[group.to], ahead.by[:, group.to]
    return Changes((weight * there).sum(2), (weight * change).sum(3) + (by * there).sum(3))


def _softmax(u: Floats, axis: int) -> Floats:
    e = np.exp(u - u.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def _wide(by_draw: Floats, axes: int) -> Floats:
    """[d, b] with `axes` axes in all."""
    return by_draw.reshape(len(by_draw), *(1,) * (axes - 2), by_draw.shape[-1])
