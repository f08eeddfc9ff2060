"""Every kind of event and of condition, asked of the scenario `wide` of the claims' tests."""

from __future__ import annotations

import numpy as np

from goodoffices.claims.points import Step
from goodoffices.language.tree import Before, EventLogic, LevelTest, MoveMade, StateIs, Timed, Until

DRAWS = {"p": np.array([0.3, 0.7]), "price": np.array([0.4, 1.2])}
TRUCE = StateIs(LevelTest("fighting", ("truce",)))
WAR = StateIs(LevelTest("fighting", ("war",)))
SETTLED = StateIs(LevelTest("fighting", ("settled",)))
HERE = StateIs(LevelTest("engagement", ("engaged", "warned")))
GRAND = StateIs(LevelTest("ru.aim", ("grand",)))
WARN, LEAVE, CALL = MoveMade("us", "warn"), MoveMade("us", "leave"), MoveMade("ru", "truce")
SETTLE = MoveMade("ua", "settle")

EVENTS = {
    "ever a state": Timed("ever", TRUCE),
    "a state within one round": Timed("ever", TRUCE, 1),
    "always a state": Timed("always", WAR),
    "always a state within one round": Timed("always", HERE, 1),
    "a state at round one": Timed("at", TRUCE, 1),
    "a state at round two": Timed("at", SETTLED, 2),
    "a state at the end": Timed("at", SETTLED),
    "a state beyond the horizon": Timed("at", WAR, 9),
    "a move": Timed("ever", CALL),
    "a move within one round": Timed("ever", LEAVE, 1),
    "a move in round two": Timed("at", CALL, 2),
    "a type": Timed("ever", GRAND),
    "one move before another": Before(CALL, WARN),
    "simultaneous moves, neither first": Before(CALL, SETTLE),
    "a state before a move": Before(TRUCE, LEAVE),
    "before within one round": Before(CALL, LEAVE, 1),
    "a state until a move": Until(WAR, SETTLE),
    "a state until a state, in time": Until(HERE, TRUCE, 1),
    "not": EventLogic("not", (Timed("ever", TRUCE),)),
    "and": EventLogic("and", (Timed("ever", CALL), Timed("always", HERE))),
    "or": EventLogic("or", (Timed("ever", LEAVE), Timed("at", SETTLED, 1), Timed("ever", GRAND))),
}
STEPS = {
    "from the outset": (),
    "after a warning": (Step("us", "warn"),),
    "after leaving": (Step("us", "leave"),),
    "after a simultaneous move": (Step("ru", "truce"),),
    "after the other simultaneous move": (Step("ua", "settle"),),
    "after two moves": (Step("us", "warn"), Step("ru", "truce")),
    "after one move and then the next": (Step("us", "warn"), Step("us", "wait", next=True)),
}
