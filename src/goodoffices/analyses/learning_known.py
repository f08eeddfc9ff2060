"""Games in which a party sees another's type before the first round.

Receives a tree, pairs (party, whose type it sees) and draws; returns what each party's expected payoff changes by. The
information sets of the party are divided by the other's type; for the game in which nobody else knows of it, the others'
present strategies become moves of chance, so that only the party itself decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from goodoffices.claims.running import RESIDUAL
from goodoffices.claims.survey import Progress, Solve
from goodoffices.claims.tree_running import CHUNK_BYTES, MOST_LANES
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.scenario_tree import ScenarioTree
from goodoffices.games.extensive import CHANCE, DECISION, ExtensiveGame, GameData, Solution

Pair = tuple[str, str]
"""A party, and the party whose type it sees."""


@dataclass(frozen=True, eq=False)
class Knowledge:
    """Changes of expected payoffs; index letters p party, b draw."""

    known: Mapping[Pair, Array]
    """[p, b] where everybody knows that the party knows; not a number where a game was not solved."""
    secret: Mapping[Pair, Array]
    """[b] of the party itself where nobody else knows."""
    solved: NDArray[np.bool_]
    """[b] where all games were solved."""
    worst: Mapping[str, float]
    """Largest values of the certificates."""


def solve_knowing(
    tree: ScenarioTree,
    pairs: Sequence[Pair],
    draws: Mapping[str, Array],
    *,
    solve: Solve,
    progress: Progress | None = None,
) -> Knowledge:
    """Solve every pair's games over the draws; arguments as for `find_learning`."""
    width = max((len(values) for values in draws.values()), default=1)
    step = min(MOST_LANES, tree.chunk_size(most_bytes=CHUNK_BYTES))
    work = _Work(tree, pairs, solve)
    for low in range(0, width, step):
        part = slice(low, min(low + step, width))
        work.chunk({name: values[part] for name, values in draws.items()})
        if progress is not None:
            progress(part.stop, width)
    return work.finish()


class _Work:
    def __init__(self, tree: ScenarioTree, pairs: Sequence[Pair], solve: Solve) -> None:
        self.tree, self.pairs, self.solve = tree, pairs, solve
        self.games = {pair: divide(tree, *pair) for pair in pairs}
        self.known: dict[Pair, list[Array]] = {pair: [] for pair in pairs}
        self.secret: dict[Pair, list[Array]] = {pair: [] for pair in pairs}
        self.good: list[NDArray[np.bool_]] = []
        self.worst: dict[str, float] = {}

    def chunk(self, draws: Mapping[str, Array]) -> None:
        """All games at some draws."""
        tree = self.tree
        data = tree.data(draws)
        imposed = [(party, move) for party, _, move in (n.partition(".") for n in tree.scenario.imposed)]
        mask = tree.allowed(do=imposed)
        base, good = self._solved(tree.game, _with(data, mask))
        every = good.copy()
        for pair in self.pairs:
            divided, origin = self.games[pair]
            known, fine = self._solved(divided, _with(data, None if mask is None else mask[origin]))
            fine &= good
            self.known[pair].append(np.where(fine, known.values - base.values, np.nan))
            player = tree.game.players.index(pair[0])
            values: list[Array] = []
            for game, moves in ((tree.game, mask), (divided, None if mask is None else mask[origin])):
                alone, numbers, kept = _alone(game, tree.game, data, base.log_strategy, player)
                solution, own = self._solved(alone, _with(numbers, None if moves is None else moves[kept]))
                fine &= own
                values.append(solution.values[player])
            self.secret[pair].append(np.where(fine, values[1] - values[0], np.nan))
            every &= fine
        self.good.append(every)

    def finish(self) -> Knowledge:
        """Everything over all draws."""
        return Knowledge(
            {pair: np.concatenate(parts, axis=-1) for pair, parts in self.known.items()},
            {pair: np.concatenate(parts) for pair, parts in self.secret.items()},
            np.concatenate(self.good),
            self.worst,
        )

    def _solved(self, game: ExtensiveGame, data: GameData) -> tuple[Solution, NDArray[np.bool_]]:
        width = np.shape(data.payoff)[-1]
        found = self.solve(game, data, neighbour=np.full(width, -1, dtype=np.int64))
        residual = np.atleast_1d(np.asarray(found.certificate.logit_residual))
        good = (np.atleast_1d(found.status) == 0) & (residual <= RESIDUAL)
        for name in ("logit_residual", "max_regret", "max_response_regret", "belief_error"):
            values = np.atleast_1d(np.asarray(getattr(found.certificate, name), float))[good]
            values = values[~np.isnan(values)]
            if len(values):
                self.worst[name] = max(self.worst.get(name, 0.0), float(values.max()))
        return found, good


def divide(tree: ScenarioTree, party: str, about: str) -> tuple[ExtensiveGame, NDArray[np.int64]]:
    """The game in which a party's information sets are divided by another's own type, and [i] the set each comes from."""
    game, profiles = tree.game, tree.graph.profiles
    player, other = game.players.index(party), game.players.index(about)
    types = len(profiles.own_labels[other])
    deciding = np.flatnonzero(game.infoset >= 0)
    old = game.infoset[deciding].astype(np.int64)
    mine = game.infoset_player[old] == player
    seen = np.where(mine, profiles.own[other][tree.node_profile[deciding]], 0)
    # New sets keep the order of the old ones, so that a mover's moves stay in the order of time.
    keys, place = np.unique(old * types + seen, return_inverse=True)
    origin = keys // types
    infoset = np.full(len(game.kind), -1, dtype=np.int32)
    infoset[deciding] = place.reshape(-1)
    owner = game.infoset_player[origin]
    number = np.zeros(len(origin), dtype=np.int32)
    for p in range(len(game.players)):
        own = np.flatnonzero(owner == p)
        number[own] = np.arange(1, len(own) + 1)
    labels = tuple(
        f"{game.infoset_label[i]}, seeing {about}[{profiles.own_labels[other][k % types]}]"
        if game.infoset_player[i] == player
        else game.infoset_label[i]
        for i, k in zip(origin.tolist(), keys.tolist(), strict=True)
    )
    moves = tuple(game.infoset_moves[i] for i in origin.tolist())
    divided = replace(
        game,
        infoset=infoset,
        infoset_player=owner,
        infoset_number=number,
        infoset_label=labels,
        infoset_moves=moves,
    )
    return divided, origin


def _alone(
    game: ExtensiveGame, base: ExtensiveGame, data: GameData, log_strategy: Array, player: int
) -> tuple[ExtensiveGame, GameData, NDArray[np.int64]]:
    """The game in which only one player decides and the others' strategies are odds; and which sets are left [i].

    `game` may divide sets of `base`, of which `log_strategy` is; the sets of the others are the same in both.
    """
    deciding = game.kind == DECISION
    others = deciding & (game.infoset_player[np.where(deciding, game.infoset, 0)] != player)
    kind = np.where(others, CHANCE, game.kind).astype(np.int8)
    kept = np.flatnonzero(game.infoset_player == player)
    place = np.full(len(game.infoset_player), -1, dtype=np.int32)
    place[kept] = np.arange(len(kept))
    infoset = np.where(kind == DECISION, place[np.where(deciding, game.infoset, 0)], -1).astype(np.int32)
    chance = np.array(np.broadcast_to(data.chance, (len(kind), log_strategy.shape[-1])))
    below = np.flatnonzero(others[game.parent] & (game.parent >= 0))
    chance[below] = np.exp(log_strategy[base.infoset[game.parent[below]], game.parent_move[below]])
    alone = replace(
        game,
        kind=kind,
        infoset=infoset,
        infoset_player=game.infoset_player[kept],
        infoset_number=np.arange(1, len(kept) + 1, dtype=np.int32),
        infoset_label=tuple(game.infoset_label[i] for i in kept.tolist()),
        infoset_moves=tuple(game.infoset_moves[i] for i in kept.tolist()),
        chance=chance[:, 0],
    )
    return alone, replace(data, chance=chance), kept


def _with(data: GameData, allowed: NDArray[np.bool_] | None) -> GameData:
    if allowed is None:
        return data
    width = np.shape(data.payoff)[-1]
    return replace(data, allowed=np.repeat(allowed[..., None], width, axis=-1))
