"""Random recursive games, and the same games unrolled into trees for the solver of trees."""

from __future__ import annotations

import itertools

import numpy as np
from random_games import assemble

from goodoffices.games import ExtensiveGame, GameData
from goodoffices.games.extensive import CHANCE, DECISION, TERMINAL
from goodoffices.games.recursive import RecursiveData, RecursiveGame


def every_profile(types: tuple[int, ...]) -> np.ndarray:
    """[p, k] the last party's type fastest."""
    return np.array(list(itertools.product(*map(range, types))), dtype=np.int64).T.reshape(len(types), -1)


def random_recursive(
    seed: int,
    *,
    types: tuple[int, ...] = (2, 1),
    slots: tuple[tuple[int, ...], ...] = ((0,), (1,)),
    places: int = 2,
    moves: tuple[int, int] = (2, 3),
    edges: int = 1,
    scale: float = 1.0,
    others: bool = False,
    draws: int | None = None,
    rationality: float = 1.0,
    discount: float = 0.9,
) -> tuple[RecursiveGame, RecursiveData]:
    """A game with `places` places a slot; payoffs depend on other parties' types where `others`."""
    rng = np.random.default_rng(seed)
    place_slot = np.repeat(np.arange(len(slots)), places)
    action_place, action_moves, edge_action, edge_to = [], [], [], []
    width = max(1, *(len(m) for m in slots))
    for s, slot in enumerate(place_slot.tolist()):
        own = [range(int(rng.integers(moves[0], moves[1] + 1))) for _ in slots[slot]]
        target = (slot + 1) % len(slots) * places
        for joint in itertools.product(*own):
            count = int(rng.integers(1, edges + 1)) if slots[slot] else min(places, 2)
            goes = rng.choice(places, size=min(count, places), replace=False)
            action_place.append(s)
            action_moves.append((*joint, *(-1,) * (width - len(joint))))
            for to in goes:
                edge_action.append(len(action_place) - 1)
                edge_to.append(target + int(to))
    game = RecursiveGame(
        "random",
        tuple(f"party {p}" for p in range(len(types))),
        types,
        every_profile(types),
        slots,
        place_slot,
        np.array(action_place),
        np.array(action_moves).reshape(-1, width),
        np.array(edge_action),
        np.array(edge_to),
    )
    b = 1 if draws is None else draws
    profiles, parties = game.profiles, len(types)

    def payoffs(rows: int) -> np.ndarray:
        out = np.zeros((rows, profiles, parties, b))
        for p in range(parties):
            own = rng.normal(size=(rows, types[p], b)) * scale
            out[:, :, p] = own[:, game.profile_types[p]]
            if others:
                out[:, :, p] += 0.3 * scale * rng.normal(size=(rows, profiles, b))
        return out

    odds = rng.uniform(0.2, 1.0, size=(len(edge_to), b))
    total = np.zeros((len(action_place), b))
    np.add.at(total, game.edge_action, odds)
    odds /= total[game.edge_action]
    prior = tuple(_dirichlet(rng, k, b) for k in types)
    data = RecursiveData(
        payoffs(len(edge_to)),
        odds,
        payoffs(len(place_slot)),
        prior,
        np.full((parties, b), rationality) * rng.uniform(0.8, 1.25, size=(parties, b)),
        np.full(b, discount),
    )
    return game, (data if draws is not None else one_draw(data, 0))


def _dirichlet(rng: np.random.Generator, types: int, draws: int) -> np.ndarray:
    weight = rng.uniform(0.3, 1.0, size=(types, draws))
    return weight / weight.sum(0)


def one_draw(data: RecursiveData, b: int) -> RecursiveData:
    """The numbers of one draw, without the axis of draws."""
    return RecursiveData(
        data.payoff[..., b],
        data.odds[..., b],
        data.end[..., b],
        tuple(p[..., b] for p in data.prior),
        data.rationality[..., b],
        data.discount[..., b],
    )


def unroll(game: RecursiveGame, data: RecursiveData, rounds: int) -> tuple[ExtensiveGame, GameData]:
    """The tree of a recursive game (numbers of one draw) over some rounds; information sets by public history."""
    kind, parent, parent_move, chance, payoff, keys = [], [], [], [], [], []
    parties = len(game.players)
    nothing = np.zeros(parties)

    def node(what: int, up: int, move: int, odds: float, pay: np.ndarray, key) -> int:
        kind.append(what)
        parent.append(up)
        parent_move.append(move)
        chance.append(odds)
        payoff.append(pay)
        keys.append(key)
        return len(kind) - 1

    def visit(up, move, odds, pay, place, level, k, past) -> None:
        r, slot = divmod(level, len(game.slots))
        factor = float(data.discount) ** r
        if r == rounds:
            node(TERMINAL, up, move, odds, pay + factor * data.end[place, k], None)
            return
        actions = np.flatnonzero(game.action_place == place)
        movers = game.slots[slot]

        def choose(up, move, odds, pay, j, taken) -> None:
            if j == len(movers):
                (a,) = [a for a in actions.tolist() if tuple(game.action_moves[a, : len(movers)]) == taken]
                edges = np.flatnonzero(game.edge_action == a).tolist()
                if len(edges) > 1:
                    up, move, odds, pay = node(CHANCE, up, move, odds, pay, None), None, None, None
                for n, e in enumerate(edges):
                    worth = factor * data.payoff[e, k]
                    where = (int(game.edge_to[e]), level + 1, k, (*past, a, e))
                    if move is None:
                        visit(up, n, float(data.odds[e]), worth, *where)
                    else:
                        visit(up, move, odds, pay + worth, *where)
                return
            party = movers[j]
            own = sorted(set(game.action_moves[actions, j].tolist()))
            here = node(DECISION, up, move, odds, pay, (party, (past, int(game.profile_types[party, k]))))
            for n, m in enumerate(own):
                choose(here, n, 1.0, nothing, j + 1, (*taken, m))

        choose(up, move, odds, pay, 0, ())

    root = node(CHANCE, -1, -1, 1.0, nothing, None)
    for k in range(game.profiles):
        types = game.profile_types[:, k]
        odds = float(np.prod([data.prior[p][t] for p, t in enumerate(types)]))
        visit(root, k, odds, nothing, game.start, 0, k, ())
    tree = assemble(kind, parent, parent_move, chance, payoff, keys, parties)
    return tree, GameData(tree.payoff, tree.chance, np.asarray(data.rationality, float))
