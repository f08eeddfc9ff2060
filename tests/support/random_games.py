"""Random extensive games with perfect recall, for property tests of everything that takes a game."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from goodoffices.games import ExtensiveGame
from goodoffices.games.extensive import CHANCE, DECISION, TERMINAL


def random_game(
    seed: int, *, players: int = 2, depth: int = 4, moves: int = 3, hidden: float = 0.6
) -> ExtensiveGame:
    """A random game tree in which what a player does not see is drawn edge by edge, so that recall is perfect.

    Every edge shows a signal to each player: its own move always, another's or chance's move with probability
    1 - `hidden`. Nodes at which a player has seen the same signals form one information set.
    """
    rng = np.random.default_rng(seed)
    kind, parent, parent_move, chance, payoff = [], [], [], [], []
    keys: list[tuple[int, tuple[object, ...]] | None] = []
    shape: dict[tuple[object, ...], tuple[int, int, tuple[bool, ...]]] = {}

    def grow(
        above: int, move: int, probability: float, level: int, seen: tuple[tuple[object, ...], ...]
    ) -> None:
        node = len(kind)
        parent.append(above)
        parent_move.append(move)
        chance.append(probability)
        payoff.append(rng.normal(size=players) if level == depth else rng.normal(size=players) * 0.3)
        # Who moves and how is common knowledge of the level, so that an information set never mixes movers.
        mover, count, shown = shape.setdefault(
            (level,),
            (
                int(rng.integers(-1 if level < 2 else 0, players)),
                int(rng.integers(2, moves + 1)),
                tuple(bool(x) for x in rng.random(players) >= hidden),
            ),
        )
        if level == depth or (level > 1 and mover < 0):
            kind.append(TERMINAL)
            keys.append(None)
            return
        if mover < 0:
            kind.append(CHANCE)
            keys.append(None)
            odds = rng.dirichlet(np.ones(count))
        else:
            kind.append(DECISION)
            keys.append((mover, seen[mover]))
            odds = np.ones(count)
        for m in range(count):
            signals = tuple(
                (*seen[p], (level, m if p == mover or shown[p] else None)) for p in range(players)
            )
            grow(node, m, float(odds[m]), level + 1, signals)

    grow(-1, -1, 1.0, 0, ((),) * players)
    return assemble(kind, parent, parent_move, chance, payoff, keys, players)


def assemble(kind, parent, parent_move, chance, payoff, keys, players) -> ExtensiveGame:
    """An `ExtensiveGame` from columns; `keys` names each decision node's information set as (player, anything)."""
    counts = np.bincount(np.maximum(parent, 0), minlength=len(kind))
    counts[0] -= 1
    # Nodes come depth first, so this is the order in which a game file names the information sets.
    names = sorted(dict.fromkeys(k for k in keys if k is not None), key=lambda k: k[0])
    place = {k: i for i, k in enumerate(names)}
    infoset = np.array([-1 if k is None else place[k] for k in keys], dtype=np.int32)
    numbers, seen = [], [0] * players
    for player, _ in names:
        seen[player] += 1
        numbers.append(seen[player])
    moves = [int(counts[int(np.flatnonzero(infoset == i)[0])]) for i in range(len(names))]
    return ExtensiveGame(
        title="random",
        players=tuple(f"player {p + 1}" for p in range(players)),
        kind=np.array(kind, np.int8),
        parent=np.array(parent, np.int32),
        parent_move=np.array(parent_move, np.int32),
        infoset=infoset,
        infoset_player=np.array([k[0] for k in names], np.int32),
        infoset_number=np.array(numbers, np.int32),
        infoset_label=("",) * len(names),
        infoset_moves=tuple(tuple(f"m{j}" for j in range(m)) for m in moves),
        payoff=np.array(payoff, float),
        chance=np.array(chance, float),
    )


def random_log_strategy(game: ExtensiveGame, seed: int, *, spread: float = 1.0) -> np.ndarray:
    """[i, m] logarithms of a random strategy profile."""
    rng = np.random.default_rng(seed)
    counts = np.array([len(m) for m in game.infoset_moves])
    logs = rng.normal(size=(len(counts), counts.max())) * spread
    logs[np.arange(counts.max())[None] >= counts[:, None]] = -np.inf
    return logs - np.log(np.exp(logs).sum(1, keepdims=True))


games = st.builds(
    random_game,
    st.integers(0, 10**6),
    players=st.integers(1, 3),
    depth=st.integers(1, 4),
    moves=st.integers(2, 3),
    hidden=st.sampled_from([0.0, 0.5, 1.0]),
)
"""Hypothesis strategy of random games."""
