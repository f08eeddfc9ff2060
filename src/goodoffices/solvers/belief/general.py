"""A turn in its general form: several movers at once, any number of types; compiled, for all cells of a place.

Receives the values of the next slot; gives those of this one. The unknowns of a cell are the log probabilities of every
mover's moves by type, the equation is that they are the logit response to what they imply. The Jacobian comes from
forward-mode derivatives; every cell is followed from zero rationality by pseudo-arclength in `arclength`, warm answers of
the round before being kept where Newton's method stays near them.

Index letters: a action, c choice (a mover's own move), k type, v component, x cells (one draw at a time, all of them).
"""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from goodoffices.games.recursive import Floats, Ints, RecursiveData
from goodoffices.solvers.belief.arclength import Equations, follow
from goodoffices.solvers.belief.grid import coordinates_of
from goodoffices.solvers.belief.plan import Group, Plan
from goodoffices.solvers.belief.surface import Surface, evaluate_surface

jax.config.update("jax_enable_x64", True)

Array = Any
NEAR = 0.5
"""Longest first Newton step of a cell that is taken as followed from the round before."""
SOLVED = 1e-10


class Cells(NamedTuple):
    """Some cells of one place; x last everywhere."""

    beliefs: tuple[Array, ...]
    """[p][k, x] logarithms of the public beliefs."""
    surfaces: Surface
    """What follows each action: tables [a, v, g..., draw] (discounted, averaged over edges)."""
    draw: Array
    """[x] which draw."""
    payoff: Array
    """[a, k, p, x] payoff of each action by type profile."""
    precision: Array
    """[p, x]"""


class Shape(NamedTuple):
    """What is fixed about a place: hashable, so that code is compiled once for each."""

    types: tuple[int, ...]
    profiles: tuple[tuple[int, ...], ...]
    """[p][k]"""
    movers: tuple[int, ...]
    counts: tuple[int, ...]
    """Number of own moves of each mover."""
    nodes: tuple[tuple[float, ...], ...]

    @property
    def unknowns(self) -> list[tuple[int, int, int]]:
        """(mover's place in line, own move, type) of each unknown."""
        return [
            (j, m, k)
            for j, (p, count) in enumerate(zip(self.movers, self.counts, strict=True))
            for m in range(count)
            for k in range(self.types[p])
        ]


def shape_of(plan: Plan, group: Group) -> Shape:
    """The shape of a group's places."""
    game = plan.game
    moves = game.action_moves[group.actions[0]][:, : len(group.movers)]
    return Shape(
        game.types,
        tuple(map(tuple, game.profile_types.tolist())),
        group.movers,
        tuple(len(set(column)) for column in moves.T.tolist()),
        tuple(tuple(n.tolist()) for n in plan.grid.nodes),
    )


def respond(shape: Shape, cells: Cells, logs: list[Array]) -> tuple[list[Array], Array, list[Array]]:
    """What each type of each mover gets from each own move [j][m, k, x], values [v, x], and posteriors [j][m, k, x],
    under log strategies [j][m, k, x]."""
    total = sum(shape.types)
    first = np.cumsum([0, *shape.types])
    posterior, chance = [], []
    for j, p in enumerate(shape.movers):
        joint = cells.beliefs[p][None] + logs[j]
        norm = jax.nn.logsumexp(joint, axis=1)
        posterior.append(joint - norm[:, None])
        chance.append(jnp.exp(norm))
    worth = [jnp.zeros_like(x) for x in logs]
    values = jnp.zeros((total, cells.draw.shape[0]))
    for a, joint in enumerate(itertools.product(*(range(n) for n in shape.counts))):
        after = list(cells.beliefs)
        for j, p in enumerate(shape.movers):
            after[p] = posterior[j][joint[j]]
        at = [coordinates_of(b, jnp) for b in after]
        points = (
            jnp.concatenate([x for x in at if x.shape[0]]) if sum(shape.types) > len(shape.types) else None
        )
        gain = evaluate_surface(cells.surfaces, a, points, cells.draw, shape.nodes)
        gain = gain + _paid(shape, cells.payoff[a], after)
        for p, count in enumerate(shape.types):
            mine = slice(int(first[p]), int(first[p]) + count)
            weight = jnp.ones(cells.draw.shape[0])
            for j, q in enumerate(shape.movers):
                weight = weight if q == p else weight * chance[j][joint[j]]
            if p in shape.movers:
                j = shape.movers.index(p)
                worth[j] = worth[j].at[joint[j]].add(weight * gain[mine])
                values = values.at[mine].add(weight * jnp.exp(logs[j][joint[j]]) * gain[mine])
            else:
                values = values.at[mine].add(weight * gain[mine])
    return worth, values, posterior


def _paid(shape: Shape, payoff: Array, beliefs: list[Array]) -> Array:
    """[v, x] payoffs [k, p, x] averaged over the other parties' types."""
    out = []
    for p, count in enumerate(shape.types):
        for own in range(count):
            total = 0.0
            for k, profile in enumerate(zip(*shape.profiles, strict=True)):
                if profile[p] != own:
                    continue
                weight = 0.0
                for q, t in enumerate(profile):
                    weight = weight if q == p else weight + beliefs[q][t]
                total = total + jnp.exp(weight) * payoff[k, p]
            out.append(jnp.broadcast_to(total, payoff.shape[-1:]))
    return jnp.stack(out)


def split(shape: Shape, x: Array) -> list[Array]:
    """Unknowns [d, x] as [j][m, k, x]."""
    out, begin = [], 0
    for p, count in zip(shape.movers, shape.counts, strict=True):
        size = count * shape.types[p]
        out.append(x[begin : begin + size].reshape(count, shape.types[p], *x.shape[1:]))
        begin += size
    return out


def gap(shape: Shape, cells: Cells, x: Array, share: Array) -> Array:
    """[d, x] unknown minus logit response at a share of the rationality."""
    worth, _, _ = respond(shape, cells, split(shape, x))
    parts = []
    for j, p in enumerate(shape.movers):
        u = share * cells.precision[p] * worth[j]
        parts.append(jax.nn.log_softmax(u, axis=0).reshape(-1, u.shape[-1]))
    return x - jnp.concatenate(parts)


@partial(jax.jit, static_argnums=0)
def equations(shape: Shape, cells: Cells, x: Array, share: Array) -> tuple[Array, Array, Array]:
    """gap [d, x], its Jacobian [d, d', x] and its derivative in the share [d, x], by forward-mode derivatives."""
    value, by_share = jax.jvp(lambda s: gap(shape, cells, x, s), (share,), (jnp.ones_like(share),))
    columns = jax.vmap(
        lambda e: jax.jvp(
            lambda y: gap(shape, cells, y, share), (x,), (jnp.broadcast_to(e[:, None], x.shape),)
        )[1]
    )(jnp.eye(x.shape[0]))
    return value, jnp.moveaxis(columns, 0, 1), by_share


@partial(jax.jit, static_argnums=0)
def outcome(shape: Shape, cells: Cells, x: Array) -> tuple[Array, list[Array]]:
    """Values [v, x] and posteriors [j][m, k, x] at given strategies."""
    _, values, posterior = respond(shape, cells, split(shape, x))
    return values, posterior


def select(cells: Cells, who: Ints, width: int) -> Cells:
    """Some of the cells, filled up to a width so that few shapes are compiled."""
    index = np.concatenate([who, np.repeat(who[-1:], width - len(who))])
    return Cells(
        tuple(b[:, index] for b in cells.beliefs),
        cells.surfaces,
        cells.draw[index],
        cells.payoff[..., index],
        cells.precision[:, index],
    )


def solve_cells(shape: Shape, cells: Cells, guess: Floats | None) -> tuple[Floats, np.ndarray]:
    """Log strategies [d, x] and whether each cell was solved."""
    count = cells.draw.shape[0]
    start = np.concatenate(
        [
            np.full((n * shape.types[p], count), -np.log(n))
            for p, n in zip(shape.movers, shape.counts, strict=True)
        ]
    )
    x = start.copy() if guess is None else guess.copy()
    good = np.zeros(count, bool)
    if guess is not None:
        x, good = _newton(shape, cells, x)
    left = np.flatnonzero(~good)
    if len(left):
        width = 1 << max(4, int(np.ceil(np.log2(len(left)))))

        def run(who: Ints, y: Floats, share: Floats) -> Equations:
            part = select(cells, left[who], width)
            wide = np.concatenate([y, np.repeat(y[-1:], width - len(who), 0)]).T
            shares = np.concatenate([share, np.repeat(share[-1:], width - len(who))])
            value, jacobian, by_share = (
                np.asarray(v)[..., : len(who)]
                for v in equations(shape, part, jnp.asarray(wide), jnp.asarray(shares))
            )
            return Equations(value.T, np.moveaxis(jacobian, 2, 0), by_share.T)

        scale = np.asarray(cells.precision)[list(shape.movers)].max(0)[left]
        found = follow(run, start[:, left].T, scale)
        x[:, left] = found.x.T
        good[left] = found.arrived
    return x, good


def _newton(shape: Shape, cells: Cells, x: Floats) -> tuple[Floats, np.ndarray]:
    """Newton's method from the answers of the round before; believed where it stays near them."""
    near = np.ones(x.shape[1], bool)
    size = np.full(x.shape[1], np.inf)
    share = jnp.ones(x.shape[1])
    for _ in range(6):
        value, jacobian, _ = equations(shape, cells, jnp.asarray(x), share)
        matrix = np.moveaxis(np.asarray(jacobian), 2, 0)
        with np.errstate(all="ignore"):
            fine = np.asarray(np.isfinite(matrix).all((1, 2)))
            safe = np.where(fine[:, None, None], matrix, np.eye(len(x)))
            change = np.linalg.solve(safe, np.asarray(value).T[..., None])[..., 0].T
            regular = np.linalg.det(safe) > 0
        size = np.abs(change).max(0)
        near &= fine & regular & (size <= NEAR)
        x = x - np.clip(change, -1.0, 1.0)
        if not (near & (size > SOLVED)).any():
            break
    return x, near & (size <= SOLVED)


def solve_general(
    plan: Plan,
    group: Group,
    following: Floats,
    payoff: Floats,
    data: RecursiveData,
    precision: Floats,
    discount: Floats,
    guess: Floats | None,
) -> tuple[Floats, Floats, Floats, Floats, np.ndarray]:
    """All cells of all places of a group.

    Returns values [n, v, g..., b], log choices [n, choice, k, g..., b], posterior coordinates [n, choice, coordinate,
    g..., b], unknowns [n, d, x] for the next round, and whether each cell was solved [n, x].
    """
    shape, grid = shape_of(plan, group), plan.grid
    draws = following.shape[-1]
    size = grid.cells * draws
    full = (*grid.shape, draws)
    draw = np.tile(np.arange(draws), grid.cells)
    beliefs = tuple(jnp.asarray(np.repeat(grid.log_beliefs(p), draws, 1)) for p in range(len(shape.types)))
    types = max(shape.types[p] for p in group.movers)
    rows = group.rows.shape[1]
    count = len(group.places)
    values = np.zeros((count, following.shape[1], *full))
    logs = np.full((count, rows, types, *full), 0.0)
    posterior = np.zeros((count, rows, types - 1, *full))
    unknowns = np.zeros((count, len(shape.unknowns), size))
    solved = np.zeros((count, size), bool)
    for n in range(count):
        surfaces = Surface.of(grid.nodes, following, group, n, data, discount)
        cells = Cells(
            beliefs,
            surfaces,
            jnp.asarray(draw),
            jnp.asarray(payoff[group.actions[n]][..., draw]),
            jnp.asarray(precision[:, draw]),
        )
        x, solved[n] = solve_cells(shape, cells, None if guess is None else guess[n])
        unknowns[n] = x
        found, after = outcome(shape, cells, jnp.asarray(x))
        values[n] = np.asarray(found).reshape(-1, *full)
        row = 0
        for part, beyond, p in zip(split(shape, x), after, shape.movers, strict=True):
            k = shape.types[p]
            mine = slice(row, row + len(part))
            logs[n, mine, :k] = part.reshape(len(part), k, *full)
            for m in range(len(part)):
                posterior[n, row + m, : k - 1] = coordinates_of(np.asarray(beyond[m])).reshape(k - 1, *full)
            row += len(part)
    return values, logs, posterior, unknowns, solved
