"""What would it take? The least change of parameters, or the least payment, after which a goal is reached.

Receives a compiled scenario, a goal (any claim, such as `P(fighting == settled at end) >= 0.5` or `modal(us) == us.press`) and
a solver; returns `Inverse`. Refuses parameters and moves that do not exist.

Change is measured in the standard-normal coordinates of the priors: a parameter at the quantile u of its prior lies
Phi^-1(u) standard deviations from its median, and several together lie as far as the Euclidean length of their changes (the
reliability index of Hasofer and Lind 1974). All other parameters stay at their medians. The search goes along many rays out
to a given distance, bisects where the goal is first reached, and improves the nearest points by trust-region steps along the
boundary (Rackwitz and Fiessler 1978), so that answers are nearest only among what was tried: `none found` does not say that
there is none. Every answer has been solved, with its margin, and a tolerance's width before it the goal was not reached.

A payment goes from outside to a party each time that it makes a move, and everybody knows of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from goodoffices.analyses.inverse_pay import least_payments
from goodoffices.analyses.inverse_points import Margins
from goodoffices.analyses.inverse_search import TOLERANCE, Found, search
from goodoffices.claims.survey import AnySolve, Form
from goodoffices.claims.tipping import varying
from goodoffices.core.diagnostics import refuse
from goodoffices.language.names import suggestion
from goodoffices.language.priors import median
from goodoffices.language.scenario import Claim, Parameter, Scenario

FAR = 3.0
"""Standard deviations within which answers are sought."""
DEAR = 20.0
"""Largest payment that is tried, in utility."""


@dataclass(frozen=True)
class Change:
    """One parameter's part in an answer."""

    parameter: str
    unit: str | None
    before: float
    """Its prior median."""
    after: float
    deviations: float
    """Prior standard deviations, signed."""


@dataclass(frozen=True)
class Answer:
    """A point at which the goal is reached."""

    kind: str
    """`one`: a single parameter; `few`: those that matter most in the nearest answer; `all`: every parameter that may vary."""
    changes: tuple[Change, ...]
    """The largest first."""
    distance: float
    """Prior standard deviations."""
    margin: float
    """Of the goal at the answer; not negative."""


@dataclass(frozen=True)
class Payment:
    """A payment for a move after which the goal is reached."""

    party: str
    move: str
    amount: float
    """Utility of the party, each time that it makes the move."""
    margin: float


@dataclass(frozen=True, eq=False)
class Inverse:
    """What it would take."""

    scenario: Scenario
    goal: Claim
    margin: float
    """Of the goal at the medians: not negative where it is reached already."""
    unit: str
    answers: tuple[Answer, ...]
    """Of every kind, the nearest first."""
    payments: tuple[Payment, ...]
    """The smallest first; their units are those of different parties and cannot be compared between them."""
    within: float
    """Standard deviations within which was sought."""
    most_payment: float
    """Largest payment tried."""
    varied: tuple[str, ...]
    paid: tuple[str, ...]
    games: int
    """Points at which the goal was computed."""
    unsolved: int
    """Points without an answer, taken as ones at which the goal is not reached."""
    tolerance: float = TOLERANCE
    settings: Mapping[str, object] = field(default_factory=dict[str, object])

    @property
    def reached(self) -> bool:
        """Whether nothing has to change."""
        return self.margin >= 0


def find_inverse(
    form: Form,
    goal: Claim,
    *,
    solve: AnySolve,
    recompile: Callable[[Scenario], Form],
    vary: Sequence[str] = (),
    pay: Sequence[str] = (),
    within: float = FAR,
    most_payment: float = DEAR,
    seed: int = 1,
) -> Inverse:
    """The least changes after which a goal is reached.

    Args:
        form: the compiled scenario.
        goal: a claim of the scenario, or one asked later.
        solve: a solver of this form.
        recompile: compiles a changed scenario in the same form (payments change what the game is made of).
        vary: parameters that may change; none takes every one that is uncertain, unless payments are asked for.
        pay: moves (`party.move`) that may be paid for; none takes no move.
        within: standard deviations within which to look.
        most_payment: largest payment to try, in utility.
        seed: of the rays.

    Raises:
        Refusal: a parameter is not uncertain or a move does not exist; `no-goal` where the goal has no answer at the medians.
    """
    scenario = form.scenario
    if not within > 0 or not most_payment > 0:
        raise refuse("bad-distance", "the distance and the payment to look within must be above 0")
    parameters = _varied(scenario, vary) if vary or not pay else []
    margins = Margins(form, goal, parameters, solve=solve)
    base = float(margins(np.zeros((1, len(parameters))))[0])
    if np.isnan(base):
        raise refuse("no-goal", f"`{goal.says_text}` has no answer at the medians of the priors")
    answers: list[Answer] = []
    payments: list[Payment] = []
    games = unsolved = 0
    if base < 0:
        if parameters:
            found = search(margins, base, len(parameters), within=within, seed=seed)
            answers = [_answer(parameters, one) for one in found]
        if pay:
            moves = _paid(scenario, pay)
            lines = least_payments(scenario, goal, moves, recompile, solve=solve, most=most_payment)
            payments = [
                Payment(party, move, amount, margin)
                for (party, move), (amount, margin) in zip(moves, lines.found, strict=True)
                if np.isfinite(amount)
            ]
            games, unsolved = lines.games, lines.unsolved
    games, unsolved = games + margins.games, unsolved + margins.unsolved
    return Inverse(
        scenario,
        goal,
        base,
        margins.unit,
        tuple(answers),
        tuple(sorted(payments, key=lambda p: p.amount)),
        within,
        most_payment,
        tuple(p.name for p in parameters),
        tuple(pay),
        games,
        unsolved,
    )


def _answer(parameters: Sequence[Parameter], found: Found) -> Answer:
    changes: list[Change] = []
    for parameter, z, value in zip(parameters, found.point, found.values, strict=True):
        if z != 0:
            before = median(parameter.prior)
            changes.append(Change(parameter.name, parameter.unit, before, float(value), float(z)))
    changes.sort(key=lambda c: -abs(c.deviations))
    return Answer(found.kind, tuple(changes), float(np.linalg.norm(found.point)), found.margin)


def _varied(scenario: Scenario, names: Sequence[str]) -> list[Parameter]:
    known = {p.name: p for p in varying(scenario.parameters)}
    for name in names:
        if name not in known:
            fixed = any(p.name == name for p in scenario.parameters)
            raise refuse(
                "not-uncertain" if fixed else "unknown-parameter",
                f"`{name}` is known for certain and has no prior to move in"
                if fixed
                else f"the scenario has no parameter `{name}`",
                hint=suggestion(name, list(known)),
            )
    return [known[name] for name in dict.fromkeys(names)] if names else list(known.values())


def _paid(scenario: Scenario, names: Sequence[str]) -> list[tuple[str, str]]:
    known = [f"{m.party}.{x.name}" for turn in scenario.turns for m in turn.movers for x in m.moves]
    for name in names:
        if name not in known:
            raise refuse("unknown-move", f"the scenario has no move `{name}`", hint=suggestion(name, known))
    return [(party, move) for party, _, move in (name.partition(".") for name in dict.fromkeys(names))]
