"""The principal branch followed from uniform play to the rationality asked for.

Receives an `Engine` of one draw and the rationality of each player; returns the point reached and how it went. The
path of (log beliefs, t), with t = log(1 + s R) for the largest rationality R and the share s of everyone's rationality,
is followed by pseudo-arclength (Keller 1977; for the logit correspondence Turocy 2005), so that folds are passed. The
predictor extrapolates the last two points with their tangents; the corrector is Newton's method, whose contraction and
first step decide whether a step is believed (Deuflhard 2011, chapter 5). Where the path arrives going forward, the
determinant of the Jacobian has the sign that it had at the start; a path that arrives with the other sign has jumped to
another branch on the way and is followed again with shorter steps, and so is one that is lost. Where that does not do,
or takes many steps, the branch is followed in log strategies (see `lifted`): dearer on most games, but the only way
where beliefs have effects that grow with every turn.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from goodoffices.solvers.engine import Engine, Floats, Point
from goodoffices.solvers.lifted import lift

FIRST_STEP = 0.3
LARGEST_CORRECTION = 0.5
"""Largest first Newton step, in log odds, of a step that is believed."""
LARGEST_CONTRACTION = 0.3
"""Largest ratio of successive Newton steps of a step that is believed."""
ON_THE_WAY = 1e-2
"""Newton step, in log odds times (1 + rationality), at which a point on the way is good enough."""
SMALLEST_STEP = 1e-9
LARGEST_BEND = 0.5
"""Largest departure of the cubic prediction from the tangent, as a share of the step."""
CAUTION = (0.1, 0.01)
"""What `LARGEST_CORRECTION` and `FIRST_STEP` are multiplied by, each time the path has jumped or was lost."""
PATIENCE = 80
"""Refused steps after which the branch is followed in log strategies instead; few games need half as many."""
POLISHED = 1e-7
"""Newton step, in log odds times (1 + rationality), after which the next would be below rounding."""


@dataclass(frozen=True, eq=False)
class Trace:
    """Where a path ended."""

    point: Point
    reached: float
    """Share of the rationality asked for."""
    status: int
    """A key of `STATUS`."""
    statistics: dict[str, float] = field(default_factory=dict)


@dataclass
class _Walk:
    """The state of a path: the present point with its unit tangent, and the one before."""

    z: Floats
    t: float
    dz: Floats
    dt: float
    before: tuple[Floats, float, Floats, float, float] | None = None
    """Point and tangent one step back, and the length of that step."""


class Scale:
    """Rationality along the path: target times expm1(t) / expm1(end)."""

    def __init__(self, target: Floats) -> None:
        self.target = target
        self.top = float(target.max(initial=0.0))
        self.end = math.log1p(self.top)

    def share(self, t: float) -> float:
        """Share of everyone's rationality at t."""
        return math.expm1(t) / self.top if self.top and t != self.end else 1.0

    def at(self, t: float) -> Floats:
        """[p, 1]"""
        return self.target if t == self.end else self.target * self.share(t)

    def slope(self, t: float) -> Floats:
        """[p, 1] derivative."""
        return self.target * (math.exp(t) / self.top if self.top else 0.0)


def trace(
    engine: Engine,
    target: Floats,
    *,
    max_steps: int = 2000,
    accept: Callable[[Point], bool] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Trace:
    """Follow the principal branch to rationality `target` [p, 1].

    Args:
        max_steps: Most steps, refused ones included.
        accept: Asked at every point on the way; True ends the path there.
        progress: Told the share of the path (in t) that is done.

    Returns:
        Where the path ended; status 1 where it could not be followed, or has jumped however short the steps.
    """
    other = lift(engine)
    found = _attempts(engine, target, max_steps, math.inf if other is None else PATIENCE, accept, progress)
    if found.status == 0 or other is None:
        return found
    again = _attempts(other, target, max_steps, math.inf, accept, progress)
    if again.status == 0 or found.status == 1:
        found = Trace(other.in_beliefs(again.point), again.reached, again.status, again.statistics)
    return found


def _attempts(
    engine: Engine,
    target: Floats,
    max_steps: int,
    patience: float,
    accept: Callable[[Point], bool] | None,
    progress: Callable[[float], None] | None,
) -> Trace:
    """Follow the branch, with more caution where it was lost or has jumped."""
    found = _follow(engine, target, 1.0, max_steps, patience, accept, progress)
    for caution in CAUTION:
        lost = found.status == 1
        if lost and (
            found.statistics["steps"] + found.statistics["refused"] >= max_steps
            or found.statistics["refused"] >= patience
        ):
            return found
        if not lost and not engine.orientation(found.point)[0] < 0:
            return found
        found = _follow(engine, target, caution, max_steps, patience, accept, progress)
    if found.status == 1 or not engine.orientation(found.point)[0] < 0:
        return found
    return Trace(found.point, found.reached, 1, found.statistics)


def _follow(
    engine: Engine,
    target: Floats,
    caution: float,
    max_steps: int,
    patience: float,
    accept: Callable[[Point], bool] | None,
    progress: Callable[[float], None] | None,
) -> Trace:
    scale = Scale(target)
    count = {"steps": 0.0, "refused": 0.0, "solves": 0.0}
    z = engine.start(1)
    if not scale.top or not engine.layout.beliefs:
        return _polish(engine, engine.at(z, target), scale, scale.end, count)
    walk = _Walk(z, 0.0, np.zeros_like(z), 1.0)
    _, tangent, point = _directions(engine, scale, z, 0.0, count)
    walk.dz, walk.dt = _unit(tangent, None)
    step = FIRST_STEP * caution
    largest = LARGEST_CORRECTION * caution
    past = False
    while count["steps"] + count["refused"] < max_steps and count["refused"] < patience:
        guess_z, guess_t = _predict(walk, step)
        last = (past or guess_t >= scale.end) and walk.dt > 0
        if last:
            if guess_t > scale.end:
                step = _length_to(walk, step, scale.end)
                guess_z, _ = _predict(walk, step)
            guess_t = scale.end
        found = None
        if guess_t > 0 or walk.dt < 0:
            found = _correct(engine, scale, guess_z, guess_t, walk, last, largest, count)
        if found is not None and not last and found[1] > scale.end and walk.dt > 0:
            # Predicted short of the end and corrected past it: the end is tried from the same prediction.
            count["refused"] += 1
            past = True
            continue
        past = False
        if found is None:
            count["refused"] += 1
            step *= 0.4
            if step < SMALLEST_STEP:
                break
            continue
        z, t, tangent, point, first = found
        count["steps"] += 1
        if last:
            return _polish(engine, point, scale, scale.end, count)
        dz, dt = _unit(tangent, walk)
        chord = math.sqrt(_inner(z - walk.z, t - walk.t, z - walk.z, t - walk.t))
        walk = _Walk(z, t, dz, dt, (walk.z, walk.t, walk.dz, walk.dt, chord))
        if progress is not None:
            progress(min(1.0, max(0.0, t / scale.end)))
        if accept is not None and accept(point):
            return _polish(engine, point, scale, t, count)
        step *= min(2.0, max(0.5, (0.5 * largest / max(first, 1e-12)) ** (1 / 3)))
    return Trace(point, scale.share(walk.t), 1, count)


def _directions(
    engine: Engine, scale: Scale, z: Floats, t: float, count: dict[str, float]
) -> tuple[Floats, Floats, Point]:
    """Newton's step at fixed t, and dz/dt along the path."""
    point = engine.at(z, scale.at(t))
    drift = engine.drift(point, scale.slope(t))
    both = engine.solve(point, np.stack([point.residual, drift], axis=1))
    count["solves"] += 1
    return both[:, 0], both[:, 1], point


def _inner(a_z: Floats, a_t: float, b_z: Floats, b_t: float) -> float:
    return float(np.vdot(a_z, b_z)) / a_z.size + a_t * b_t


def _unit(slope: Floats, walk: _Walk | None) -> tuple[Floats, float]:
    """Unit tangent from dz/dt, pointing the way the walk goes."""
    length = math.sqrt(_inner(slope, 1.0, slope, 1.0))
    sign = 1.0 if walk is None or _inner(slope, 1.0, walk.dz, walk.dt) >= 0 else -1.0
    return slope * (sign / length), sign / length


def _predict(walk: _Walk, step: float) -> tuple[Floats, float]:
    """Extrapolate by the cubic through two points and their tangents, or along the tangent where they disagree."""
    straight_z, straight_t = step * walk.dz, step * walk.dt
    if walk.before is None:
        return walk.z + straight_z, walk.t + straight_t
    z0, t0, dz0, dt0, h = walk.before
    x = 1.0 + step / h
    # Hermite's basis on [0, 1], evaluated beyond 1, less the present point.
    a, b, c, d = (
        (1 + 2 * x) * (1 - x) ** 2,
        x * (1 - x) ** 2 * h,
        x * x * (3 - 2 * x) - 1,
        x * x * (x - 1) * h,
    )
    move_z = a * z0 + b * dz0 + c * walk.z + d * walk.dz
    move_t = a * t0 + b * dt0 + c * walk.t + d * walk.dt
    bend_z, bend_t = move_z - straight_z, move_t - straight_t
    if _inner(bend_z, bend_t, bend_z, bend_t) > (LARGEST_BEND * step) ** 2:
        return walk.z + straight_z, walk.t + straight_t
    return walk.z + move_z, walk.t + move_t


def _length_to(walk: _Walk, step: float, end: float) -> float:
    """Length of the step whose prediction ends at t = end, by bisection."""
    low, high = 0.0, step
    for _ in range(40):
        middle = 0.5 * (low + high)
        if _predict(walk, middle)[1] < end:
            low = middle
        else:
            high = middle
    return high


def _correct(
    engine: Engine,
    scale: Scale,
    z: Floats,
    t: float,
    walk: _Walk,
    fixed: bool,
    largest: float,
    count: dict[str, float],
) -> tuple[Floats, float, Floats, Point, float] | None:
    """Newton's method from a prediction, at fixed t or on the plane through it across the tangent.

    Returns the point, dz/dt there, and the first step's size; None where the step is not to be believed.
    """
    first = previous = math.inf
    for _ in range(8):
        enough = ON_THE_WAY / (1.0 + float(scale.at(t).max()))
        newton, slope, point = _directions(engine, scale, z, t, count)
        if not (np.isfinite(newton).all() and np.isfinite(slope).all()):
            return None
        move_t = 0.0
        if not fixed:
            across = _inner(slope, 1.0, walk.dz, walk.dt)
            if across == 0.0:
                return None
            move_t = -_inner(newton, 0.0, walk.dz, 0.0) / across
        move = newton + slope * move_t
        size = max(float(np.abs(move).max()), abs(move_t))
        if previous == math.inf:
            first = size
            if size > largest:
                return None
        elif size > LARGEST_CONTRACTION * previous and size > enough:
            return None
        z, t = point.z + move, t + move_t
        if not -1e-9 <= t < 700:
            return None
        if size <= enough:
            if not fixed:
                angle = _inner(slope, 1.0, walk.dz, walk.dt) / math.sqrt(_inner(slope, 1.0, slope, 1.0))
                if abs(angle) < 0.5:
                    return None
            return z, t, slope, point._replace(z=z), first
        previous = size
    return None


def _polish(engine: Engine, point: Point, scale: Scale, t: float, count: dict[str, float]) -> Trace:
    """Newton's method at fixed rationality until rounding stops it; the best point is kept."""
    rationality = scale.at(t)
    best = engine.at(point.z, rationality)
    previous = math.inf
    status = 2
    for _ in range(12):
        if not engine.layout.beliefs:
            status = 0
            break
        newton = engine.solve(best, best.residual[:, None])[:, 0]
        count["solves"] += 1
        size = float(np.abs(newton).max())
        if not math.isfinite(size):
            break
        trial = engine.at(best.z + newton, rationality)
        improved = np.abs(trial.residual).max() <= np.abs(best.residual).max()
        if improved:
            best = trial
        if size <= POLISHED / (1.0 + float(rationality.max())):
            status = 0
            break
        if not improved and size > 0.9 * previous:
            break
        previous = size
    return Trace(
        best,
        scale.share(t),
        status,
        {**count, "belief_residual": float(np.abs(best.residual).max(initial=0.0))},
    )
