"""What-ifs: functions from a scenario to a scenario, with the change recorded.

Receives a frozen scenario; returns a new one. Refuses names that the scenario does not have.
"""

from __future__ import annotations

from dataclasses import replace

from goodoffices.core.diagnostics import Refusal, refuse
from goodoffices.language import odds
from goodoffices.language.names import suggestion
from goodoffices.language.priors import fixed
from goodoffices.language.reach import explore
from goodoffices.language.record_section import without_moves
from goodoffices.language.resolve import Scope
from goodoffices.language.scenario import Mover, Scenario, Turn


def set_parameters(scenario: Scenario, /, **values: float) -> Scenario:
    """The scenario with parameters known to have these values.

    Raises:
        Refusal: a parameter does not exist, a value is not finite, or the odds are no odds at it.
    """
    names = [parameter.name for parameter in scenario.parameters]
    for name, value in values.items():
        if name not in names:
            raise refuse(
                "unknown-parameter",
                f"the scenario has no parameter `{name}`",
                hint=suggestion(name, names) or _listed(names),
            )
        if not abs(float(value)) < float("inf"):
            raise refuse("not-finite", f"`{name}` cannot be {value}")
    parameters = tuple(
        replace(p, prior=fixed(values[p.name])) if p.name in values else p for p in scenario.parameters
    )
    notes = tuple(f"set {name} = {float(value)!r}" for name, value in values.items())
    changed = replace(scenario, parameters=parameters, changes=(*scenario.changes, *notes))
    if values:
        scope = Scope()
        odds.examine(changed, scope, explore(changed))
        errors = [d for d in scope.diagnostics if d.severity == "error"]
        if errors:
            raise Refusal(errors)
    return changed


def without(scenario: Scenario, *moves: str) -> Scenario:
    """The scenario in which moves (`us.warn`) do not exist. Claims that mention them stay: such a move never happens.

    Raises:
        Refusal: there is no such move, or a party would have no move left at a turn.
    """
    turns = scenario.turns
    for name in moves:
        party, move = _move(scenario, name)
        turns = tuple(_turn_without(turn, party, move, name) for turn in turns)
    notes = tuple(f"without {name}" for name in moves)
    record = without_moves(scenario.record, moves) if scenario.record is not None else None
    return replace(scenario, turns=turns, record=record, changes=(*scenario.changes, *notes))


def do(scenario: Scenario, *moves: str) -> Scenario:
    """The scenario in which moves (`us.withdraw`) are imposed at their party's first decision where they are available.

    Raises:
        Refusal: there is no such move.
    """
    for name in moves:
        _move(scenario, name)
    notes = tuple(f"do {name}" for name in moves)
    return replace(scenario, imposed=(*scenario.imposed, *moves), changes=(*scenario.changes, *notes))


def _move(scenario: Scenario, name: str) -> tuple[str, str]:
    known = dict.fromkeys(
        f"{m.party}.{x.name}" for turn in scenario.turns for m in turn.movers for x in m.moves
    )
    if name not in known:
        raise refuse(
            "unknown-move",
            f"the scenario has no move `{name}`",
            hint=suggestion(name, known) or _listed(list(known)),
        )
    party, _, move = name.partition(".")
    return party, move


def _turn_without(turn: Turn, party: str, move: str, name: str) -> Turn:
    return replace(
        turn, movers=tuple(_mover_without(m, move, name) if m.party == party else m for m in turn.movers)
    )


def _mover_without(mover: Mover, move: str, name: str) -> Mover:
    moves = tuple(m for m in mover.moves if m.name != move)
    if not moves:
        raise _nothing_left(mover.party, name)
    default = mover.default
    if default == move:
        default = next((m.name for m in moves if m.when is None), moves[0].name)
    return replace(mover, moves=moves, default=default)


def _nothing_left(party: str, name: str) -> Refusal:
    return refuse("no-moves", f"without `{name}` the party `{party}` has no move at one of its turns")


def _listed(names: list[str]) -> str | None:
    return f"there are {', '.join(f'`{name}`' for name in names[:8])}" if names else None
