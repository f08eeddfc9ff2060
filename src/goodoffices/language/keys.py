"""The table of a scenario file's keys: what may stand where, in which shape, and what it means.

The reader's check for unknown keys, the JSON Schema and the language reference all read this one table.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Key:
    """One key of one kind of mapping."""

    name: str
    shape: str
    """What its value may be: a simple shape (`text`, `expression`, `levels`, ...), the name of another form, or several
    joined by ` | `; after `each: ` the shapes of a mapping's values, after `list: ` of a list's items."""
    doc: str
    example: str = ""
    required: bool = False


_WHY = Key("why", "text", "Why this is in the model, in words.", "The column says so.")
_SOURCE = Key(
    "source",
    "text | source",
    "The words it comes from: `document#s12` (sentence 12), or a quote.",
    "brief#s12",
)

FORMS: dict[str, tuple[Key, ...]] = {
    "scenario": (
        Key("goodoffices", "version", "Version of this dialect.", "1", required=True),
        Key("title", "text", "Title of the argument.", "The Budapest round", required=True),
        Key("summary", "texts", "The argument in about three sentences."),
        Key("documents", "each: document", "Texts that the argument comes from."),
        Key("time", "time", "The calendar and the horizon.", required=True),
        Key("parties", "each: party | text", "The sides and the mediator.", required=True),
        Key("types", "each: odds | type", "Private traits, keyed `party.trait`, with the odds of each level."),
        Key("factors", "each: levels | factor", "Public traits of the talks; the first level is the start."),
        Key("parameters", "each: prior | parameter", "Numbers that are not known exactly."),
        Key("let", "each: expression | let | odds", "Named sub-expressions, and tables by level."),
        Key("turns", "list: turn", "Who moves in each round, in order.", required=True),
        Key("values", "each: expression", "What each party gains per round, in utility per round.", required=True),
        Key("end", "each: expression", "What each party gains at the end of the horizon, in utility."),
        Key("claims", "each: claim | text", "What the argument says."),
        Key("record", "record", "The dated events, and which of them count as which move."),
        Key("changes", "texts", "What was changed since the scenario was first read (written by what-ifs)."),
        Key("imposed", "texts", "Moves that are imposed at their party's first decision (written by what-ifs)."),
    ),
    "document": (
        Key("file", "text", "The text, in the scenario's folder or below.", "brief.md", required=True),
        Key("cites", "free", "The citation: title, author, outlet, date, address."),
    ),
    "source": (
        Key("document", "name", "Which document.", "brief", required=True),
        Key("quote", "text", "Words that must occur in it exactly once."),
        Key("sentence", "integer", "Number of a sentence, from one."),
        Key("prefix", "text", "Words just before the quote, where it occurs more than once."),
        Key("suffix", "text", "Words just after it."),
    ),
    "time": (
        Key("round", "text", "Length of a round.", "1 week", required=True),
        Key("from", "date", "First day of round one.", "2025-01-20"),
        Key("rounds", "integer | text", "Number of rounds, or `open-ended`.", "4", required=True),
        Key("discount", "expression", "What a later round is worth: `0.97 per week`, or per round without a unit.",
            "0.97 per week"),
        Key("stops", "expression", "A condition that ends the talks; values keep accruing.", "fighting == settled"),
    ),
    "party": (
        Key("name", "text", "Name for readers.", "United States"),
        Key("role", "text", "Such as mediator or belligerent.", "mediator"),
        Key("rationality", "expression", "Precision of its choices, in 1/utility; 1 where it is left out.", "2"),
        _WHY,
        _SOURCE,
    ),
    "type": (Key("levels", "odds", "Level -> odds; they sum to one.", required=True), _WHY, _SOURCE),
    "factor": (
        Key("levels", "levels", "The levels.", "[engaged, warned, withdrawn]", required=True),
        Key("start", "name", "Level at the outset; the first where it is left out."),
        _WHY,
        _SOURCE,
    ),
    "parameter": (
        Key("prior", "prior", "What is believed about it beforehand.", "beta(2, 6)", required=True),
        Key("unit", "text", "Such as `utility/round`, `utility`, `probability`.", "utility/round"),
        _WHY,
        _SOURCE,
    ),
    "let": (
        Key("is", "expression", "The expression, where the long form carries a reason."),
        Key("by", "text", "Factor or type that a table is looked up by.", "engagement"),
        Key("levels", "each: expression", "Level -> expression."),
        _WHY,
        _SOURCE,
    ),
    "turn": (
        Key("party", "name", "Whose turn it is.", "us"),
        Key("moves", "each: move", "What it can do."),
        Key("default", "name", "The move that silence means; the first without a `when` where it is left out."),
        Key("together", "each: mover", "Parties that choose at the same time, none seeing the others' choices."),
        Key("chance", "each: outcome | expression", "Outcomes that nobody chooses, with their odds."),
        _WHY,
        _SOURCE,
    ),
    "mover": (
        Key("moves", "each: move", "What it can do.", required=True),
        Key("default", "name", "The move that silence means; the first without a `when` where it is left out."),
    ),
    "move": (
        Key("label", "text", "Words for readers."),
        Key("when", "expression", "When it can be played.", "engagement == engaged"),
        Key("then", "each: text | lottery", "Factor -> its next level, or odds over levels.",
            "{engagement: {engaged: 0.9, warned: 0.1}}"),
        Key("costs", "expression | each: expression", "What it costs its party at once, in utility; also by own type.",
            "{maximalist: 8, settler: 1}"),
        Key("lever", "text", "pressure, concession, exit, signal, or a word of your own.", "pressure"),
        _WHY,
        _SOURCE,
    ),
    "outcome": (
        Key("odds", "expression", "Its probability; those possible at a state sum to one.", required=True),
        Key("label", "text", "Words for readers."),
        Key("when", "expression", "When it is possible."),
        Key("then", "each: text | lottery", "Factor -> its next level, or odds over levels."),
        _WHY,
        _SOURCE,
    ),
    "record": (
        Key("file", "text", "Events (CSV, Parquet or YAML), in the scenario's folder or below.", "talks-2025.csv",
            required=True),
        Key("from", "date",
            "First day of the record's first round, a whole number of rounds before the scenario's own; the same day where it "
            "is left out.", "2025-01-13"),
        Key("until", "date", "Last day on which silence means something; the day of the last event where it is left out.",
            "2025-10-19"),
        Key("moves", "each: pattern | list: pattern", "Move -> the events that count as it.",
            "{us.press: {actor: US, lever: threaten_withdrawal}}"),
        Key("chance", "each: pattern | list: pattern",
            "Outcome of chance, or `factor.level` where a move starts a lottery -> the events that show it.",
            "{meeting_fails: {lever: truce_lapsed}}"),
        Key("precedence", "each: levels",
            "Party, or `chance` -> what counts where a round has events of several, first things first; without it they are "
            "in conflict.", "{us: [withdraw, press, prepare]}"),
        Key("unseen", "texts", "Outcomes of chance that are taken to have happened where no event says otherwise.",
            "[meeting_fails]"),
        Key("confidence", "each: expression",
            "Level of confidence -> weight in the likelihood; 0 leaves such events out, 1 is full.", "{low: 0}"),
        Key("impossible", "text",
            "`refuse` where the model forbids a recorded move, or `next` to take what comes next in precedence.", "next"),
        Key("why", "text", "Why the record is read in this way."),
    ),
    "pattern": (
        Key("actor", "texts", "Who acted, by the record's codes.", "US"),
        Key("target", "texts", "Towards whom.", "RUS"),
        Key("type", "texts", "Type of event in PLOVER's terms.", "THREATEN"),
        Key("lever", "texts", "The record's own word for what was done.", "threaten_withdrawal"),
        Key("code", "texts", "Beginning of the source's own code, such as CAMEO's.", "16"),
        Key("id", "texts", "Events by their ids.", "E029"),
        Key("why", "text", "Why these events count."),
    ),
    "claim": (
        Key("says", "expression", "The claim in the language.", required=True),
        Key("text", "text", "The claim as a sentence."),
        _WHY,
        _SOURCE,
    ),
}  # fmt: skip
