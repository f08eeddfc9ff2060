"""Levers: what using a move does, what being able to use it does, and what its shadow does although it is not used.

Receives a compiled scenario, draws and a solver; returns `Levers`: for every move of a party and every measure (the
probability of an event, or a party's value) five effects, each over the draws. Refuses moves that do not exist.

With Y a measure, the effects of a move m of party i are

- imposed: Y(do m) - Y, nobody learns anything from the move;
- chosen: Y where i chose m at its first decision with it, less Y at that decision whatever is chosen;
- able: Y - Y(without m);
- shadow: Y where i plays as in the world without m and all others play as in the world with it, less Y(without m). Only
  what the others do differs between the two, and m is used in neither: this is the threat alone. What `able` exceeds it by
  is what i itself does differently, the use of m above all;
- unused: Y on the paths of the world as it is on which m is never used, less Y(without m). It holds the shadow and, besides,
  which types of i refrained from m.

Values are discounted to the outset, except under `chosen`, where they count from the round of that decision, as questions do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from goodoffices.analyses.levers_flows import LeverReader
from goodoffices.analyses.levers_notes import Key
from goodoffices.analyses.levers_spread import Spread
from goodoffices.analyses.levers_talks import TalksLeverReader
from goodoffices.claims.answers import Item, Reader
from goodoffices.claims.survey import AnySolve, Form, Progress, Shards, Survey, survey
from goodoffices.claims.worlds import AS_IS, World
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.scenario_tree import Choice, ScenarioTree
from goodoffices.core.diagnostics import Refusal, refuse
from goodoffices.language.asked import read_event
from goodoffices.language.names import suggestion
from goodoffices.language.scenario import Scenario

KINDS: dict[str, str] = {
    "imposed": "using it, imposed so that nobody learns from it",
    "chosen": "using it by choice, so that everybody learns from it",
    "able": "being able to use it",
    "shadow": "threatening it: what the others do differently because it could be used",
    "unused": "where it is not used after all, against its not existing",
}
"""Every kind of effect, with what it is the effect of."""


@dataclass(frozen=True)
class Measure:
    """What an effect is on."""

    text: str
    """The event as it was asked, or `value(party)`."""
    item: Item
    """What is read off the solved games; from the outset."""

    @property
    def unit(self) -> str:
        """`probability` or `utility`."""
        return "probability" if self.item.kind == "P" else "utility"


@dataclass(frozen=True)
class Lever:
    """A move as a means."""

    party: str
    move: str
    label: str
    tag: str | None
    """Its `lever` in the scenario: pressure, concession, exit, signal, ..."""
    default: bool
    """Whether it is what the party's silence means, and so rather the absence of a lever."""

    @property
    def name(self) -> str:
        """`party.move`."""
        return f"{self.party}.{self.move}"


@dataclass(frozen=True, eq=False)
class Effect(Spread):
    """One effect over the draws, in the measure's unit; not a number where a game was not solved or there is no effect."""

    lever: Lever
    measure: Measure
    kind: str
    """A key of `KINDS`."""
    first: float
    """Share of draws in which no other move has a larger effect (in size) of this kind on this measure."""


@dataclass(frozen=True, eq=False)
class Contrast(Spread):
    """Two moves set against each other on one measure: the first effect less the second, draw by draw.

    The draws are the same, so the error is that of paired numbers.
    """

    first: Effect
    second: Effect

    @property
    def share(self) -> float:
        """Share of draws in which the first effect lies below the second."""
        solved = self.values[~np.isnan(self.values)]
        return float(np.mean(solved < 0)) if len(solved) else float("nan")


@dataclass(frozen=True, eq=False)
class Levers:
    """Every effect of every move."""

    scenario: Scenario
    levers: tuple[Lever, ...]
    measures: tuple[Measure, ...]
    effects: Mapping[Key, Effect]
    """(lever's name, measure's text, kind) -> effect."""
    used: Mapping[str, Array]
    """Lever's name -> [b] probability that it is used at all in the world as it is."""
    n: int
    """Draws made."""
    unsolved: int
    """Draws for which some game was not solved; effects that need it are not numbers there."""
    worst: Mapping[str, float]
    """Largest value of each part of the certificate over the games that were solved."""
    settings: Mapping[str, object] = field(default_factory=dict[str, object])

    def effect(self, lever: str, measure: str, kind: str) -> Effect:
        """One effect.

        Raises:
            Refusal: `unknown-effect`.
        """
        try:
            return self.effects[lever, measure, kind]
        except KeyError:
            known = sorted({" ".join(key) for key in self.effects})
            raise refuse(
                "unknown-effect",
                f"there is no effect of kind `{kind}` of `{lever}` on `{measure}`",
                hint=suggestion(f"{lever} {measure} {kind}", known),
            ) from None

    def ranking(self, measure: str, kind: str) -> tuple[Effect, ...]:
        """Effects of one kind on one measure, the largest in size first; those without an answer are left out."""
        found = [e for (_, m, k), e in self.effects.items() if (m, k) == (measure, kind) and e.n]
        return tuple(sorted(found, key=lambda e: (-abs(e.mean), e.lever.name)))

    def contrast(self, first: str, second: str, measure: str, kind: str = "chosen") -> Contrast:
        """One move against another; arguments as for `effect`."""
        one, two = self.effect(first, measure, kind), self.effect(second, measure, kind)
        return Contrast(one.values - two.values, one, two)


def find_levers(
    form: Form,
    draws: Mapping[str, Array],
    *,
    solve: AnySolve,
    outcomes: Sequence[str] = (),
    moves: Sequence[str] = (),
    seed: int = 1,
    progress: Progress | None = None,
) -> Levers:
    """The effects of moves as levers.

    Args:
        form: the compiled scenario. Talks have no effect `unused` on values; in shards only `imposed` and `able`.
        draws: parameter -> [b], every parameter of the scenario.
        solve: a solver of this form.
        outcomes: events, as in `P(...)`; none takes each factor's levels at the end.
        moves: `party.move`; none takes every move that is ever one of several.
        seed: of the thinning of long talks' branches; trees need none.
        progress: called with the number of draws finished and their total.

    Raises:
        Refusal: an outcome or a move does not exist.
    """
    scenario = form.scenario
    measures = _measures(scenario, outcomes)
    levers = _levers(form, moves)
    worlds = {lever.name: _worlds(form, lever) for lever in levers}
    items = [(world, measure.item) for measure in measures for world in _distinct(worlds)]
    reader = Reader(form) if isinstance(form, ScenarioTree) else None
    notes = (
        LeverReader(reader, measures, levers, worlds)
        if reader is not None
        else None
        if isinstance(solve, Shards)
        else TalksLeverReader(measures, levers, worlds, seed=seed)
    )
    used = {lever.name: Item("P", event=read_event(lever.name, scenario)) for lever in levers}
    items += [(AS_IS, item) for item in used.values()]
    found = survey(
        form,
        items,
        draws,
        solve=solve,
        reader=reader,
        progress=progress,
        watch=notes.see if notes is not None else None,
    )
    values = _read(found, measures, levers, worlds)
    if notes is not None:
        values |= notes.finish(found)
    bad = ~np.all(np.stack(list(found.solved.values())), axis=0)
    return Levers(
        scenario,
        levers,
        measures,
        _effects(values, levers, measures),
        {name: found.known.ask(item, AS_IS) for name, item in used.items()},
        found.known.width,
        int(bad.sum()),
        found.worst,
    )


def default_outcomes(scenario: Scenario) -> tuple[str, ...]:
    """For each factor, each level other than the one it starts at, at the end."""
    return tuple(
        f"{factor.name} == {level} at end"
        for factor in scenario.factors
        for level in factor.levels
        if level != factor.start
    )


def _measures(scenario: Scenario, outcomes: Sequence[str]) -> tuple[Measure, ...]:
    events = dict.fromkeys(outcomes or default_outcomes(scenario))
    found = [Measure(text, Item("P", event=read_event(text, scenario))) for text in events]
    parties = [party.name for party in scenario.parties]
    return (*found, *(Measure(f"value({party})", Item("value", party=party)) for party in parties))


def _levers(form: Form, moves: Sequence[str]) -> tuple[Lever, ...]:
    found: dict[str, Lever] = {}
    for turn in form.scenario.turns:
        for mover in turn.movers:
            for move in mover.moves:
                silent = move.name == mover.default and move.lever is None
                lever = Lever(mover.party, move.name, move.label, move.lever, silent)
                found.setdefault(lever.name, lever)
    for name in moves:
        if name not in found:
            raise refuse(
                "unknown-move",
                f"the scenario has no move `{name}`",
                hint=suggestion(name, list(found)) or f"there are {', '.join(f'`{n}`' for n in found)}",
            )
    if moves:
        return tuple(found[name] for name in dict.fromkeys(moves))
    return tuple(lever for lever in found.values() if _free(form, (lever.party, lever.move)))


def _free(form: Form, choice: Choice) -> bool:
    """Whether the move is ever one of several."""
    if not isinstance(form, ScenarioTree):
        return True
    return bool(((form.option_of(choice) >= 0) & (form.graph.config_count > 1)).any())


def _worlds(form: Form, lever: Lever) -> dict[str, World]:
    """The worlds in which the move is imposed and in which it does not exist; the latter only where that can be."""
    choice = lever.party, lever.move
    found = {"do": World(do=frozenset([choice]))}
    gone = World(without=frozenset([choice]))
    try:
        if isinstance(form, ScenarioTree):
            form.allowed(without=[choice])
        else:
            form.reader(gone)
    except Refusal:
        return found
    return found | {"without": gone}


def _distinct(worlds: Mapping[str, Mapping[str, World]]) -> list[World]:
    return list(dict.fromkeys([AS_IS, *(w for by_kind in worlds.values() for w in by_kind.values())]))


def _read(
    found: Survey,
    measures: Sequence[Measure],
    levers: Sequence[Lever],
    worlds: Mapping[str, Mapping[str, World]],
) -> dict[Key, Array]:
    """Effects that are differences of two worlds."""
    out: dict[Key, Array] = {}

    def ask(measure: Measure, world: World) -> Array:
        return np.where(found.solved[world], found.known.ask(measure.item, world), np.nan)

    for lever in levers:
        for measure in measures:
            here = ask(measure, AS_IS)
            own = worlds[lever.name]
            out[lever.name, measure.text, "imposed"] = ask(measure, own["do"]) - here
            if "without" in own:
                out[lever.name, measure.text, "able"] = here - ask(measure, own["without"])
    return out


def _effects(
    values: Mapping[Key, Array], levers: Sequence[Lever], measures: Sequence[Measure]
) -> dict[Key, Effect]:
    out: dict[Key, Effect] = {}
    for measure in measures:
        for kind in KINDS:
            known = [lever for lever in levers if (lever.name, measure.text, kind) in values]
            if not known:
                continue
            sizes = np.abs(np.stack([values[lever.name, measure.text, kind] for lever in known]))
            some: NDArray[np.bool_] = np.atleast_1d((~np.isnan(sizes)).any(0))
            most = np.where(some, np.nanmax(np.where(np.isnan(sizes), -1.0, sizes), axis=0), np.nan)
            for lever, size in zip(known, sizes, strict=True):
                share = float(np.mean(size[some] == most[some])) if some.any() else float("nan")
                key = lever.name, measure.text, kind
                out[key] = Effect(values[key], lever, measure, kind, share)
    return out
