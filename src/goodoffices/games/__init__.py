"""The extensive form: its arrays, Gambit's file format, and perfect recall."""

from goodoffices.games.efg import read_efg
from goodoffices.games.extensive import Certificate, ExtensiveGame, GameData, Solution
from goodoffices.games.recall import check_perfect_recall
from goodoffices.games.writing import write_efg

__all__ = [
    "Certificate",
    "ExtensiveGame",
    "GameData",
    "Solution",
    "check_perfect_recall",
    "read_efg",
    "write_efg",
]
