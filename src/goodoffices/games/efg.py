"""Reads Gambit's `.efg` files (format EFG 2) into the flat extensive form.

Receives text; returns an `ExtensiveGame` whose players, information sets and moves keep the file's own order and numbers.
Refuses, with file, line and column: text that is not an .efg game, a tree that ends early or goes on too long, payoffs or
moves that do not match their players or information sets, chance that does not sum to one.

Format: The Gambit Project, "Gambit: The package for computation in game theory", chapter on file formats.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from goodoffices.core.diagnostics import Diagnostic, Refusal, Span
from goodoffices.games.extensive import CHANCE, DECISION, TERMINAL, ExtensiveGame
from goodoffices.games.labels import distinct

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}]|[^\s{},"]+|"')
CHANCE_SLACK = 1e-5
"""Decimals written with few digits may miss one by this much; they are then scaled to sum to one."""
MANY_ERRORS = 20


@dataclass
class _Set:
    """An information set as the file defines it."""

    label: str
    moves: tuple[str, ...]
    index: int


@dataclass
class _Draft:
    """The columns of the game while the file is read."""

    kind: list[int] = field(default_factory=list[int])
    parent: list[int] = field(default_factory=list[int])
    move: list[int] = field(default_factory=list[int])
    infoset: list[int] = field(default_factory=list[int])
    chance: list[float] = field(default_factory=list[float])
    outcome: list[int] = field(default_factory=list[int])


class _Stop(Exception):
    """Reading cannot go on."""


def read_efg(text: str, *, name: str = "game.efg") -> ExtensiveGame:
    """Read one game. `name` is the file name that errors carry.

    Raises `Refusal` with every problem found (reading stops at the first one that leaves the rest unreadable).
    """
    return _Reader(text.removeprefix("\ufeff"), name).read()


class _Reader:
    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.tokens: list[str] = TOKEN.findall(text)
        self.at = 0
        self.errors: list[Diagnostic] = []
        self.numbers: dict[str, float] = {}
        self.payoffs: list[tuple[float, ...]] = []
        self.outcomes: dict[str, int] = {}
        self.sets: dict[tuple[int, int], _Set] = {}
        self.chances: dict[int, tuple[float, ...]] = {}
        self.draft = _Draft()

    def read(self) -> ExtensiveGame:
        """The whole file."""
        try:
            title, players = self._prologue()
            self.payoffs.append((0.0,) * len(players))
            self._tree(players)
        except _Stop:
            pass
        if self.errors:
            raise Refusal(self.errors, sources={self.name: self.text})
        return self._game(title, players)  # pyright: ignore[reportPossiblyUnboundVariable]

    # ------------------------------------------------------------ tokens
    def _problem(self, code: str, message: str, hint: str | None = None, at: int | None = None) -> None:
        self.errors.append(Diagnostic(code, message, self._span(self.at if at is None else at), hint))
        if len(self.errors) >= MANY_ERRORS:
            raise _Stop

    def _stop(self, code: str, message: str, hint: str | None = None, at: int | None = None) -> _Stop:
        self._problem(code, message, hint, at)
        return _Stop()

    def _span(self, at: int) -> Span:
        begin, end = len(self.text), len(self.text)
        if at < len(self.tokens):
            for i, match in enumerate(TOKEN.finditer(self.text)):
                if i == at:
                    begin, end = match.span()
                    break
        line = self.text.count("\n", 0, begin) + 1
        column = begin - (self.text.rfind("\n", 0, begin) + 1) + 1
        return Span(self.name, line, column, line, column + max(1, end - begin))

    def _next(self, what: str) -> str:
        if self.at >= len(self.tokens):
            raise self._stop(
                "efg-truncated", f"the file ends where {what} should follow", "is the file complete?"
            )
        token = self.tokens[self.at]
        self.at += 1
        return token

    def _text(self, what: str) -> str:
        token = self._next(what)
        if token[0] != '"' or len(token) < 2:
            raise self._stop("efg-syntax", f"expected {what} in double quotes, found {token}", at=self.at - 1)
        if "\n" in token and what not in ("the game's title", "a comment"):
            runs_on = f"{what} runs over the end of its line"
            raise self._stop("efg-syntax", runs_on, "is a double quote missing?", at=self.at - 1)
        return re.sub(r"\\(.)", r"\1", token[1:-1]) if "\\" in token else token[1:-1]

    def _number(self, what: str) -> float:
        token = self._next(what)
        value = self.numbers.get(token)
        if value is None:
            try:
                value = float(Fraction(token))
            except (ValueError, ZeroDivisionError, OverflowError):
                raise self._stop("efg-syntax", f"expected {what}, found {token}", at=self.at - 1) from None
            self.numbers[token] = value
        return value

    def _whole(self, what: str) -> int:
        token = self._next(what)
        if not token.isdecimal():
            raise self._stop("efg-syntax", f"expected {what}, found {token}", at=self.at - 1)
        return int(token)

    def _open(self, what: str) -> None:
        token = self._next("{")
        if token != "{":
            raise self._stop("efg-syntax", f"expected {{ before {what}, found {token}", at=self.at - 1)

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    # ------------------------------------------------------------ parts
    def _prologue(self) -> tuple[str, tuple[str, ...]]:
        if not self.tokens:
            raise self._stop("efg-empty", "the file is empty", "an .efg file begins with EFG 2 R")
        head = self.tokens[:3]
        if head[:2] != ["EFG", "2"] or len(head) < 3 or head[2] not in ("R", "D"):
            raise self._stop(
                "efg-syntax", "this is not an extensive game of format 2", "an .efg file begins with EFG 2 R"
            )
        self.at = 3
        title = self._text("the game's title")
        self._open("the players")
        players: list[str] = []
        while self._peek() != "}":
            players.append(self._text("a player's name"))
        self.at += 1
        if not players:
            raise self._stop("efg-players", "the game has no players", at=self.at - 1)
        if self._peek().startswith('"'):
            self._text("a comment")
        return title, tuple(distinct(players))

    def _tree(self, players: tuple[str, ...]) -> None:
        draft = self.draft
        stack: list[list[int]] = []  # [node, next move, number of moves, chance set or -1]
        while True:
            node = len(draft.kind)
            if stack:
                top = stack[-1]
                draft.parent.append(top[0])
                draft.move.append(top[1])
                draft.chance.append(self.chances[top[3]][top[1]] if top[3] >= 0 else 1.0)
                top[1] += 1
                if top[1] == top[2]:
                    stack.pop()
            else:
                draft.parent.append(-1)
                draft.move.append(-1)
                draft.chance.append(1.0)
            letter = self._next("a node (c, p or t)")
            self._text("a node's name")
            if letter == "t":
                draft.kind.append(TERMINAL)
                draft.infoset.append(-1)
            elif letter == "p":
                index, moves = self._decision(players)
                draft.kind.append(DECISION)
                draft.infoset.append(index)
                stack.append([node, 0, moves, -1])
            elif letter == "c":
                number, moves = self._chance_node()
                draft.kind.append(CHANCE)
                draft.infoset.append(-1)
                stack.append([node, 0, moves, number])
            else:
                raise self._stop("efg-syntax", f"expected a node (c, p or t), found {letter}", at=self.at - 2)
            draft.outcome.append(self._outcome(players))
            if not stack:
                break
        if self.at < len(self.tokens):
            raise self._stop(
                "efg-trailing", "the tree is complete but the file goes on", "a node may have too few moves"
            )

    def _decision(self, players: tuple[str, ...]) -> tuple[int, int]:
        begin = self.at
        player = self._whole("a player's number")
        if not 1 <= player <= len(players):
            raise self._stop(
                "efg-player", f"there is no player {player}; the game has {len(players)}", at=self.at - 1
            )
        number = self._whole("an information set's number")
        label, moves = "", None
        if self._peek().startswith('"'):
            label = self._text("an information set's name")
        if self._peek() == "{":
            self.at += 1
            listed: list[str] = []
            while self._peek() != "}":
                listed.append(self._text("a move's label"))
            self.at += 1
            moves = tuple(distinct(listed))
        known = self.sets.get((player, number))
        if known is None:
            if not moves:
                raise self._stop(
                    "efg-infoset", f"information set {number} of player {player} has no moves", at=begin + 1
                )
            known = self.sets[player, number] = _Set(label, moves, len(self.sets))
        elif moves is not None and moves != known.moves:
            problem = f"information set {number} of player {player} was defined with the moves "
            raise self._stop(
                "efg-infoset", problem + ", ".join(known.moves), "use another number", at=begin + 1
            )
        return known.index, len(known.moves)

    def _chance_node(self) -> tuple[int, int]:
        begin = self.at
        number = self._whole("an information set's number")
        if self._peek().startswith('"'):
            self._text("an information set's name")
        if self._peek() == "{":
            self.at += 1
            odds: list[float] = []
            while self._peek() != "}":
                self._text("an outcome of chance")
                odds.append(self._number("a probability"))
                if odds[-1] < 0:
                    self._problem("efg-chance", "a probability is negative", at=self.at - 1)
            self.at += 1
            total = sum(odds)
            if abs(total - 1.0) > CHANCE_SLACK:
                raise self._stop(
                    "efg-chance", f"the probabilities of chance sum to {total:.10g}, not one", at=begin
                )
            found = tuple(p / total for p in odds)
            if self.chances.setdefault(number, found) != found:
                raise self._stop(
                    "efg-chance", f"chance {number} was defined with other probabilities", at=begin
                )
        if number not in self.chances:
            raise self._stop("efg-chance", f"chance {number} has no probabilities", at=begin)
        return number, len(self.chances[number])

    def _outcome(self, players: tuple[str, ...]) -> int:
        begin = self.at
        key = self._next("an outcome's number")
        if not key.isdecimal():
            raise self._stop("efg-syntax", f"expected an outcome's number, found {key}", at=begin)
        if self._peek().startswith('"'):
            self._text("an outcome's name")
        if self._peek() != "{":
            if key == "0":
                return 0
            if key not in self.outcomes:
                raise self._stop("efg-outcome", f"outcome {key} has no payoffs", at=begin)
            return self.outcomes[key]
        self.at += 1
        listed: list[float] = []
        while self._peek() != "}":
            listed.append(self._number("a payoff"))
        self.at += 1
        if len(listed) != len(players):
            counted = f"outcome {key} has {len(listed)} payoffs for {len(players)} players"
            self._problem("efg-payoffs", counted, at=begin)
            return 0
        found = tuple(listed)
        if key not in self.outcomes:
            self.outcomes[key] = len(self.payoffs)
            self.payoffs.append(found)
        elif self.payoffs[self.outcomes[key]] != found:
            self._problem("efg-outcome", f"outcome {key} was defined with other payoffs", at=begin)
        return self.outcomes[key]

    # ------------------------------------------------------------ arrays
    def _game(self, title: str, players: tuple[str, ...]) -> ExtensiveGame:
        draft = self.draft
        # Player by player, each information set where the file first names it: Gambit lists them in this order.
        keys = sorted(self.sets, key=lambda key: (key[0], self.sets[key].index))
        place = np.zeros(len(keys) + 1, dtype=np.int32)
        for index, key in enumerate(keys):
            place[self.sets[key].index] = index
        place[-1] = -1
        return ExtensiveGame(
            title=title,
            players=players,
            kind=np.array(draft.kind, dtype=np.int8),
            parent=np.array(draft.parent, dtype=np.int32),
            parent_move=np.array(draft.move, dtype=np.int32),
            infoset=place[np.array(draft.infoset, dtype=np.int64)],
            infoset_player=np.array([player - 1 for player, _ in keys], dtype=np.int32),
            infoset_number=np.array([number for _, number in keys], dtype=np.int32),
            infoset_label=tuple(self.sets[key].label for key in keys),
            infoset_moves=tuple(self.sets[key].moves for key in keys),
            payoff=np.array(self.payoffs, dtype=np.float64)[np.array(draft.outcome, dtype=np.int64)],
            chance=np.array(draft.chance, dtype=np.float64),
        )
