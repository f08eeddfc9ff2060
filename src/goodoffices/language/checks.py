"""What a scenario must fulfil beyond its grammar: everything is possible, sums to one, and has the right unit.

Receives a scenario whose names are resolved; records problems in the builder's scope.
"""

from __future__ import annotations

from goodoffices.language.build import Builder
from goodoffices.language.scenario import Scenario


def examine(scenario: Scenario, builder: Builder) -> None:
    """Run every check."""
