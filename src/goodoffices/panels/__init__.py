"""Many episodes with covariates: the strategic models of the literature, estimated. Names load on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = [
    "Bimatrix", "Decision", "Fit", "Panel", "Shocks", "Signalling", "Table", "Tree", "Ultimatum", "fit",
    "read_panel", "read_table", "simulate",
]  # fmt: skip

if TYPE_CHECKING:
    from goodoffices.panels.fitting import Fit, fit
    from goodoffices.panels.reading import read_panel
    from goodoffices.panels.simulation import simulate
    from goodoffices.panels.specification import (
        Bimatrix,
        Decision,
        Panel,
        Shocks,
        Signalling,
        Tree,
        Ultimatum,
    )
    from goodoffices.panels.table import Table, read_table

_ELSEWHERE = {
    "Fit": "fitting", "fit": "fitting", "read_panel": "reading", "simulate": "simulation", "Table": "table",
    "read_table": "table",
}  # fmt: skip


def __getattr__(name: str) -> object:
    if name in __all__:
        home = _ELSEWHERE.get(name, "specification")
        return getattr(import_module(f"goodoffices.panels.{home}"), name)
    raise AttributeError(f"module 'goodoffices.panels' has no attribute {name!r}")
