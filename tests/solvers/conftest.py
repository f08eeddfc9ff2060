"""Games built in Python for the tests of the solvers, and an independent recomputation of what a solver claims."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np
import pytest

from goodoffices.games.extensive import CHANCE, DECISION, TERMINAL, ExtensiveGame, GameData


class Tree:
    """Writes an `ExtensiveGame` node by node, in preorder."""

    def __init__(self, players):
        self.players = tuple(players)
        self.kind, self.parent, self.parent_move, self.infoset, self.chance, self.payoff = (
            [],
            [],
            [],
            [],
            [],
            [],
        )
        self.sets: dict[tuple[int, str], int] = {}
        self.moves: list[tuple[str, ...]] = []
        self.open: list[list[int]] = []

    def _node(self, kind, infoset=-1, payoff=None, moves=0, odds=None):
        node = len(self.kind)
        parent, move, p = -1, -1, 1.0
        if self.open:
            top = self.open[-1]
            parent, move = top[0], top[1]
            p = top[3][move] if top[3] is not None else 1.0
            top[1] += 1
        self.kind.append(kind)
        self.parent.append(parent)
        self.parent_move.append(move)
        self.infoset.append(infoset)
        self.chance.append(p)
        self.payoff.append(payoff if payoff is not None else [0.0] * len(self.players))
        if kind != TERMINAL:
            self.open.append([node, 0, moves, odds])
        while self.open and self.open[-1][1] == self.open[-1][2]:
            if kind != TERMINAL and self.open[-1][0] == node:
                break
            self.open.pop()
        return node

    def nature(self, odds, payoff=None):
        return self._node(CHANCE, moves=len(odds), odds=list(odds), payoff=payoff)

    def move(self, player, key, labels, payoff=None):
        number = self.sets.setdefault((player, key), len(self.sets))
        if number == len(self.moves):
            self.moves.append(tuple(labels))
        return self._node(DECISION, infoset=number, moves=len(labels), payoff=payoff)

    def leaf(self, *payoff):
        return self._node(TERMINAL, payoff=[float(x) for x in payoff])

    def game(self, title="game"):
        owner = [player for player, _ in self.sets]
        counts: dict[int, int] = {}
        number = []
        for player in owner:
            counts[player] = counts.get(player, 0) + 1
            number.append(counts[player])
        return ExtensiveGame(
            title,
            self.players,
            np.array(self.kind, dtype=np.int8),
            np.array(self.parent, dtype=np.int32),
            np.array(self.parent_move, dtype=np.int32),
            np.array(self.infoset, dtype=np.int32),
            np.array(owner, dtype=np.int32),
            np.array(number, dtype=np.int32),
            tuple(key for _, key in self.sets),
            tuple(self.moves),
            np.array(self.payoff, dtype=np.float64),
            np.array(self.chance, dtype=np.float64),
        )


def make_repeated_crisis(
    rounds: int, k: int = 2, types: int = 2, delta: float = 0.95, seed: int = 0
) -> ExtensiveGame:
    """Rounds of demand and answer with a private type of resolve; the last resistance leads to fight or back down."""
    r = random.Random(seed)
    w = [-0.4 + 0.7 * i / max(1, types - 1) + r.uniform(-0.1, 0.1) for i in range(types)]
    w_b = -0.3 + r.uniform(-0.1, 0.1)
    audience = 0.3 + r.uniform(-0.1, 0.1)
    tree = Tree(["Challenger", "Target"])
    tree.nature([1 / types] * types)

    def play(t, kind, history):
        d = delta**t
        if t == rounds:
            tree.move(0, f"f{kind}:{history}", ["backdown", "fight"])
            tree.leaf(-audience * d, d)
            tree.leaf(w[kind] * d, w_b * d)
            return
        tree.move(0, f"d{kind}:{history}", ["quit"] + [f"demand{i}" for i in range(k)])
        tree.leaf(-0.05 * t, d)
        for i in range(k):
            ask = (i + 1) / (k + 1)
            tree.move(1, f"r:{history}{i}", ["concede", "resist"])
            tree.leaf(ask * d, (1 - ask) * d)
            play(t + 1, kind, history + str(i))

    for kind in range(types):
        play(0, kind, "")
    return tree.game(f"repeated crisis, {rounds} rounds")


def make_random_game(seed: int, depth: int = 4, players: int = 2) -> ExtensiveGame:
    """Random moves of players with private types, seen or unseen by the others, with perfect recall by construction."""
    r = random.Random(seed)
    tree = Tree([f"P{i}" for i in range(players)])
    shapes: dict[tuple, tuple] = {}

    def shape(key, make):
        if key not in shapes:
            shapes[key] = make()
        return shapes[key]

    def grow(d, private, public):
        kind = shape(
            ("kind", public), lambda: r.choice(["move", "move", "move", "chance", "end"]) if d else "move"
        )
        if d == depth or kind == "end":
            tree.leaf(*(r.uniform(-1, 1) for _ in range(players)))
            return
        here = [r.uniform(-0.2, 0.2) for _ in range(players)]
        if kind == "chance":
            odds = shape(("odds", public), lambda: [r.uniform(0.1, 1) for _ in range(r.choice([2, 3]))])
            tree.nature([o / sum(odds) for o in odds], payoff=here)
            who = shape(("told", public), lambda: r.randrange(players))
            for i in range(len(odds)):
                told = tuple((*s, (d, i)) if p == who else s for p, s in enumerate(private))
                grow(d + 1, told, (*public, "c"))
            return
        who = shape(("who", public), lambda: r.randrange(players))
        labels = shape(("labels", public), lambda: [f"m{i}" for i in range(r.choice([2, 2, 3]))])
        seen = shape(("seen", public), lambda: r.random() < 0.6)
        tree.move(who, repr((public, private[who])), labels, payoff=here)
        for i in range(len(labels)):
            if seen:
                grow(d + 1, private, (*public, i))
            else:
                told = tuple((*s, (d, i)) if p == who else s for p, s in enumerate(private))
                grow(d + 1, told, (*public, "?"))

    odds = [[0.3, 0.7], [0.5, 0.5]]
    tree.nature(odds[0])
    for a in range(2):
        tree.nature(odds[1])
        for b in range(2):
            grow(0, tuple(((a,) if p == 0 else (b,) if p == 1 else ()) for p in range(players)), ())
    return tree.game(f"random {seed}")


def data_of(
    game: ExtensiveGame, rationality, draws: int | None = None, spread: float = 0.0, seed: int = 0
) -> GameData:
    """A game's own numbers, or draws of payoffs around them."""
    p = len(game.players)
    lam = np.broadcast_to(np.asarray(rationality, dtype=float), (p,)).copy()
    if draws is None:
        return GameData(game.payoff, game.chance, lam)
    noise = np.random.default_rng(seed).normal(scale=spread, size=(*game.payoff.shape, draws))
    noise[(game.payoff == 0).all(axis=1)] = 0.0
    return GameData(
        game.payoff[..., None] + noise,
        np.repeat(game.chance[:, None], draws, axis=1),
        np.repeat(lam[:, None], draws, axis=1),
    )


def recompute(game: ExtensiveGame, data: GameData, log_strategy) -> tuple[float, list[float]]:
    """Neutral residual and root values by plain recursion over nodes, sharing no code with the solvers."""
    children: list[list[int]] = [[] for _ in game.kind]
    for node in range(1, game.kind.size):
        children[game.parent[node]].append(node)
    reach = [0.0] * game.kind.size
    for node in range(1, game.kind.size):
        parent = game.parent[node]
        if game.kind[parent] == CHANCE:
            step = math.log(data.chance[node]) if data.chance[node] > 0 else -1e5
        else:
            step = float(log_strategy[game.infoset[parent], game.parent_move[node]])
        reach[node] = reach[parent] + step
    players = len(game.players)
    value = [[0.0] * players for _ in game.kind]
    for node in reversed(range(game.kind.size)):
        for move, child in enumerate(children[node]):
            if game.kind[node] == CHANCE:
                p = data.chance[child]
            else:
                p = math.exp(log_strategy[game.infoset[node], move])
            for i in range(players):
                value[node][i] += p * (data.payoff[child, i] + value[child][i])
    worst = 0.0
    for i in range(len(game.infoset_moves)):
        nodes = [n for n in range(game.kind.size) if game.infoset[n] == i]
        top = max(reach[n] for n in nodes)
        weight = [math.exp(reach[n] - top) for n in nodes]
        who = game.infoset_player[i]
        q = [
            sum(
                w * (data.payoff[children[n][m], who] + value[children[n][m]][who])
                for w, n in zip(weight, nodes, strict=True)
            )
            / sum(weight)
            for m in range(len(game.infoset_moves[i]))
        ]
        gap = [log_strategy[i, m] - data.rationality[who] * q[m] for m in range(len(q))]
        worst = max(worst, max(gap) - min(gap))
    return worst, [value[0][i] + data.payoff[0, i] for i in range(players)]


@pytest.fixture
def repeated_crisis() -> Callable[..., ExtensiveGame]:
    return make_repeated_crisis


@pytest.fixture
def random_game() -> Callable[..., ExtensiveGame]:
    return make_random_game


@pytest.fixture
def tree() -> type[Tree]:
    return Tree


@pytest.fixture
def numbers_of() -> Callable[..., GameData]:
    return data_of


@pytest.fixture
def independent() -> Callable[..., tuple[float, list[float]]]:
    return recompute
