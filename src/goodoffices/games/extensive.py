"""The extensive form as flat arrays: what solvers, certificates and readers of game files share.

Index letters: n node, i information set, m move, p player, b draw (always the last axis, absent for a single game).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

TERMINAL, DECISION, CHANCE = 0, 1, 2

LOG_IMPOSSIBLE = -1.0e5
"""What an edge of probability zero (a chance branch with no chance, a forbidden move) adds to the logarithm of reach.

Values count such an edge for nothing; beliefs behind it stay defined because every type bears the same constant.
"""


@dataclass(frozen=True, eq=False)
class ExtensiveGame:
    """A finite game tree. Node 0 is the root and a parent always precedes its children."""

    title: str
    players: tuple[str, ...]
    """Names of the strategic players, in order; chance is not one of them."""
    kind: NDArray[np.int8]
    """[n] TERMINAL, DECISION or CHANCE."""
    parent: NDArray[np.int32]
    """[n] parent node, -1 at the root."""
    parent_move: NDArray[np.int32]
    """[n] which of the parent's moves leads here, -1 at the root."""
    infoset: NDArray[np.int32]
    """[n] information set of a decision node, -1 elsewhere."""
    infoset_player: NDArray[np.int32]
    """[i] whose information set it is."""
    infoset_number: NDArray[np.int32]
    """[i] its number within its player's list (a file's own numbering, from one)."""
    infoset_label: tuple[str, ...]
    """[i] a readable name, possibly empty."""
    infoset_moves: tuple[tuple[str, ...], ...]
    """[i] labels of its moves, in order."""
    payoff: NDArray[np.float64]
    """[n, p] paid when the node is reached; a player's total is the sum along the path (leaves included)."""
    chance: NDArray[np.float64]
    """[n] probability of the edge into the node when its parent is a chance node, 1 elsewhere."""


@dataclass(frozen=True, eq=False)
class GameData:
    """The numbers of a game that may vary from draw to draw; every array may carry a last axis b."""

    payoff: NDArray[np.float64]
    """[n, p] or [n, p, b]."""
    chance: NDArray[np.float64]
    """[n] or [n, b]."""
    rationality: NDArray[np.float64]
    """[p] or [p, b], in 1/utility."""
    allowed: NDArray[np.bool_] | None = None
    """[i, m] or [i, m, b]: moves that may be played (m padded to the largest number of moves); None allows all.

    A move that is not allowed has probability zero for every type alike, so no belief moves because of it.
    """


@dataclass(frozen=True, eq=False)
class Certificate:
    """Independent evidence for a strategy profile; arrays [b] for a batch, floats for one game."""

    logit_residual: float | NDArray[np.float64]
    """max over information sets and pairs of allowed moves of |log p_a - log p_b - rationality (Q_a - Q_b)|."""
    max_regret: float | NDArray[np.float64]
    """Largest gain from one deviation at one information set, in utility."""
    max_response_regret: float | NDArray[np.float64]
    """Largest gain of a player from a full best response, at any information set, in utility."""
    belief_error: float | NDArray[np.float64]
    """Largest difference in probability between the beliefs a solver used and those that Bayes' rule gives."""


@dataclass(frozen=True, eq=False)
class Solution:
    """Strategies with their status and certificate. Failure is a value: look at `status` and `certificate`."""

    game: ExtensiveGame
    data: GameData
    log_strategy: NDArray[np.float64]
    """[i, m] or [i, m, b] natural logarithm of each move's probability; -inf on padding and forbidden moves."""
    status: NDArray[np.int8]
    """[] or [b]: 0 converged, otherwise a key of `STATUS`."""
    certificate: Certificate
    values: NDArray[np.float64]
    """[p] or [p, b] expected total payoff of each player at the root."""
    method: str
    statistics: dict[str, float] = field(default_factory=dict[str, float])
    """Steps, passes, seconds."""


STATUS = {
    0: "converged",
    1: "the branch could not be followed to the rationality asked for",
    2: "Newton's method did not reach the tolerance",
    3: "the data are not finite",
}
"""What each status means, as a sentence fragment."""
