"""Good Offices puts an argument about a mediated negotiation to the test.

The public names load on first use, so that `import goodoffices` costs nothing until something is solved.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["Refusal", "Scenario", "Study", "__version__", "check", "load", "read_efg", "solve", "study"]

if TYPE_CHECKING:
    from goodoffices.claims.verdict import Study
    from goodoffices.core.diagnostics import Refusal
    from goodoffices.language.scenario import Scenario
    from goodoffices.workflow import check, load, read_efg, solve, study

_HOMES = {
    "Refusal": "core.diagnostics",
    "Scenario": "language.scenario",
    "Study": "claims.verdict",
    "check": "workflow",
    "load": "workflow",
    "read_efg": "workflow",
    "solve": "workflow",
    "study": "workflow",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"goodoffices.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'goodoffices' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
