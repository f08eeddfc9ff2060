"""By whom the games of an analysis are solved: the caller's solver, one that keeps what it solves, or the package's own.

Receives a chosen form and what the caller asks for; returns a context that gives a solver and closes what it opened.
Refuses what `open_sharding` refuses.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from goodoffices.workflow.forms import Chosen, solver_for

if TYPE_CHECKING:
    from goodoffices.claims.survey import AnySolve


class Keeping:
    """A solver for batches of draws, to be used in a `with` statement.

    Args:
        chosen: the compiled form.
        solve: the caller's own solver, which goes before all others.
        store: folder in which solved draws are kept; None keeps nothing.
        seed: of the draws, which names the run in the store.
        draws: how many are asked for, as the run's card shows.
        tolerance: largest logit residual at which the package's own solver stops.
    """

    def __init__(
        self,
        chosen: Chosen,
        *,
        solve: AnySolve | None,
        store: Path | str | None,
        seed: int,
        draws: int,
        tolerance: float,
    ) -> None:
        self.sharding: Any = None
        if solve is not None or store is None:
            self.solve: Any = solve or solver_for(chosen.form, tolerance=tolerance)
            return
        from goodoffices.workflow.runs import open_sharding, warn

        self.sharding = self.solve = open_sharding(
            chosen.form, seed=seed, draws=draws, tolerance=tolerance, store=store, notice=warn
        )

    def __enter__(self) -> Any:
        return self.solve

    def __exit__(self, *_: object) -> None:
        if self.sharding is not None:
            self.sharding.close()
