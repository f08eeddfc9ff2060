"""The commands, read from the functions below."""

from __future__ import annotations

import cyclopts

import goodoffices

app = cyclopts.App(
    name="goodoffices",
    help="Put an argument about a mediated negotiation to the test.",
    version=goodoffices.__version__,
)


def run() -> None:
    """Run the command that the arguments name."""
    app()
