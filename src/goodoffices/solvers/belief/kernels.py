"""The turns of a slot for all cells of a grid and a chunk of draws, compiled by XLA in double precision.

Receives the values of the next slot; gives those of this one, with the log-odds of every signalling choice and how they
were reached. Places of a group are taken one after another, so that what is worked on stays in the processor's cache.

Index letters: n place, m move, k the mover's type, v component, g... grid, b draw (last, so that draws fill the lanes of
vector instructions).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from goodoffices.solvers.belief.grid import LOG_ODDS_OF_CERTAINTY
from goodoffices.solvers.belief.interpolation import slopes
from goodoffices.solvers.belief.lookup import lookup, unique
from goodoffices.solvers.belief.plan import PLAIN, STILL, Group, Plan
from goodoffices.solvers.belief.signals import Stage, evaluate

jax.config.update("jax_enable_x64", True)

Array = Any
CLOSE = 3e-6
"""A Newton step this small (in log-odds) leaves an error of its square."""
LARGEST_MOVE = 4.0
"""Longest Newton step, in log-odds."""
LARGEST_FOLLOWED = 0.5
"""Longest first Newton step after a step along the branch."""
LARGEST_WARM = 1.0
"""Longest first Newton step of a cell that counts as followed from the round before."""
LEAST_REGULAR = 0.05
"""Least diagonal and determinant (relative to it) of a cell that counts as far from a fold."""


class Numbers(NamedTuple):
    """The payoff tables of a group as the compiled code takes them (see `plan.Tables`)."""

    odds: Array
    own: Array
    others: Array
    by_type: Array


class Signal(NamedTuple):
    """A turn of a party with two types at some cells, ready to be solved."""

    prior: Array
    """[g..., b] log-odds of the first type."""
    precision: Array
    """[b]"""
    ahead: Array
    """[m, v, g..., b] what follows, on the nodes."""
    slope: Array
    """[m, v, g..., b] its slopes along the mover's axis."""
    numbers: Numbers
    """Without the axis of places."""


class Turns(NamedTuple):
    """A group computed; arrays that do not apply are empty."""

    values: Array
    """[n, v, g..., b]"""
    z: Array
    """[n, m, g..., b] log-odds of the mover's first type after each move."""
    log_choice: Array
    """[n, m, k, g..., b]"""
    gap: Array
    """[n, g..., b] what is left of the fixed point's equation, relative to 1 + |log-odds|."""
    followed: Array
    """[n, g..., b] whether the answer is near the first guess and far from a fold."""
    sure: Array
    """[n, g..., b] whether the fixed point is proven to be the only one."""


def compute(
    plan: Plan,
    group: Group,
    following: Array,
    slope: Array | None,
    numbers: Numbers,
    start: Array,
    rationality: Array,
    discount: Array,
    *,
    iterations: int,
    keep: bool,
) -> Turns:
    """Solve the places of one group. `following` and `slope` are the next slot's values and their slopes along the
    mover's axis; `start` [n, m, g..., b] are first guesses of the log-odds (empty unless the group signals)."""

    def place(xs: tuple[Array, ...]) -> Turns:
        goes, odds, own, others, by_type, guess = xs
        mine = Numbers(odds, own, others, by_type)
        ahead = mixed(following[goes], odds) * discount
        if group.kind == STILL:
            return _still(plan, group, ahead, mine, guess, keep)
        if group.kind == PLAIN:
            return _plain(plan, group, ahead, mine, guess, rationality, keep)
        (mover,) = group.movers
        prior = plan.grid.log_beliefs(mover)
        prior = jnp.asarray((prior[0] - prior[1]).reshape(*plan.grid.shape, 1))
        assert slope is not None
        turn = Signal(prior, rationality[mover], ahead, mixed(slope[goes], odds) * discount, mine)
        return solve_signal(line_of(plan, mover), turn, guess, iterations=iterations, keep=keep)

    given = (jnp.asarray(group.to), numbers.odds, numbers.own, numbers.others, numbers.by_type, start)
    return jax.lax.map(place, given)


def mixed(table: Array, odds: Array) -> Array:
    """[m, ...] average over edges of [m, e, ...]; `odds` [m, e, b] are empty where every action has one edge."""
    if not odds.size:
        return table[:, 0]
    return (odds.reshape(*odds.shape[:2], *(1,) * (table.ndim - 3), odds.shape[-1]) * table).sum(1)


def _nothing() -> Array:
    return jnp.zeros(0)


def _still(plan: Plan, group: Group, ahead: Array, numbers: Numbers, guess: Array, keep: bool) -> Turns:
    values = ahead[0] + numbers.others[0]
    logs = _nothing()
    if keep and group.movers:
        types = max(plan.game.types[p] for p in group.movers)
        logs = jnp.zeros((group.rows.shape[1], types, *values.shape[1:]))
    return Turns(values, guess, logs, _nothing(), _nothing(), _nothing())


def _plain(
    plan: Plan, group: Group, ahead: Array, numbers: Numbers, guess: Array, rationality: Array, keep: bool
) -> Turns:
    worth = ahead + numbers.others
    mover = group.movers[0]
    logs = jax.nn.log_softmax(rationality[mover] * worth[:, plan.part(mover, 0)], axis=0)
    values = (jnp.exp(logs)[:, None] * worth).sum(0)
    return Turns(values, guess, logs[:, None] if keep else _nothing(), _nothing(), _nothing(), _nothing())


class Line(NamedTuple):
    """The line of beliefs about one party of two types."""

    first: int
    """Component of its first type; the second follows."""
    axis: int
    """Axis of the belief, counted from the end."""
    nodes: np.ndarray


def line_of(plan: Plan, mover: int) -> Line:
    """The line along which a mover's own move can shift beliefs."""
    (number,) = plan.grid.axes(mover)
    return Line(plan.part(mover, 0), number - len(plan.grid.shape) - 1, plan.grid.nodes[number])


def stage(line: Line, turn: Signal, z: Array, share: Array | float = 1.0) -> Stage:
    """The fixed point's equation at z [m, x], at a share of the rationality."""
    own = slice(line.first, line.first + 2)
    x = jax.nn.sigmoid(z)[:, None]
    q, change = lookup(x, turn.ahead[:, own], turn.slope[:, own], line.nodes, line.axis)
    q = q + turn.numbers.own
    return evaluate(
        z, turn.prior, share * turn.precision, jnp.moveaxis(q, 1, 0), jnp.moveaxis(change, 1, 0), jnp
    )


def newton(at: Stage) -> tuple[Array, Array, Array]:
    """Newton's step (not too long), its size before it was shortened, and how regular the Jacobian is."""
    diagonal = jnp.where(jnp.abs(at.diagonal) < 1e-12, 1e-12, at.diagonal)
    w = 1.0 / diagonal
    y = at.gap * w
    bottom = 1.0 + (at.row * w).sum(0)
    step = y - w * ((at.row * y).sum(0) / jnp.where(jnp.abs(bottom) < 1e-12, 1e-12, bottom))
    size = jnp.abs(step).max(0)
    regular = jnp.minimum(diagonal.min(0), bottom)
    return step * jnp.minimum(1.0, LARGEST_MOVE / jnp.maximum(size, 1e-300)), size, regular


def solve_signal(line: Line, turn: Signal, guess: Array, *, iterations: int, keep: bool) -> Turns:
    """Newton's method from a guess [m, x], and what the turn then comes to.

    A cell that has arrived is left alone, so that its answer does not depend on the company it was solved in.
    """

    def better(state: tuple[Array, ...]) -> tuple[Array, ...]:
        z, going, count, first, regular = state
        step, size, now = newton(stage(line, turn, z))
        first = jnp.where(count == 0, size, first)
        regular = jnp.where(going, now, regular)
        return jnp.where(going, z - step, z), going & (size > CLOSE), count + 1, first, regular

    def unfinished(state: tuple[Array, ...]) -> Array:
        return state[1].any() & (state[2] < iterations)

    shape = guess.shape[1:]
    z, _, _, first, regular = jax.lax.while_loop(
        unfinished, better, (guess, jnp.ones(shape, bool), 0, jnp.zeros(shape), jnp.zeros(shape))
    )
    values, logs, gap = settle(line, turn, z)
    own = slice(line.first, line.first + 2)
    sure = unique(
        turn.ahead[:, own], turn.slope[:, own], turn.numbers.own, turn.precision, line.nodes, line.axis
    )
    # At certainty beliefs do not move, so nothing that is chosen depends on itself.
    sure = sure | (jnp.abs(turn.prior) > 0.9 * LOG_ODDS_OF_CERTAINTY)
    followed = (first <= LARGEST_WARM) & (regular >= LEAST_REGULAR)
    return Turns(values, z, logs if keep else _nothing(), gap, followed, jnp.broadcast_to(sure, gap.shape))


def settle(line: Line, turn: Signal, z: Array) -> tuple[Array, Array, Array]:
    """Values [v, x], log choices [m, k, x] and what is left of the equation [x] at given log-odds."""
    own = slice(line.first, line.first + 2)
    numbers = turn.numbers
    x = jax.nn.sigmoid(z)[:, None]
    worth, _ = lookup(x, turn.ahead, turn.slope, line.nodes, line.axis)
    gain = worth[:, own] + numbers.own
    logs = jax.nn.log_softmax(turn.precision * gain, axis=0)
    gap = (jnp.abs(z - turn.prior[None] - logs[:, 0] + logs[:, 1]) / (1.0 + jnp.abs(z))).max(0)
    choice = jnp.exp(logs)
    belief = jax.nn.sigmoid(turn.prior)
    total = belief * choice[:, 0] + (1.0 - belief) * choice[:, 1]
    paid = worth + numbers.others
    if numbers.by_type.size:
        paid = paid + numbers.by_type * x
    values = (total[:, None] * paid).sum(0)
    return values.at[own].set((choice * gain).sum(0)), logs, gap


def slopes_for(plan: Plan, slot: int, following: Array) -> Array | None:
    """Slopes of the next slot's values along the axis of a slot's mover, where it has one."""
    movers = plan.game.slots[slot]
    if len(movers) != 1 or plan.game.types[movers[0]] != 2:
        return None
    (axis,) = plan.grid.axes(movers[0])
    return slopes(following, plan.grid.nodes[axis], 2 + axis, jnp)
