"""A scenario as a game tree, with everything that questions need to know about its nodes.

Receives histories and a graph of states; returns a `ScenarioTree`. Every node of the game belongs to one public history
and one type profile; an information set is what its mover has seen: the public history at the start of the turn, and
its own type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from goodoffices.compiler.expressions import Array
from goodoffices.compiler.figures import Figures, figures
from goodoffices.compiler.graph import StateGraph
from goodoffices.compiler.histories import Histories, Ints
from goodoffices.compiler.slots import MOVE
from goodoffices.core.diagnostics import refuse
from goodoffices.games.extensive import ExtensiveGame, GameData
from goodoffices.language.scenario import Scenario

Choice = tuple[str, str]
"""A party and the name of one of its moves."""

CHUNK_BYTES = 200_000_000
"""Size of the largest array that `chunks` makes at once."""


@dataclass(frozen=True, eq=False)
class ScenarioTree:
    """A scenario unrolled; index letters n node, i information set, h public history, k type profile, b draw."""

    game: ExtensiveGame
    """Payoffs and odds at the prior medians."""
    graph: StateGraph
    histories: Histories
    node_history: Ints
    """[n] public history of the node; -1 at a root at which chance draws the types."""
    node_profile: Ints
    """[n] type profile; -1 at such a root."""
    infoset_base: Ints
    """[h] information set of the mover's first own type (others follow), -1 where nobody chooses."""
    infoset_history: Ints
    """[i] a public history at which it is reached."""
    _edge_of: dict[Choice, Ints] = field(default_factory=dict[Choice, Ints], repr=False)

    @property
    def scenario(self) -> Scenario:
        """The scenario that was unrolled."""
        return self.graph.scenario

    @property
    def rounds(self) -> int:
        """Number of rounds unrolled."""
        return self.graph.rounds

    # ------------------------------------------------------------ numbers
    def figures(self, draws: Mapping[str, Array]) -> Figures:
        """Payments and odds on the graph's edges for these draws (every parameter, each [b])."""
        return figures(self.graph, draws)

    def data(self, draws: Mapping[str, Array], *, at: Figures | None = None) -> GameData:
        """The game's numbers for these draws: payoff [n, p, b], chance [n, b], rationality [p, b].

        Args:
            draws: parameter -> [b], every parameter of the scenario.
            at: `figures(draws)` where they are known already.
        """
        found = at or self.figures(draws)
        past, graph = self.histories, self.graph
        width = found.rationality.shape[1]
        paid = np.zeros((len(past.payment_edge) + 1, *found.payment.shape[1:]))
        for j, (before, edge) in enumerate(zip(past.payment_before, past.payment_edge, strict=True)):
            np.add(paid[before], found.payment[edge], out=paid[j])  # the last row, reached by -1, stays zero
        shown, profile = self.node_history, self.node_profile
        payoff = paid[np.where(shown >= 0, past.payment[shown], -1), profile]
        chance = np.ones((len(shown), width))
        drawn = np.flatnonzero(
            (shown >= 0) & (self.game.kind[self.game.parent] == 2) & (past.origin[shown] >= 0)
        )
        origin = past.origin[shown[drawn]]
        edges = graph.config_first[past.config[origin]] + past.origin_option[shown[drawn]]
        chance[drawn] = found.odds[edges, profile[drawn]]
        if graph.profiles.count > 1:
            chance[1 : 1 + graph.profiles.count] = found.prior
        return GameData(payoff, chance, found.rationality)

    def chunks(
        self, draws: Mapping[str, Array], *, most_bytes: int = CHUNK_BYTES
    ) -> Iterator[tuple[slice, GameData]]:
        """The same in slices of the draws, so that no array is larger than `most_bytes`."""
        width = len(next(iter(draws.values()))) if draws else 1
        step = self.chunk_size(most_bytes=most_bytes)
        for low in range(0, width, step):
            part = slice(low, min(low + step, width))
            yield part, self.data({name: values[part] for name, values in draws.items()})

    def chunk_size(self, *, most_bytes: int = CHUNK_BYTES) -> int:
        """How many draws keep the payoff array under `most_bytes`."""
        return max(1, most_bytes // (8 * len(self.game.kind) * max(1, len(self.game.players))))

    # ------------------------------------------------------------ moves
    def option_of(self, choice: Choice) -> Ints:
        """[c] at which position the configuration's mover has this move, -1 where it has not."""
        if choice not in self._edge_of:
            graph = self.graph
            party, name = choice
            position = np.full(len(graph.config_level), -1)
            for s, slot in enumerate(graph.slots):
                if slot.kind != MOVE or self.scenario.parties[slot.party].name != party:
                    continue
                moves = graph.scenario.turns[slot.turn].movers[slot.mover].moves
                for m, move in enumerate(moves):
                    if move.name == name:
                        edges = (graph.config_slot[graph.edge_from] == s) & (graph.edge_label == m)
                        source = graph.edge_from[edges]
                        position[source] = np.flatnonzero(edges) - graph.config_first[source]
            self._edge_of[choice] = position
        return self._edge_of[choice]

    def first_choices(self, choice: Choice, *, since: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
        """[h] where the party has this move for the first time on the path (counted from histories in `since`)."""
        past = self.histories
        available = self.option_of(choice)[past.config] >= 0
        counting = np.ones(past.count, dtype=bool) if since is None else since
        available &= counting
        met = np.zeros(past.count, dtype=bool)
        for low, high in pairwise(past.bounds[1:]):
            above = past.parent[low:high]
            met[low:high] = met[above] | available[above]
        return available & ~met

    def allowed(
        self, *, do: Sequence[Choice] = (), without: Sequence[Choice] = ()
    ) -> NDArray[np.bool_] | None:
        """[i, m] which moves may be played where some are imposed (`do`) or do not exist (`without`).

        `do` binds the party at its first decision at which it has the move, and every type alike; `without` holds
        everywhere. None where nothing is changed.

        Raises:
            Refusal: `no-move-left` where a party would be left without any move.
        """
        if not do and not without:
            return None
        past, graph = self.histories, self.graph
        widest = max((len(moves) for moves in self.game.infoset_moves), default=1)
        own_config = past.config[self.infoset_history]
        mask = np.arange(widest)[None, :] < graph.config_count[own_config][:, None]
        for choice in without:
            position = self.option_of(choice)[own_config]
            bound = np.flatnonzero(position >= 0)
            mask[bound, position[bound]] = False
        for choice in do:
            position = self.option_of(choice)[own_config]
            bound = np.flatnonzero(self.first_choices(choice)[self.infoset_history] & (position >= 0))
            keep = mask[bound, position[bound]]
            mask[bound] = False
            mask[bound, position[bound]] = keep
        self._refuse_dead_ends(mask, without)
        return mask

    def _refuse_dead_ends(self, mask: NDArray[np.bool_], without: Sequence[Choice]) -> None:
        past, graph = self.histories, self.graph
        played = np.ones(past.count, dtype=bool)
        stuck = np.zeros(past.count, dtype=bool)
        deciding = self.infoset_base >= 0
        rows = np.where(deciding, self.infoset_base, 0)
        if len(mask):
            stuck |= deciding & ~mask[rows].any(1)
        for choice in without:
            forced = graph.config_silent[past.config] & (self.option_of(choice)[past.config] >= 0)
            stuck |= forced
        for low, high in pairwise(past.bounds[1:]):
            above = past.parent[low:high]
            kept = ~deciding[above]
            if len(mask):
                kept |= mask[rows[above], np.minimum(past.option[low:high], mask.shape[1] - 1)]
            played[low:high] = played[above] & kept & ~stuck[above]
        ends = np.flatnonzero(stuck & played)
        if len(ends):
            party = self.scenario.parties[graph.party()[past.config[ends[0]]]].name
            raise refuse(
                "no-move-left",
                f"`{party}` would have no move left in {self.place(int(ends[0]))}",
                hint="a move that is a party's only one at some point cannot be taken away",
            )

    # ------------------------------------------------------------ nodes, for questions
    @cached_property
    def history_round(self) -> Ints:
        """[h] round from zero in which the history's next thing happens (`rounds` at the very end)."""
        return self.graph.config_round[self.histories.config]

    @cached_property
    def history_levels(self) -> Ints:
        """[h, f] index of each factor's level."""
        return self.graph.states[self.graph.config_state[self.histories.config]]

    @cached_property
    def node_round(self) -> Ints:
        """[n] round from zero."""
        return self.history_round[self.node_history]

    @cached_property
    def node_turn(self) -> Ints:
        """[n] turn within the round from zero, -1 at leaves."""
        turns = np.array([slot.turn for slot in self.graph.slots] + [-1])
        return turns[self.graph.config_slot[self.histories.config]][self.node_history]

    @cached_property
    def node_mover(self) -> Ints:
        """[n] index of the party that moves, -1 for chance and leaves."""
        mover = self.graph.party()[self.histories.config][self.node_history]
        return np.where(self.node_history >= 0, mover, -1)

    @cached_property
    def node_levels(self) -> Ints:
        """[n, f] index of each factor's level."""
        return self.history_levels[self.node_history]

    # ------------------------------------------------------------ names
    def place(self, history: int) -> str:
        """`round 2: warned, war` for a public history."""
        scenario, graph = self.scenario, self.graph
        config = int(self.histories.config[history])
        state: list[int] = graph.states[graph.config_state[config]].tolist()
        levels = ", ".join(f.levels[i] for f, i in zip(scenario.factors, state, strict=True))
        ended = graph.config_slot[config] == -1
        where = "the end" if ended else f"round {int(graph.config_round[config]) + 1}"
        return f"{where}: {levels}" if levels else where

    def option_name(self, edge: int) -> str:
        """`us.withdraw`, the name of an outcome of chance, or the levels that a lottery drew."""
        graph, option = self.graph, self.graph.options[edge]
        slot = graph.slots[int(graph.config_slot[graph.edge_from[edge]])]
        turn = graph.scenario.turns[slot.turn]
        if slot.kind == MOVE:
            mover = turn.movers[slot.mover]
            return f"{mover.party}.{mover.moves[option.label].name}"
        drawn = ", ".join(option.names)
        if not turn.outcomes:
            return drawn or "nothing drawn"
        name = turn.outcomes[option.label].name
        return f"{name} ({drawn})" if drawn else name

    def path(self, history: int) -> tuple[str, ...]:
        """Everything that happened on the way to a public history, in order."""
        out: list[str] = []
        while history > 0:
            out.append(self.option_name(int(self.histories.edge[history])))
            history = int(self.histories.parent[history])
        return tuple(reversed(out))

    def describe_node(self, node: int) -> str:
        """`us round 1: engaged, war (resolute, maximalist)` for a node of the game."""
        history = int(self.node_history[node])
        if history < 0:
            return "chance draws the private types"
        mover = int(self.node_mover[node])
        who = self.scenario.parties[mover].name + " " if mover >= 0 else ""
        types = self.profile_name(int(self.node_profile[node]))
        return f"{who}{self.place(history)}{f' ({types})' if types else ''}"

    def describe_infoset(self, infoset: int) -> str:
        """`us[resolute] round 1: engaged, war` for an information set."""
        return self.game.infoset_label[infoset]

    def profile_name(self, profile: int) -> str:
        """Levels of all type dimensions of a profile."""
        levels: list[int] = self.graph.profiles.levels[:, profile].tolist()
        return ", ".join(d.levels[i] for d, i in zip(self.scenario.types, levels, strict=True))
