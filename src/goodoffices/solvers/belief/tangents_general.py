"""How turns of several movers, or of parties with more than two types, change: the derivatives of `general`.

At a solved cell the unknowns change as one Newton step of the changed equations would take them, which is the implicit
function theorem; the change of everything else follows by forward-mode derivatives of the turn itself.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from goodoffices.games.recursive import Floats, RecursiveData
from goodoffices.solvers.belief.general import Cells, Shape, equations, gap, respond, shape_of, split
from goodoffices.solvers.belief.grid import coordinates_of
from goodoffices.solvers.belief.interpolation import slopes
from goodoffices.solvers.belief.plan import Group, Plan
from goodoffices.solvers.belief.surface import Surface
from goodoffices.solvers.belief.tangents_curves import ROUNDING, slope_tangents
from goodoffices.solvers.belief.tangents_turns import Changes

Array = Any


def general_turns(
    plan: Plan,
    group: Group,
    data: tuple[RecursiveData, RecursiveData],
    paid: tuple[Floats, Floats],
    ahead: Changes,
    log_choice: Floats,
    precision: Floats,
    bend: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Changes of values [d, n, v, g..., b], log choices [d, n, c, k, g..., b] and posterior coordinates.

    Args:
        data: the numbers, and their changes [d, ...].
        paid: payoffs of all actions [a, k, p, b], and their changes.
        ahead: what follows, not yet discounted, and its change.
        log_choice: [n, c, k, g..., b] of the solution.
        precision: [p, b] of choice, `bend` [d, p, b] its change.
    """
    shape, grid = shape_of(plan, group), plan.grid
    draws, count = ahead.at.shape[-1], len(ahead.by)
    full = (*grid.shape, draws)
    draw = np.tile(np.arange(draws), grid.cells)
    beliefs = tuple(jnp.asarray(np.repeat(grid.log_beliefs(p), draws, 1)) for p in range(len(shape.types)))
    values = np.zeros((count, len(group.places), ahead.at.shape[1], *full))
    logs = np.zeros((count, *log_choice.shape))
    posterior = np.zeros((count, *log_choice.shape[:2], log_choice.shape[2] - 1, *full))
    for n in range(len(group.places)):
        surface, change = _surfaces(plan, group, n, data, ahead)
        cells = Cells(
            beliefs,
            Surface(jnp.asarray(surface)),
            jnp.asarray(draw),
            jnp.asarray(paid[0][group.actions[n]][..., draw]),
            jnp.asarray(precision[:, draw]),
        )
        x = jnp.asarray(_unknowns(shape, log_choice[n]))
        found, moved, after = _push(
            shape,
            cells,
            x,
            jnp.asarray(change),
            jnp.asarray(paid[1][:, group.actions[n]][..., draw]),
            jnp.asarray(bend[:, :, draw]),
        )
        values[:, n] = np.asarray(found).reshape(count, -1, *full)
        row = 0
        parts = split(shape, jnp.moveaxis(moved, 0, -1))  # [j][m, k, x, d]
        for part, beyond, p in zip(parts, after, shape.movers, strict=True):
            k = shape.types[p]
            mine = slice(row, row + len(part))
            logs[:, n, mine, :k] = np.moveaxis(np.asarray(part), -1, 0).reshape(count, len(part), k, *full)
            posterior[:, n, mine, : k - 1] = np.asarray(beyond).reshape(count, len(part), k - 1, *full)
            row += len(part)
    return values, logs, posterior


def _unknowns(shape: Shape, logs: Floats) -> Floats:
    """[d, x] of log choices [c, k, g..., b]."""
    out, row = [], 0
    for p, count in zip(shape.movers, shape.counts, strict=True):
        part = logs[row : row + count, : shape.types[p]]
        out.append(part.reshape(count * shape.types[p], -1))
        row += count
    return np.concatenate(out)


@partial(jax.jit, static_argnums=0)
def _push(
    shape: Shape, cells: Cells, x: Array, tables: Array, payoff: Array, precision: Array
) -> tuple[Array, Array, list[Array]]:
    """Changes [direction, ...] of values, unknowns and posterior coordinates [j][m, coordinate, x]."""
    whole = jnp.ones(x.shape[1])
    _, jacobian, _ = equations(shape, cells, x, whole)
    matrix = jnp.moveaxis(jacobian, 2, 0)

    def turn(table: Array, paid: Array, lam: Array) -> tuple[Array, Array, list[Array]]:
        changed = cells._replace(surfaces=Surface(table), payoff=paid, precision=lam)
        left = gap(shape, changed, x, whole)
        y = x - jnp.linalg.solve(matrix, left.T[..., None])[..., 0].T
        _, found, after = respond(shape, changed, split(shape, y))
        points = [jnp.stack([coordinates_of(move, jnp) for move in moves]) for moves in after]
        return found, y, points

    at = (cells.surfaces.tables, cells.payoff, cells.precision)
    return jax.vmap(lambda *by: jax.jvp(turn, at, by)[1])(tables, payoff, precision)


def _surfaces(
    plan: Plan, group: Group, n: int, data: tuple[RecursiveData, RecursiveData], ahead: Changes
) -> tuple[Floats, Floats]:
    """The tables of `Surface.of`, and their changes [d, ...]."""
    base, change = data
    found, moved = [ahead.at], [ahead.by]
    grid = tuple(range(2, ahead.at.ndim - 1))
    noise = [ROUNDING * np.abs(ahead.at).max(grid, keepdims=True)]  # of slopes it is larger than of values
    for axis, nodes in enumerate(plan.grid.nodes):
        moved += [
            slope_tangents(f, t, nodes, 2 + axis, noise=e)
            for f, t, e in zip(found, moved, noise, strict=True)
        ]
        found += [slopes(f, nodes, 2 + axis) for f in found]
        noise += [e / np.diff(nodes).min() for e in noise]
    draws = len(base.discount)
    discount = base.discount if group.last else np.ones(draws)
    by_discount = change.discount if group.last else np.zeros_like(change.discount)
    tables = np.zeros((len(found), group.actions.shape[1], *ahead.at.shape[1:]))
    by = np.zeros((len(ahead.by), *tables.shape))
    for m, e in np.ndindex(group.edges.shape[1:]):
        edge = int(group.edges[n, m, e])
        if edge < 0:
            continue
        weight = base.odds[edge] * discount
        shift = change.odds[:, edge] * discount + base.odds[edge] * by_discount
        shift = shift.reshape(len(shift), *(1,) * (ahead.at.ndim - 2), draws)
        to = group.to[n, m, e]
        for w, (table, turned) in enumerate(zip(found, moved, strict=True)):
            tables[w, m] += weight * table[to]
            by[:, w, m] += weight * turned[:, to] + shift * table[to]
    return tables, by
