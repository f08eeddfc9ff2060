"""Type profiles: every combination of the parties' private types, numbered once.

Receives a scenario; returns the numbering. A profile gives each type dimension a level; a party's *own type* is its
part of the profile.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goodoffices.core.diagnostics import refuse
from goodoffices.language.scenario import Scenario

MOST_PROFILES = 10_000


@dataclass(frozen=True, eq=False)
class Profiles:
    """The type profiles of a scenario; index letters k profile, p party, d dimension."""

    dimensions: tuple[str, ...]
    """[d] full names, `party.type`."""
    levels: NDArray[np.int64]
    """[d, k] index of the dimension's level in each profile."""
    own: NDArray[np.int64]
    """[p, k] number of the party's own type in each profile."""
    own_labels: tuple[tuple[str, ...], ...]
    """[p][own type] readable names, such as `resolute` or `resolute, rich`; one empty name for a party without types."""

    @property
    def count(self) -> int:
        """Number of profiles; one when nothing is private."""
        return int(self.levels.shape[1])

    def rows(self) -> dict[str, NDArray[np.int64]]:
        """Full name of each dimension -> [k] level index."""
        return dict(zip(self.dimensions, self.levels, strict=True))


def number_profiles(scenario: Scenario) -> Profiles:
    """Number the product of all type dimensions; the last dimension varies fastest.

    Raises:
        Refusal: `too-many-types`.
    """
    sizes = [len(d.levels) for d in scenario.types]
    if math.prod(sizes) > MOST_PROFILES:
        raise refuse(
            "too-many-types",
            f"the private types make {math.prod(sizes):,} combinations, and at most {MOST_PROFILES:,} are solved",
            span=scenario.types[-1].note.span,
            hint="leave out what matters least, or make it a parameter",
        )
    table = (
        np.array(list(itertools.product(*map(range, sizes))), dtype=np.int64)
        .reshape(math.prod(sizes), len(sizes))
        .T
    )
    count = table.shape[1]
    own = np.zeros((len(scenario.parties), count), dtype=np.int64)
    labels: list[tuple[str, ...]] = []
    for p, party in enumerate(scenario.parties):
        mine = [d for d, dimension in enumerate(scenario.types) if dimension.party == party.name]
        for d in mine:
            own[p] = own[p] * sizes[d] + table[d]
        names = itertools.product(*(scenario.types[d].levels for d in mine))
        labels.append(tuple(", ".join(name) for name in names))
    names = tuple(f"{d.party}.{d.name}" for d in scenario.types)
    return Profiles(names, table, own, tuple(labels))
