"""The checked scenario: names resolved, expressions parsed, every element with its reason and source.

A `Scenario` is frozen and holds no arrays. It is made by `language.load` from a file, or built in Python.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from goodoffices.core.diagnostics import Span
from goodoffices.language.record_section import RecordSection
from goodoffices.language.tree import ClaimExpression, Expression


@dataclass(frozen=True)
class Anchor:
    """Where an element of the model comes from: a document and the words in it."""

    document: str
    sentence: int | None
    """Sentence number, from one, or None when the anchor is a quote."""
    text: str
    """The sentence or quote as it stands in the document."""
    start: int
    """Character offset in the document's text."""
    end: int


@dataclass(frozen=True)
class Note:
    """Why an element is in the model, and where it comes from."""

    why: str | None = None
    source: Anchor | None = None
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Document:
    """A text that the argument comes from, frozen with its citation."""

    name: str
    file: str
    cites: Mapping[str, str]
    text: str
    sentences: tuple[tuple[int, int], ...]
    """Character range of each sentence."""


@dataclass(frozen=True)
class Time:
    """The calendar: length of a round, first day, number of rounds (None is open-ended), discount per round."""

    round_days: float
    start: datetime.date | None
    rounds: int | None
    discount: Expression


@dataclass(frozen=True)
class Party:
    """One of the sides or the mediator."""

    name: str
    label: str
    role: str
    rationality: Expression
    note: Note = Note()


@dataclass(frozen=True)
class TypeDimension:
    """A private trait of a party: its levels and their prior odds (expressions that sum to one)."""

    party: str
    name: str
    levels: tuple[str, ...]
    odds: tuple[Expression, ...]
    note: Note = Note()


@dataclass(frozen=True)
class Factor:
    """A public trait of the talks with its levels; `start` is the level at the outset."""

    name: str
    levels: tuple[str, ...]
    start: str
    note: Note = Note()


@dataclass(frozen=True)
class Prior:
    """A distribution by name (see `language.priors.PRIORS`) with its arguments."""

    name: str
    arguments: tuple[float, ...]
    """For `discrete`: value, weight, value, weight, ..."""
    text: str
    """As written, for reports: `beta(2, 6)`, `0.2 to 0.6`."""


@dataclass(frozen=True)
class Parameter:
    """A number that is not known exactly."""

    name: str
    prior: Prior
    unit: str | None = None
    note: Note = Note()


@dataclass(frozen=True)
class Let:
    """A named sub-expression, or a table of expressions by level of one factor or type dimension."""

    name: str
    expression: Expression | None
    key: str | None = None
    """Full name of the factor or `party.dimension` that a table is looked up by."""
    table: Mapping[str, Expression] = field(default_factory=dict[str, Expression])
    note: Note = Note()


@dataclass(frozen=True)
class Effect:
    """A factor's next level: one level for certain, or a lottery with odds that may be expressions."""

    factor: str
    outcomes: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True)
class Move:
    """Something a party can do at its turn."""

    name: str
    label: str
    when: Expression | None = None
    then: tuple[Effect, ...] = ()
    costs: tuple[tuple[tuple[tuple[str, str], ...], Expression], ...] = ()
    """Pairs (levels of the mover's own types as ((`russia.aim`, `settler`),), cost); an empty first part is every type."""
    lever: str | None = None
    note: Note = Note()


@dataclass(frozen=True)
class Mover:
    """A party's part in a turn: its moves, and the default one (what silence means)."""

    party: str
    moves: tuple[Move, ...]
    default: str


@dataclass(frozen=True)
class ChanceOutcome:
    """One outcome of a turn of chance."""

    name: str
    label: str
    odds: Expression
    when: Expression | None = None
    then: tuple[Effect, ...] = ()
    note: Note = Note()


@dataclass(frozen=True)
class Turn:
    """One party, several at once, or chance (`movers` empty, `outcomes` set)."""

    movers: tuple[Mover, ...] = ()
    outcomes: tuple[ChanceOutcome, ...] = ()
    note: Note = Note()


@dataclass(frozen=True)
class Claim:
    """A sentence of the argument as a statement that the model can hold or not hold."""

    name: str
    text: str
    """The claim as a sentence for a reader (`text:` in the file)."""
    says: ClaimExpression
    says_text: str
    """The claim as written in the language."""
    note: Note = Note()


@dataclass(frozen=True)
class Scenario:
    """An argument as a model. Moves' effects apply in order of turns; values accrue at the end of each round."""

    title: str
    summary: tuple[str, ...]
    """The argument in (about) three sentences."""
    documents: tuple[Document, ...]
    time: Time
    parties: tuple[Party, ...]
    types: tuple[TypeDimension, ...]
    factors: tuple[Factor, ...]
    parameters: tuple[Parameter, ...]
    lets: tuple[Let, ...]
    turns: tuple[Turn, ...]
    values: Mapping[str, Expression]
    """Per round and party; utility per round, counted at the end of the round."""
    end_values: Mapping[str, Expression]
    """At the end of the horizon, per party; utility."""
    claims: tuple[Claim, ...]
    stops: Expression | None = None
    """A condition that ends the talks early (`time: {stops: fighting == settled}`): later rounds pass without turns
    and the per-round values keep accruing at the last state."""
    imposed: tuple[str, ...] = ()
    """Moves (`us.withdraw`) imposed on every type at the party's first decision where they are available; nobody
    learns from them. Written by `scenario.do`."""
    changes: tuple[str, ...] = ()
    """What was changed since the file was read: `set recognition = 2`, `without us.warn`, in order."""
    source: str = ""
    """Path of the file or name in the catalogue."""
    record: RecordSection | None = None
    """Which dated events count as which move."""

    def set(self, **values: float) -> Scenario:
        """The same scenario with parameters known to have these values; see `changes.set_parameters`."""
        from goodoffices.language.changes import set_parameters

        return set_parameters(self, **values)

    def without(self, *moves: str) -> Scenario:
        """The same scenario in which moves (`us.warn`) do not exist; see `changes.without`."""
        from goodoffices.language.changes import without

        return without(self, *moves)

    def do(self, *moves: str) -> Scenario:
        """The same scenario in which moves are imposed at their party's first decision; see `changes.do`."""
        from goodoffices.language.changes import do

        return do(self, *moves)
