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
from goodoffices.solvers.belief.plan import Group, Plan, tables
from goodoffices.solvers.belief.tangents_lookup import LookUp


class Changes(NamedTuple):
    """Something and its change."""

    at: Floats
    by: Floats
    """[d, ...]"""


class Paid(NamedTuple):
    """Payoffs and their changes."""

    at: Floats
    by: Floats | None
    """[d, ...]; None where nothing changes."""


class Numbers(NamedTuple):
    """The payoffs and odds of one group, and their changes; arrays as in `plan.Tables`, broadcast to the grid."""

    odds: Changes | None
    own: Paid
    others: Paid
    by_type: Paid


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

        def both(name: str) -> Paid:
            at, by = (getattr(t, name) for t in (base, each))
            middle = next((a.shape[2] for a in (at, by) if a is not None), len(plan.parts))
            shape = (*group.actions.shape, middle, *tail)
            changes = None
            if by is not None and by.any():
                changes = np.zeros((count, *shape))
                changes[:] = np.moveaxis(by.reshape(*by.shape[:-1], count, draws), -2, 0)
            return Paid(np.zeros(shape) if at is None else np.broadcast_to(at, shape), changes)

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
    worth, change = follow.at + numbers.others.at, follow.by
    if numbers.others.by is not None:
        change = change + numbers.others.by
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
    cells = logs.shape[3:]

    def flat(array: Floats, lead: int) -> Floats:  # cells along one axis
        return array.reshape(*array.shape[:lead], -1)

    prior_logs = plan.grid.log_beliefs(mover).reshape(2, *plan.grid.shape, 1)
    prior = front(prior_logs[0] - prior_logs[1])
    z = prior + logs[:, :, 0] - logs[:, :, 1]
    small = np.exp(-np.abs(z))
    x = np.where(z >= 0, 1.0, small) / (1.0 + small)
    hump = flat(small / (1.0 + small) ** 2, 2)
    follow = LookUp(plan, group, numbers.odds, ahead, axis, x)
    own, others, by_type = (
        Paid(flat(front(c.at), 3), None if c.by is None else flat(front(c.by), 4))
        for c in (numbers.own, numbers.others, numbers.by_type)
    )
    copies = x[0, 0].size // precision.shape[1]
    lam = np.tile(precision[mover], copies)
    by_lam = np.tile(bend[:, mover], copies)[:, None, None, None]
    choice = np.exp(flat(logs, 3))
    q, dq = own.at + follow.at[:, :, own_parts], follow.changes(own_parts)
    if own.by is not None:
        dq += own.by
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
    dq += steep * dx[:, :, :, None]
    dlogs = lam * dq + by_lam * q
    dlogs -= (choice * dlogs).sum(2, keepdims=True)
    belief, other = (
        np.broadcast_to(np.exp(-np.logaddexp(0.0, sign * prior)), cells).ravel() for sign in (-1, 1)
    )
    share = np.stack([belief * choice[:, :, 0], other * choice[:, :, 1]], 2)
    dshare = share * dlogs
    total, dtotal = share.sum(2), dshare.sum(3)
    values = np.empty((len(dq), len(q), len(plan.parts), q.shape[-1]))
    values[:, :, own_parts] = (choice * (dlogs * q + dq)).sum(2)
    rest = [v for v in range(len(plan.parts)) if not first <= v < first + 2]
    if rest:
        sums = follow.summed(total, rest)
        worth, bend_of = follow.at[:, :, rest] + others.at[:, :, rest], follow.steep[:, :, rest]
        for m in range(q.shape[1]):
            sums += (total[:, m] * dx[:, :, m])[:, :, None] * bend_of[:, m]
            sums += dtotal[:, :, m, None] * worth[:, m]
            sums += dshare[:, :, m, :1] * by_type.at[:, m, rest]
            if others.by is not None:
                sums += total[:, m, None] * others.by[:, :, m, rest]
            if by_type.by is not None:
                sums += share[:, m, :1] * by_type.by[:, :, m, rest]
        values[:, :, rest] = sums

    def whole(array: Floats) -> Floats:
        return back(array.reshape(*array.shape[:-1], *cells))

    return whole(values), whole(dlogs), whole(dx)


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
