"""The benchmark's games, with one draw of their numbers or many.

Two players bargain in a crisis. The challenger knows its own type (weak or strong); the target does not. In `crisis` the
challenger may challenge once; in `repeated_crisis` it quits or makes one of two demands each round, the target concedes or
resists, and after the last resistance the challenger backs down or fights.

Receives the number of rounds and seeds; returns an `ExtensiveGame` and its `GameData`, whose last axis holds one draw a
seed. Numbers are rounded to six decimals, as a file of the game would print them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from goodoffices.games.extensive import CHANCE, DECISION, TERMINAL, ExtensiveGame, GameData

Floats = NDArray[np.float64]
CHALLENGER, TARGET = 0, 1
DISCOUNT = 0.95
DEMANDS = (1 / 3, 2 / 3)


class Node(NamedTuple):
    """One node in depth-first order; its children follow it."""

    moves: tuple[str, ...] = ()
    player: int = -1
    knows: str = ""
    """What tells its information set from the player's others."""
    odds: tuple[Floats, ...] = ()
    pays: tuple[Floats, Floats] | None = None


def game(rounds: int, seeds: Sequence[int], rationality: float) -> tuple[ExtensiveGame, GameData]:
    """`crisis` where `rounds` is 0, otherwise `repeated_crisis`; one draw for each seed."""
    nodes = _crisis(seeds) if rounds == 0 else _repeated(rounds, seeds)
    title = "crisis" if rounds == 0 else f"repeated crisis, {rounds} rounds"
    return _assemble(title, nodes, len(seeds), rationality)


def one(rounds: int, rationality: float, seed: int = 0) -> tuple[ExtensiveGame, GameData]:
    """A single game, its data without an axis of draws."""
    shape, data = game(rounds, [seed], rationality)
    single = GameData(data.payoff[..., 0], data.chance[..., 0], data.rationality[..., 0])
    return replace(shape, payoff=single.payoff, chance=single.chance), single


def draw(shape: ExtensiveGame, data: GameData, index: int) -> tuple[ExtensiveGame, GameData]:
    """One draw of a batch, as a game of its own."""
    single = GameData(data.payoff[..., index], data.chance[..., index], data.rationality[..., index])
    return replace(shape, payoff=single.payoff, chance=single.chance), single


def _crisis(seeds: Sequence[int]) -> Iterator[Node]:
    ranges = ((-1.0, -0.2), (-0.1, 0.5), (-0.8, -0.1), (0.1, 0.8), (0.1, 0.9))
    weak, strong, target_fights, shame, p_strong = _uniform(seeds, ranges)
    p_strong = np.round(p_strong, 6)
    nothing = np.zeros(len(seeds))
    yield Node(("weak", "strong"), odds=(1 - p_strong, p_strong))
    for kind, fights in enumerate((weak, strong)):
        yield Node(("stay", "challenge"), CHALLENGER, f"challenge {kind}")
        yield Node(pays=(nothing, nothing + 1))
        yield Node(("concede", "resist"), TARGET, "reply")
        yield Node(pays=(nothing + 1, nothing))
        yield Node(("back down", "fight"), CHALLENGER, f"fight {kind}")
        yield Node(pays=(-shame, nothing + 1))
        yield Node(pays=(fights, target_fights))


def _repeated(rounds: int, seeds: Sequence[int]) -> Iterator[Node]:
    noise = _uniform(seeds, ((-0.1, 0.1),) * 4)
    fights = (-0.4 + noise[0], 0.3 + noise[1])
    target_fights, shame = -0.3 + noise[2], 0.3 + noise[3]
    nothing = np.zeros(len(seeds))
    yield Node(("weak", "strong"), odds=(nothing + 0.5, nothing + 0.5))
    for kind in (0, 1):
        # What is still to be written: (round, demands so far), or a payoff; an explicit stack, the last one next.
        ahead: list[Node | tuple[int, str]] = [(0, "")]
        while ahead:
            item = ahead.pop()
            if isinstance(item, Node):
                yield item
                continue
            past, demands = item
            worth = DISCOUNT**past
            if past == rounds:
                yield Node(("back down", "fight"), CHALLENGER, f"fight {kind} {demands}")
                yield Node(pays=(-shame * worth, nothing + worth))
                yield Node(pays=(fights[kind] * worth, target_fights * worth))
                continue
            labels = ("quit", *(f"demand {i + 1}" for i in range(len(DEMANDS))))
            yield Node(labels, CHALLENGER, f"demand {kind} {demands}")
            yield Node(pays=(nothing - 0.05 * past, nothing + worth))
            for i in reversed(range(len(DEMANDS))):
                after = f"{demands}{i}"
                share = DEMANDS[i]
                ahead.append((past + 1, after))
                ahead.append(Node(pays=(nothing + share * worth, nothing + (1 - share) * worth)))
                ahead.append(Node(("concede", "resist"), TARGET, f"reply {after}"))


def _uniform(seeds: Sequence[int], ranges: Sequence[tuple[float, float]]) -> Floats:
    """[range, draw] numbers, drawn in order by one generator for each seed."""
    rows = []
    for seed in seeds:
        generator = random.Random(seed)
        rows.append([generator.uniform(low, high) for low, high in ranges])
    return np.array(rows).T


def _assemble(
    title: str, nodes: Iterator[Node], draws: int, rationality: float
) -> tuple[ExtensiveGame, GameData]:
    kind, parent, move, infoset = [], [], [], []
    payoff: list[tuple[Floats, Floats]] = []
    chance: list[Floats] = []
    sets: dict[tuple[int, str], int] = {}
    labels: list[tuple[str, ...]] = []
    nothing, certain = np.zeros(draws), np.ones(draws)
    waiting: list[list[int]] = []  # [node, its next move, its number of moves]
    odds: dict[int, tuple[Floats, ...]] = {}
    for number, node in enumerate(nodes):
        above, place = -1, -1
        if waiting:
            above, place, moves = waiting[-1]
            waiting[-1][1] += 1
            if place + 1 == moves:
                waiting.pop()
        parent.append(above)
        move.append(place)
        chance.append(odds[above][place] if above in odds else certain)
        payoff.append(node.pays or (nothing, nothing))
        index = -1
        if node.moves:
            waiting.append([number, 0, len(node.moves)])
        if node.odds:
            odds[number] = node.odds
        elif node.moves:
            index = sets.setdefault((node.player, node.knows), len(sets))
            if index == len(labels):
                labels.append(node.moves)
        kind.append(CHANCE if node.odds else DECISION if node.moves else TERMINAL)
        infoset.append(index)
    owners = np.array([player for player, _ in sets])
    order = np.argsort(owners, kind="stable")  # player by player, as files list them
    rank = np.append(np.argsort(order), -1)
    names = list(sets)
    numbers = np.round(np.array(payoff), 6)
    likely = np.array(chance)
    shape = ExtensiveGame(
        title=title,
        players=("Challenger", "Target"),
        kind=np.array(kind, np.int8),
        parent=np.array(parent, np.int32),
        parent_move=np.array(move, np.int32),
        infoset=rank[np.array(infoset)].astype(np.int32),
        infoset_player=owners[order].astype(np.int32),
        infoset_number=np.concatenate([np.arange(1, (owners == p).sum() + 1) for p in (0, 1)]).astype(
            np.int32
        ),
        infoset_label=tuple(names[i][1].strip() for i in order),
        infoset_moves=tuple(labels[i] for i in order),
        payoff=numbers[..., 0],
        chance=likely[..., 0],
    )
    return shape, GameData(numbers, likely, np.full((2, draws), float(rationality)))
