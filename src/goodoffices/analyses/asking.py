"""Claims judged at any points: what every analysis here asks, and all that it knows about games.

Receives a compiled scenario, claims and a solver; returns a `Judge`, which takes points (parameter -> [b]) and returns
`Judged`: for each claim whether it holds and by how much. All claims are judged from one survey, so that they share
their solutions. Points that were not solved have no margin; they are never dropped. An analysis that is handed another
`Judge` (a function with a known answer, say) works in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from goodoffices.claims.answers import Reader
from goodoffices.claims.survey import AnySolve, Form, Progress, Shards, survey, wanted
from goodoffices.claims.tipping import judge
from goodoffices.claims.worlds import AS_IS
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.scenario_tree import ScenarioTree
from goodoffices.core.diagnostics import refuse
from goodoffices.language.names import suggestion
from goodoffices.language.scenario import Claim, Parameter, Scenario

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Outcome:
    """One claim at every point."""

    holds: Bools
    """[b]; False where the point was not solved."""
    margins: Array
    """[b] how far the claim is from flipping, positive where it holds; not a number where the point was not solved."""
    unit: str
    """Of the margin."""

    @property
    def solved(self) -> Bools:
        """[b]"""
        return ~np.isnan(self.margins)


@dataclass(frozen=True, eq=False)
class Judged:
    """Claims at the points that were finished."""

    points: Mapping[str, Array]
    """Parameter -> [b]"""
    claims: Mapping[str, Outcome]
    """Name -> what became of the claim."""
    games: int
    """Games solved for it."""
    interrupted: bool = False
    """Whether the user stopped before the last point."""

    @property
    def width(self) -> int:
        """Points that were finished."""
        return max((len(values) for values in self.points.values()), default=0)


class Judge(Protocol):
    """Judges claims at points."""

    def __call__(
        self,
        points: Mapping[str, Array],
        /,
        *,
        hub: NDArray[np.int64] | None = None,
        progress: Progress | None = None,
    ) -> Judged:
        """`hub` [b]: a point near this one from whose solution to start, -1 for none; hubs themselves have none."""
        ...


@dataclass(frozen=True, eq=False)
class ClaimJudge:
    """Judges claims of a compiled scenario by solving it."""

    form: Form
    claims: Sequence[Claim]
    solve: AnySolve
    reader: Reader | None = None

    def __call__(
        self,
        points: Mapping[str, Array],
        /,
        *,
        hub: NDArray[np.int64] | None = None,
        progress: Progress | None = None,
    ) -> Judged:
        asked = list(wanted(self.form, self.claims))
        solve: AnySolve = self.solve
        tree = isinstance(self.form, ScenarioTree) and not isinstance(solve, Shards)
        if hub is not None and tree:
            solve = _FromHubs(solve, hub, len({world for world, _ in asked} | {AS_IS}))
        found = survey(self.form, asked, points, solve=solve, reader=self.reader, progress=progress)
        outcomes = {claim.name: Outcome(*judge(found, self.form, claim)) for claim in self.claims}
        return Judged(found.known.draws, outcomes, found.games, found.interrupted)


class _FromHubs:
    """A solver of trees that starts each point from its hub, where both are in one chunk.

    Lanes of a batch are worlds by points. A lane that has a neighbour already starts from that one's hub instead,
    because a neighbour must not have a neighbour itself.
    """

    def __init__(self, solve: Any, hub: NDArray[np.int64], worlds: int) -> None:
        self.solve, self.hub, self.worlds, self.done = solve, hub, worlds, 0

    def __call__(self, game: Any, data: Any, /, *, neighbour: NDArray[np.int64]) -> Any:
        width = len(neighbour) // self.worlds
        local = self.hub[self.done : self.done + width] - self.done
        self.done += width
        local = np.where((local >= 0) & (local < width), local, -1)
        base = np.where(neighbour >= 0, neighbour, np.arange(len(neighbour)))
        hub = local[base % width]
        near = np.where(hub >= 0, base - base % width + hub, neighbour)
        return self.solve(game, data, neighbour=near)


def choose_claims(scenario: Scenario, names: Sequence[str]) -> tuple[Claim, ...]:
    """The claims with these names, all of them where none is named.

    Raises:
        Refusal: `no-such-claim`, `no-claims`.
    """
    known = {claim.name: claim for claim in scenario.claims}
    if not known:
        raise refuse("no-claims", "the scenario makes no claims, so nothing can decide them")
    for name in names:
        if name not in known:
            raise refuse(
                "no-such-claim",
                f"there is no claim `{name}` here",
                hint=suggestion(name, known) or f"its claims: {_list(known)}",
            )
    return tuple(known[name] for name in dict.fromkeys(names)) or scenario.claims


def choose_parameter(scenario: Scenario, name: str) -> Parameter:
    """The parameter with this name.

    Raises:
        Refusal: `no-such-parameter`.
    """
    known = {p.name: p for p in scenario.parameters}
    if name not in known:
        raise refuse(
            "no-such-parameter",
            f"there is no parameter `{name}` here",
            hint=suggestion(name, known) or f"its parameters: {_list(known)}",
        )
    return known[name]


def _list(known: Mapping[str, object]) -> str:
    return ", ".join(f"`{name}`" for name in known)
