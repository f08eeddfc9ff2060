"""Perfect recall: a player never forgets what it knew or did.

Receives an `ExtensiveGame`; returns nothing; refuses a game in which two nodes of one information set have different
histories of the player's own information sets and moves (Kuhn 1953), or lie on one path (absent-mindedness).
"""

from __future__ import annotations

import numpy as np

from goodoffices.core.diagnostics import refuse
from goodoffices.games.extensive import DECISION, ExtensiveGame


def check_perfect_recall(game: ExtensiveGame) -> None:
    """Raise `Refusal` with code `imperfect-recall`, naming the player and the information set."""
    if not game.infoset_moves:
        return
    moves = max((len(m) for m in game.infoset_moves), default=1)
    for player in range(len(game.players)):
        last = _last_choice(game, player, moves)
        mine = np.flatnonzero(
            (game.kind == DECISION) & (game.infoset_player[np.maximum(game.infoset, 0)] == player)
        )
        sets = game.infoset[mine]
        # The last own choice names an information set, whose own last choice is checked in turn: equal last choices
        # at every information set are equal histories.
        low = np.full(len(game.infoset_moves), np.iinfo(np.int64).max)
        high = np.full(len(game.infoset_moves), -2)
        np.minimum.at(low, sets, last[mine])
        np.maximum.at(high, sets, last[mine])
        bad = np.flatnonzero((high > -2) & (low != high))
        if not len(bad):
            repeated = mine[last[mine] // moves == sets]
            bad = game.infoset[repeated[:1]]
        if len(bad):
            label = f" ({game.infoset_label[bad[0]]})" if game.infoset_label[bad[0]] else ""
            raise refuse(
                "imperfect-recall",
                f"player {game.players[player]} forgets at information set {game.infoset_number[bad[0]]}{label} "
                "which of its own moves or information sets came before",
                hint="split the information set by what the player knew and did; imperfect recall is not solved",
            )


def _last_choice(game: ExtensiveGame, player: int, moves: int) -> np.ndarray:
    """[n] the player's last information set and move before each node as one number, -1 where there is none."""
    parent = game.parent.astype(np.int64)
    above = np.maximum(parent, 0)
    own = (parent >= 0) & (game.kind[above] == DECISION)
    own &= game.infoset_player[np.maximum(game.infoset[above], 0)] == player
    last = np.where(own, game.infoset[above].astype(np.int64) * moves + game.parent_move, -1)
    # Pointer jumping: a node without an own move just above looks to its ancestors, twice as far each time.
    pointer = np.where(own | (parent < 0), np.arange(len(parent)), parent)
    while True:
        further = pointer[pointer]
        if np.array_equal(further, pointer):
            return last[pointer]
        pointer = further
