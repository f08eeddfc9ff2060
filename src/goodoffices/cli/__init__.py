"""The command line: thin shells around the verbs of `goodoffices.workflow`."""

from __future__ import annotations


def main() -> None:
    """Run the command line; the entry point of `goodoffices`."""
    from goodoffices.cli.app import main as run

    run()
