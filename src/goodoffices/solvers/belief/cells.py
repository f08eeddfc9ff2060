"""Single cells of a grid solved along their branch, for those that Newton's method alone cannot be trusted with.

Receives cells of one group (place, node of the grid, draw); follows each from zero rationality by
pseudo-arclength, compiled; the few that take very short or very many steps go to the tracer of `arclength`. Cells are
handled many at a time.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from goodoffices.games.recursive import Floats, Ints
from goodoffices.solvers.belief.arclength import Equations, follow
from goodoffices.solvers.belief.interpolation import interpolate
from goodoffices.solvers.belief.kernels import (
    CLOSE,
    LARGEST_FOLLOWED,
    Line,
    Numbers,
    Signal,
    line_of,
    mixed,
    settle,
    stage,
)
from goodoffices.solvers.belief.plan import Group, Plan
from goodoffices.solvers.belief.signals import evaluate, newton_step, probability

Array = Any
WIDTHS = (256, 2048)
"""Cells handled at a time, so that the work is compiled for few shapes."""
PASSES = (40, 160)
"""Most evaluations of all cells, and then of those that are left."""
FIRST, SHORTEST = 0.3, 1e-5
"""Lengths of steps along the branch."""
LEAST_COSINE = 0.6
ON_THE_WAY = 1e-4
MOST_STEPS = 600
"""Steps of the tracer; who needs more is at a place where the interpolant bends too sharply to be followed."""
SOLVED = 1e-9
"""Largest gap in log-odds, relative to 1 + |log-odds|, that counts as solved."""


class Climbed(NamedTuple):
    """Cells solved: index letter c."""

    z: Array
    """[m, c] log-odds after each move."""
    values: Array
    """[v, c]"""
    log_choice: Array
    """[m, k, c]"""
    gap: Array
    """[c]"""
    good: Array
    """[c] whether every step was small, regular and solved."""


def gather(
    plan: Plan,
    group: Group,
    following: Array,
    slope: Array,
    numbers: Numbers,
    rationality: Array,
    discount: Array,
    where: tuple[Array, ...],
) -> tuple[Line, Signal]:
    """The turns at some cells: `where` are places of the group, an index for each axis of the grid, and draws, [c] each."""
    (mover,) = group.movers
    (number,) = plan.grid.axes(mover)
    place, *node, draw = where
    rest = [n for a, n in enumerate(node) if a != number]
    to = jnp.asarray(group.to)[place]  # [c, m, e]

    def pick(table: Array) -> Array:
        lead = jnp.moveaxis(table, 2 + number, 1)  # [place, node, v, rest..., b]
        lead = jnp.moveaxis(lead, 2, -1)  # [place, node, rest..., b, v]
        lead = jnp.moveaxis(lead, 1, -1)  # [place, rest..., b, v, node]
        found = lead[(to, *(n[:, None, None] for n in rest), draw[:, None, None])]  # [c, m, e, v, node]
        return jnp.moveaxis(found, 0, -1)  # [m, e, v, node, c]

    def spread(table: Array) -> Array:
        """[m, v, 1, c] of a payoff table [n, m, v, g..., b]."""
        if not table.size:
            return table[0] if table.ndim > 2 else jnp.zeros((0, 0))
        index = [jnp.minimum(n, table.shape[3 + a] - 1) for a, n in enumerate(node)]
        last = jnp.moveaxis(jnp.moveaxis(table, 2, -1), 1, -2)  # [n, g..., b, m, v]
        found = last[(place, *index, jnp.minimum(draw, table.shape[-1] - 1))]
        return jnp.moveaxis(found, 0, -1)[:, :, None]

    odds = jnp.moveaxis(numbers.odds[place, :, :, draw], 0, -1) if numbers.odds.size else numbers.odds
    mine = Numbers(odds, spread(numbers.own), spread(numbers.others), spread(numbers.by_type))
    logs = plan.grid.log_beliefs(mover)
    prior = jnp.asarray((logs[0] - logs[1]).reshape(plan.grid.shape))[tuple(node)][None]
    factor = discount[draw]
    turn = Signal(
        prior,
        rationality[mover][draw],
        mixed(pick(following), odds) * factor,
        mixed(pick(slope), odds) * factor,
        mine,
    )
    return line_of(plan, mover)._replace(axis=-2), turn


class _Climb(NamedTuple):
    """Where cells are on their branches; [m, x] or [x]. A trial starts at the last point accepted."""

    z: Array
    t: Array
    dz: Array
    dt: Array
    """Tangent there, of length one."""
    trial: Array
    trial_t: Array
    last: Array
    """Whether the trial is at the rationality asked for, and t is held fixed."""
    length: Array
    first: Array
    previous: Array
    going: Array


def climb(line: Line, turn: Signal, most: Array | int) -> Climbed:
    """Follow cells from zero rationality by pseudo-arclength in (z, t), t = log(1 + rationality).

    A step is believed if the first Newton step is small, the next ones contract and the tangent does not turn much, and is
    shortened otherwise; folds are passed. Cells that need very short steps, or many, are not `good`.
    """
    scale = jnp.maximum(turn.precision, 1e-9)
    end = jnp.log1p(scale)
    prior = jnp.broadcast_to(turn.prior, (turn.ahead.shape[0], *turn.prior.shape))
    blank = jnp.zeros(turn.prior.shape)

    def onward(state: tuple[_Climb, Array]) -> tuple[_Climb, Array]:
        s, count = state
        share = jnp.where(s.last, 1.0, jnp.expm1(s.trial_t) / scale)
        at = stage(line, turn, s.trial, share)
        back = -newton_step(at, at.gap, jnp)
        drift = newton_step(at, at.by_rationality * turn.precision * jnp.exp(s.trial_t) / scale, jnp)
        bottom = s.dt - (s.dz * drift).sum(0)
        by_t = -(s.dz * back).sum(0) / jnp.where(jnp.abs(bottom) < 1e-12, 1e-12, bottom)
        by_t = jnp.where(s.last, 0.0, by_t)
        step = back - drift * by_t
        size = jnp.maximum(jnp.abs(step).max(0), jnp.abs(by_t))
        fresh = jnp.isinf(s.previous)
        first = jnp.where(fresh, size, s.first)
        believed = (size <= jnp.where(fresh, LARGEST_FOLLOWED, 0.5 * s.previous)) | (size <= 1e-7)
        # The tangent of the branch here, pointing the way of the last one.
        norm = 1.0 / jnp.sqrt(1.0 + (drift * drift).sum(0))
        cosine = (s.dt - (s.dz * drift).sum(0)) * norm
        sign = jnp.where(cosine < 0, -1.0, 1.0)
        new_dz, new_dt = -drift * norm * sign, norm * sign
        arrived = size <= jnp.where(s.last, CLOSE, ON_THE_WAY)
        turned = (count > 0) & arrived & ((jnp.abs(cosine) < LEAST_COSINE) | (s.last & (new_dt < 0)))
        there = s.going & believed & arrived & ~turned
        lost = s.going & (~believed | turned)
        trial, trial_t = s.trial + step, s.trial_t + by_t
        z, t = jnp.where(there, trial, s.z), jnp.where(there, trial_t, s.t)
        dz, dt = jnp.where(there, new_dz, s.dz), jnp.where(there, new_dt, s.dt)
        grow = jnp.clip(jnp.sqrt(0.1 / jnp.maximum(first, 1e-9)), 0.5, 2.5)
        length = jnp.where(there, s.length * grow, jnp.where(lost, 0.4 * s.length, s.length))
        anew = there | lost
        over = (dt > 0) & (t + dt * length >= end)
        ahead = jnp.where(over, (end - t) / jnp.where(over, dt, 1.0), length)
        going = s.going & ~(there & s.last) & (length >= SHORTEST) & (t >= -1e-6)
        return _Climb(
            z,
            t,
            dz,
            dt,
            jnp.where(anew, z + dz * ahead, trial),
            jnp.where(anew, jnp.where(over, end, t + dt * ahead), trial_t),
            jnp.where(anew, over, s.last),
            length,
            first,
            jnp.where(anew, jnp.inf, size),
            going,
        ), count + 1

    no = jnp.zeros(turn.prior.shape, bool)
    start = _Climb(
        prior, blank, 0 * prior, blank + 1.0, prior, blank, no, blank + FIRST, blank, blank + jnp.inf, ~no
    )
    found, _ = jax.lax.while_loop(lambda s: s[0].going.any() & (s[1] < most), onward, (start, jnp.asarray(0)))
    values, logs, gap = settle(line, turn, found.z)
    good = ~found.going & (found.t >= end) & (gap <= SOLVED)
    return Climbed(found.z[:, 0], values[:, 0], logs[:, :, 0], gap[0], good[0])


def trace(line: Line, turn: Signal, cells: Ints) -> tuple[Floats, np.ndarray]:
    """Follow some of the cells by pseudo-arclength; their log-odds [m, c] and whether they arrived [c]."""
    own = slice(line.first, line.first + 2)
    ahead = np.moveaxis(np.asarray(turn.ahead)[:, own][..., cells], 2, 0)  # [node, m, k, c]
    slope = np.moveaxis(np.asarray(turn.slope)[:, own][..., cells], 2, 0)
    pay = np.asarray(turn.numbers.own)[:, :, 0][..., cells if turn.numbers.own.shape[-1] > 1 else slice(None)]
    prior = np.asarray(turn.prior)[0, cells]
    precision = np.broadcast_to(np.asarray(turn.precision), np.asarray(turn.prior).shape)[0, cells]
    moves = ahead.shape[1]

    def equations(who: Ints, z: Floats, share: Floats) -> Equations:
        x = np.broadcast_to(probability(z.T)[None, :, None], (1, moves, 2, len(who)))
        q, change = interpolate(x, ahead[..., who], slope[..., who], line.nodes)
        worth = q[0] + (pay[..., who] if pay.shape[-1] > 1 else pay)
        at = evaluate(
            z.T, prior[who], share * precision[who], np.moveaxis(worth, 1, 0), np.moveaxis(change[0], 1, 0)
        )
        jacobian = np.zeros((len(who), moves, moves)) + at.row.T[:, None, :]
        jacobian[:, np.arange(moves), np.arange(moves)] += at.diagonal.T
        return Equations(at.gap.T, jacobian, at.by_rationality.T * precision[who][:, None])

    found = follow(equations, np.repeat(prior[:, None], moves, 1), precision, max_steps=MOST_STEPS)
    return found.x.T, found.arrived


@partial(jax.jit, static_argnums=(0, 1))
def climb_cells(
    plan: Plan,
    group: Group,
    following: Array,
    slope: Array,
    numbers: Numbers,
    r: Array,
    discount: Array,
    where: Any,
    most: int,
) -> tuple[Climbed, Signal]:
    """Gather and climb; the turns are returned for those that have to be traced."""
    line, turn = gather(plan, group, following, slope, numbers, r, discount, where)
    return climb(line, turn, most), turn


@partial(jax.jit, static_argnums=(0, 1))
def settle_cells(plan: Plan, group: Group, turn: Signal, z: Array) -> tuple[Array, Array, Array]:
    """Values [v, c], log choices [m, k, c] and gaps [c] of gathered cells at given log-odds [m, c]."""
    line = line_of(plan, group.movers[0])._replace(axis=-2)
    values, logs, gap = settle(line, turn, z[:, None])
    return values[:, 0], logs[:, :, 0], gap[0]
