"""The command line: thin shells around the verbs of `goodoffices.workflow`."""

from __future__ import annotations


def main() -> None:
    """Run the command line; the entry point of `goodoffices`."""
    import sys

    try:
        from goodoffices.cli.app import run

        code = run()
    except KeyboardInterrupt:  # before the command had begun
        code = 130
    sys.exit(code)
