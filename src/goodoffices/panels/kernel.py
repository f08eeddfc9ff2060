"""What every model is to the estimator: the log-likelihood of one row as a function of a few indices.

A `Kernel` holds a JAX function of (indices of a row, data of a row); `Likelihood` evaluates it with exact first and second
derivatives over all rows and puts them together for the coefficients. Importing this module switches JAX to 64 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from goodoffices.panels.design import Design

jax.config.update("jax_enable_x64", True)

Floats = NDArray[np.float64]
Data = Mapping[str, Any]
"""Arrays whose first axis is the row."""


@dataclass(frozen=True, eq=False)
class Kernel:
    """One model, ready for any coefficients."""

    indices: tuple[str, ...]
    row: Callable[[Any, Any], Any]
    """(indices [m], data of the row) -> log-likelihood of the row."""
    at_root: Callable[[Any, Any, Any], tuple[Any, Any]] | None = None
    """Where a row is played at a root z of an equation: (indices [m], z, data) -> log-likelihood, and the equation's excess.
    The data hold the root under `z`; derivatives follow it (implicit function theorem). `row` then holds z fixed."""
    prepare: Callable[[Floats, Data], Data] | None = None
    """(indices [r, m], data) -> data with what has to be solved outside compiled code, such as equilibria."""
    traceable: bool = True
    """Whether `row` alone gives the log-likelihood at any indices, so that compiled samplers may use it."""
    cache: dict[Any, Any] = field(default_factory=dict[Any, Any], repr=False)

    def derivatives(self, moving: tuple[int, ...]) -> Callable[[Floats, Data], Any]:
        """Compiled (indices [r, m], data) -> value [r], gradient [r, a], second derivatives [r, a, a] in `moving`."""
        if moving not in self.cache:
            at = np.array(moving, dtype=np.intp)

            def value(part: Any, eta: Any, data: Any) -> tuple[Any, Any]:
                found = self.row(eta.at[at].set(part), data)
                return found, found

            def first(part: Any, eta: Any, data: Any) -> tuple[Any, tuple[Any, Any]]:
                gradient, found = jax.grad(value, has_aux=True)(part, eta, data)
                return gradient, (gradient, found)

            def one(eta: Any, data: Any) -> tuple[Any, Any, Any]:
                second, (gradient, found) = jax.jacfwd(first, has_aux=True)(eta[at], eta, data)
                return found, gradient, second

            self.cache[moving] = jax.jit(
                jax.vmap(one if self.at_root is None else _following(self.at_root, at))
            )
        return self.cache[moving]

    def values(self) -> Callable[[Floats, Data], Any]:
        """Compiled (indices [r, m], data) -> log-likelihood of each row [r]."""
        if "values" not in self.cache:
            self.cache["values"] = jax.jit(jax.vmap(self.row))
        return self.cache["values"]


def _following(at_root: Callable[[Any, Any, Any], tuple[Any, Any]], at: NDArray[np.intp]) -> Any:
    """Value and derivatives of the log-likelihood along the root, from those of both functions with z as one more variable."""

    def one(eta: Any, data: Any) -> tuple[Any, Any, Any]:
        def both(v: Any) -> tuple[Any, Any]:
            found = jnp.stack(at_root(eta.at[at].set(v[:-1]), v[-1], data))
            return found, found

        def first(v: Any) -> tuple[Any, Any]:
            slope, found = jax.jacfwd(both, has_aux=True)(v)
            return slope, (slope, found)

        v = jnp.append(eta[at], data["z"])
        (l2, f2), ((l1, f1), (value, _)) = jax.jacfwd(first, has_aux=True)(v)
        way = -f1[:-1] / f1[-1]
        along = jnp.concatenate([jnp.eye(len(at)), way[None]])
        bend = -(along.T @ f2 @ along) / f1[-1]
        return value, l1 @ along, along.T @ l2 @ along + l1[-1] * bend

    return one


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A log-likelihood at some coefficients, with its derivatives."""

    b: Floats
    rows: Floats
    """[r] log-likelihood of each row."""
    scores: Floats
    """[r, k] derivatives of each row's log-likelihood."""
    hessian: Floats
    """[k, k] second derivatives of the sum."""

    @property
    def value(self) -> float:
        """The log-likelihood."""
        return float(self.rows.sum())

    @property
    def gradient(self) -> Floats:
        """[k] its derivatives."""
        return self.scores.sum(axis=0)


class Likelihood:
    """The log-likelihood of a panel as a function of its coefficients."""

    def __init__(self, kernel: Kernel, design: Design, data: Data) -> None:
        self.kernel, self.design, self.data = kernel, design, data

    def prepared(self, eta: Floats) -> Data:
        """The data, with what the kernel solves beforehand at these indices."""
        return self.data if self.kernel.prepare is None else self.kernel.prepare(eta, self.data)

    def at(self, b: Floats) -> Evaluation:
        """Value and derivatives at coefficients b [k]."""
        eta = self.design.eta(b)
        moving = tuple(int(m) for m in self.design.moving)
        found = self.kernel.derivatives(moving)(eta, self.prepared(eta))
        rows, gradient, second = (np.asarray(a) for a in found)
        return Evaluation(b, rows, self.design.scores(gradient), self.design.hessian(second))

    def rows(self, b: Floats) -> Floats:
        """[r] log-likelihood of each row at coefficients b [k]."""
        eta = self.design.eta(b)
        return np.asarray(self.kernel.values()(eta, self.prepared(eta)))

    def traced(self) -> Callable[[Any], Any]:
        """The log-likelihood as a JAX function of the coefficients, for compiled samplers."""
        d = self.design
        data = jax.tree.map(jnp.asarray, dict(self.data))
        offset, x = jnp.asarray(d.offset), jnp.asarray(d.x)
        where = jnp.zeros((len(d.names), len(d.indices))).at[np.arange(len(d.names)), d.index].set(1.0)

        def total(b: Any) -> Any:
            return jax.vmap(self.kernel.row)(offset + x @ (b[:, None] * where), data).sum()

        return total
