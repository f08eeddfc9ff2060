"""Writes an extensive game as Gambit's `.efg`, so that what we solve can be taken to other tools.

Receives an `ExtensiveGame`; returns text; numbers are written so that reading gives the same floating-point values.
"""

from __future__ import annotations

from fractions import Fraction

from goodoffices.games.extensive import CHANCE, DECISION, ExtensiveGame


def write_efg(game: ExtensiveGame) -> str:
    """The game in the format EFG 2. Information sets keep their numbers; nodes are written depth first.

    Chance is written as exact fractions, the last one such that they sum to one, as Gambit requires.
    """
    children: list[list[int]] = [[] for _ in game.kind]
    for node in range(1, len(game.kind)):
        children[int(game.parent[node])].append(node)
    for below in children:
        below.sort(key=lambda node: game.parent_move[node])
    lines = [f"EFG 2 R {_quote(game.title)} {{ {' '.join(map(_quote, game.players))} }}", '""', ""]
    outcomes: dict[tuple[float, ...], int] = {}
    chances = 0
    stack = [0]
    while stack:
        node = stack.pop()
        stack.extend(reversed(children[node]))
        outcome = _outcome(game, node, outcomes)
        if game.kind[node] == DECISION:
            i = int(game.infoset[node])
            moves = " ".join(map(_quote, game.infoset_moves[i]))
            owner, number = game.infoset_player[i] + 1, game.infoset_number[i]
            label = _quote(game.infoset_label[i])
            lines.append(f'p "" {owner} {number} {label} {{ {moves} }} {outcome}')
        elif game.kind[node] == CHANCE:
            chances += 1
            odds = [Fraction(float(game.chance[child])) for child in children[node]]
            odds[odds.index(max(odds))] += 1 - sum(odds)
            listed = " ".join(f'"{move}" {p}' for move, p in enumerate(odds, start=1))
            lines.append(f'c "" {chances} "" {{ {listed} }} {outcome}')
        else:
            lines.append(f't "" {outcome}')
    return "\n".join(lines) + "\n"


def _outcome(game: ExtensiveGame, node: int, outcomes: dict[tuple[float, ...], int]) -> str:
    payoff = tuple(game.payoff[node].tolist())
    if not any(payoff):
        return "0"
    number = outcomes.setdefault(payoff, len(outcomes) + 1)
    return f'{number} "" {{ {", ".join(map(repr, payoff))} }}'


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
