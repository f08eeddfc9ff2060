"""The scenarios that ship with the program: their names, where their files are, and one line on each."""

from goodoffices.catalog.shelf import describe, names, path

__all__ = ["describe", "names", "path"]
