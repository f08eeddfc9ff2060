"""What a panel file or a Python user writes: which game every episode is, and which columns its payoffs are linear in.

A utility is a number (known), the name of a column (known, different from episode to episode), or a list of terms whose
coefficients are estimated. Terms are described in `goodoffices.panels.terms`. Nothing here looks at data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Terms = tuple[str, ...]
Utility = float | str | Terms
"""A known number, a column of known numbers, or terms with coefficients to be estimated."""
Utilities = Mapping[str, Mapping[str, Utility]]
"""player -> outcome -> utility; what is left out is 0."""
Rule = Mapping[str, float | str]
"""column -> value; a row belongs to the outcome whose rule it meets in every column."""


@dataclass(frozen=True)
class Decision:
    """A point of a tree where a player moves."""

    player: str
    moves: Mapping[str, str]
    """move -> the outcome that it ends in, or the name of the next decision."""


@dataclass(frozen=True)
class Shocks:
    """What the players know of their payoffs and the analyst does not."""

    distribution: Literal["logit", "normal"] = "logit"
    on: Literal["moves", "outcomes"] = "moves"
    """`moves`: agent error, drawn anew at each decision; `outcomes`: private information of a player about its own utility
    of each outcome (normal shocks only)."""
    scale: float | None = None
    """What a difference of utilities is divided by in a choice between two sure outcomes; 1/rationality where logit.
    None takes 1 for logit shocks and the square root of 2 for normal ones, each then of variance one."""
    log_scale: Terms | Mapping[str, Terms] = ()
    """Terms of the logarithm of what the scale is multiplied by, common or by player; none leaves the scale as it is."""


@dataclass(frozen=True)
class Tree:
    """Players move one after the other and see what was moved; the first decision opens the game.

    Signorino (1999, 2003): with normal shocks and three outcomes, `egame12` of R's `games`; logit shocks make it the
    agent quantal response equilibrium of McKelvey and Palfrey (1998).
    """

    decisions: Mapping[str, Decision]
    utilities: Utilities
    outcome: str | Mapping[str, Rule] | Mapping[str, str]
    """A column of labels; or outcome -> rule; or (with `counts`) outcome -> column of counts."""
    shocks: Shocks = field(default_factory=Shocks)
    counts: bool = False
    """Whether `outcome` names columns with the number of times that each outcome occurred in the episode."""


@dataclass(frozen=True)
class Ultimatum:
    """One offer, accepted or not; both reservation values are linear in columns and known privately (logistic shocks).

    The model of `ultimatum` in R's `games` (Ramsay and Signorino).
    """

    prize: float
    offer: str
    accept: str | None
    """Column of noughts and ones; None uses the offers alone."""
    proposer: Utility = ("1",)
    """What the proposer gets where the offer is turned down."""
    responder: Utility = ("1",)
    """What the responder gets where it turns the offer down."""
    log_scale: Mapping[str, Utility] = field(
        default_factory=lambda: {"proposer": ("1",), "responder": ("1",)}
    )
    """Logarithm of the scale of each player's shock."""
    floor: float = 0.0
    """Least probability (density) of a row; above 0 only to repeat software that has one, for example 2.220446e-16."""


SIGNALLING_OUTCOMES: tuple[str, ...] = ("status_quo", "concession", "war", "back_down")


@dataclass(frozen=True)
class Signalling:
    """A sender may challenge, the target resist, the sender then fight or back down; standard normal private information.

    Lewis and Schultz (2003). Players are `sender` and `target`; the target's utility of the status quo does not matter.
    Each episode is played at a fixed point, and there may be several of them.
    """

    utilities: Utilities
    counts: Mapping[str, str]
    """outcome -> column with the number of times that it occurred."""
    estimator: Literal["mle", "pl", "npl"] = "mle"
    """Maximum likelihood with the fixed point solved in each episode; pseudo-likelihood given first-stage probabilities;
    or pseudo-likelihood repeated until the probabilities are those that it implies."""
    first_stage: Mapping[str, str] = field(default_factory=dict[str, str])
    """`resist` and `fight` -> columns with estimated probabilities; where left out, one is made from the counts."""


@dataclass(frozen=True)
class Bimatrix:
    """Two players choose at the same time; play is the logit equilibrium connected to uniform play at zero rationality.

    McKelvey and Palfrey (1995), solved by `goodoffices.solvers`.
    """

    moves: Mapping[str, tuple[str, ...]]
    """player -> its moves; two players, in order."""
    utilities: Mapping[str, Mapping[str, Utility]]
    """player -> `move of the first, move of the second` -> utility."""
    counts: Mapping[str, Mapping[str, str]]
    """player -> move -> column with the number of times that it was played."""
    log_rationality: Terms | Mapping[str, Terms] = ("1",)
    """Terms of the logarithm of rationality, common or by player."""


Model = Tree | Ultimatum | Signalling | Bimatrix


@dataclass(frozen=True)
class Prior:
    """Independent normal priors of the coefficients, for a posterior."""

    mean: float = 0.0
    sd: float = 10.0
    each: Mapping[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    """coefficient -> (mean, standard deviation), where it differs."""


@dataclass(frozen=True)
class Panel:
    """A panel study: the game, the rows, and how coefficients are held, started and penalised."""

    model: Model
    title: str = "Panel"
    where: Mapping[str, str] = field(default_factory=dict[str, str])
    """column -> condition such as `>= 1850` or `== dem`; rows that meet all of them are used."""
    missing: Literal["refuse", "drop"] = "refuse"
    cluster: str | None = None
    """Column whose equal values mark rows that belong together, for clustered standard errors."""
    fixed: Mapping[str, float] = field(default_factory=dict[str, float])
    """coefficient -> value that it is held at."""
    start: Mapping[str, float] = field(default_factory=dict[str, float])
    """coefficient -> where the search begins."""
    penalty: Literal["log-F"] | None = None
    """`log-F`: each coefficient b adds b/2 - log(1 + exp(b)) to the objective (Greenland and Mansournia 2015)."""
    prior: Prior = field(default_factory=Prior)
