"""What is wrong with a file of the store, as an exception that is always caught: damage is mended, not shown."""

from __future__ import annotations


class Damaged(Exception):
    """The file does not hold what was written to it; the message is a sentence fragment saying why."""
