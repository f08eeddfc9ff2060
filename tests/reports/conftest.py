"""A made-up but lifelike study, so that the report is tested without solving a game: three parties, twelve claims."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pytest

from goodoffices.claims.verdict import (
    CertificateSummary,
    Decider,
    PlayMove,
    PlayPoint,
    Study,
    Verdict,
)
from goodoffices.language.scenario import (
    Anchor,
    ChanceOutcome,
    Claim,
    Document,
    Effect,
    Factor,
    Let,
    Move,
    Mover,
    Note,
    Parameter,
    Party,
    Prior,
    Scenario,
    Time,
    Turn,
    TypeDimension,
)
from goodoffices.language.tree import (
    Binary,
    Comparison,
    LevelTest,
    Lookup,
    Name,
    Number,
    Question,
    Unary,
)

SENTENCES = (
    "For two years Norland has kept Aster and Boreal at the table over the harbour.",
    "The weather in the capital was fine.",
    "What Aster wants most is not the harbour but to be received by Norland as an equal.",
    "Were Norland to leave, Aster would lose more than it lost in the whole blockade.",
    "So Aster does the least that keeps Norland in the room.",
    "In spring Norland announced that it would go, and Aster opened the channel for thirty hours.",
    "Nothing more came of it, and everyone saw on whom it depended.",
    "Boreal has held out longer than anyone expected, at a price that others pay.",
    "A convoy under Norland's flag would say that Norland no longer expects anything from talks.",
    "A meeting prepared by officials is worth more than one arranged in an afternoon.",
    "The price of grain rose by a tenth.",
    "Whoever believes that Aster would settle gladly has not looked at its spring.",
)


def _document() -> Document:
    text, ranges = "The harbour round\n\n", []
    for k, sentence in enumerate(SENTENCES):
        ranges.append((len(text), len(text) + len(sentence)))
        text += sentence + ("\n\n" if k % 4 == 3 else " ")
    cites = {
        "title": "A chair that both of them need",
        "author": "I. Invented",
        "outlet": "The Harbour Gazette",
        "date": "2031-04-02",
        "url": "https://gazette.example/a-chair",
    }
    return Document("brief", "brief.md", cites, text, tuple(ranges))


DOCUMENT = _document()


def cite(number: int, quote: str | None = None) -> Anchor:
    """The anchor of a sentence (from one), or of a quote within it."""
    start, end = DOCUMENT.sentences[number - 1]
    if quote is None:
        return Anchor("brief", number, DOCUMENT.text[start:end], start, end)
    at = DOCUMENT.text.index(quote)
    return Anchor("brief", None, quote, at, at + len(quote))


def note(why: str, number: int | None = None, quote: str | None = None) -> Note:
    """A reason with its source."""
    return Note(why, cite(number, quote) if number else None)


def _scenario() -> Scenario:
    engaged = Unary("not", LevelTest("presence", ("gone",)))
    war = LevelTest("channel", ("closed",))
    says = Comparison("<", Question("value", party="aster"), Question("value", party="boreal"))
    norland = Mover(
        "norland",
        (
            Move("carry_on", "carry on", note=note("The default: nothing is announced.")),
            Move(
                "warn",
                "warn that it will go",
                when=LevelTest("presence", ("engaged",)),
                then=(Effect("presence", (("warned", Number(1.0)),)),),
                costs=(((), Number(0.05)),),
                lever="pressure",
                note=note("The announcement of spring.", 6, "Norland announced that it would go"),
            ),
            Move(
                "leave",
                "leave the talks",
                then=(Effect("presence", (("gone", Number(1.0)),)),),
                costs=(((), Name("exit_cost")),),
                lever="exit",
                note=note("The threat on which the argument turns.", 4),
            ),
            Move(
                "send_convoy",
                "send a convoy under its own flag and supply Boreal by sea",
                then=(Effect("convoys", (("sailing", Number(1.0)),)),),
                costs=(((), Name("escalation")),),
                lever="signal",
                note=note("A convoy is a departure and a signal.", 9),
            ),
        ),
        "carry_on",
    )
    aster = Mover(
        "aster",
        (
            Move("refuse", "refuse"),
            Move(
                "open_briefly",
                "open the channel for a while",
                then=(
                    Effect(
                        "channel",
                        (("open", Name("p_hold")), ("closed", Binary("-", Number(1.0), Name("p_hold")))),
                    ),
                    Effect("presence", (("engaged", Number(0.9)), ("warned", Number(0.1)))),
                ),
                costs=(((), Name("channel_cost")),),
                lever="concession",
                note=note("Thirty hours in spring.", 6, "opened the channel for thirty hours"),
            ),
            Move(
                "settle",
                "settle",
                then=(Effect("channel", (("settled", Number(1.0)),)),),
                costs=(
                    ((("aster.aim", "grasping"),), Number(8.0)),
                    ((("aster.aim", "content"),), Number(1.0)),
                ),
                lever="concession",
            ),
        ),
        "refuse",
    )
    boreal = Mover(
        "boreal",
        (
            Move("hold_out", "hold out", note=note("Endurance keeps every outcome open.", 8)),
            Move(
                "accept",
                "accept a truce",
                then=(Effect("channel", (("open", Number(1.0)),)),),
                lever="concession",
            ),
        ),
        "hold_out",
    )
    parameters = tuple(
        Parameter(name, Prior("lognormal", (0.0, 0.5), prior), unit, note(why, number))
        for name, prior, unit, why, number in (
            ("standing", "lognormal(0, 0.5)", "utility/round", "What being received is worth to Aster.", 3),
            ("convoy_harm", "lognormal(-0.7, 0.5)", "utility/round", "What a convoy costs Aster.", 9),
            ("exit_cost", "0.1 to 2", "utility", "What leaving costs Norland at home.", 4),
            ("escalation", "gamma(2, 0.5)", "utility", "Risk that a convoy is fired on.", None),
            ("channel_cost", "0.2 to 0.6", "utility", "What thirty hours cost Aster.", 6),
            ("p_hold", "beta(4, 4)", None, "Odds that an opening lasts the week.", None),
            ("p_content", "beta(2, 6)", None, "The author doubts that Aster would settle gladly.", 12),
            ("grain", "discrete(0: 1, 1: 2, 2: 1)", "utility/round", "Thirds chosen by us.", None),
        )
    )
    texts = (
        ("exit_hurts_more", "Norland's leaving hurts Aster more than a convoy would.", 4),
        ("minimum", "Aster does the least that keeps Norland in the room.", 5),
        ("opening_after_warning", "After a warning Aster is more likely to open the channel.", 6),
        ("opening_tells", "An opening makes others think better of Aster's aim.", 7),
        ("refusal_tells", "A refusal after a warning shows on whom it depends.", 7),
        ("convoy_tells", "A convoy says that Norland has lost patience.", 9),
        ("prepared_better", "A prepared meeting succeeds more often than a sudden one.", 10),
        ("endurance", "The longer Boreal can hold out, the likelier a good outcome.", 8),
        ("settles", "Aster settles within the year.", 12),
        ("warns_first", "Norland warns before it leaves.", 6),
        ("stays", "Norland is still in the room at the end.", 1),
        ("others_pay", "Help from others raises what Boreal can expect.", 8),
    )
    claims = tuple(
        Claim(
            name,
            text,
            says,
            f"value(aster | after norland.leave) < value(aster)  # {name}",
            note(f"Row {k}.", s),
        )
        for k, (name, text, s) in enumerate(texts, start=1)
    )
    return Scenario(
        title="The harbour round",
        summary=(
            "Norland's presence at the table is worth more to Aster than what is fought over.",
            "So Aster gives the least that keeps Norland there, and no more.",
            "A threat to leave that is believed moves Aster further than force does.",
        ),
        documents=(DOCUMENT,),
        time=Time(7.0, datetime.date(2031, 1, 6), 3, Number(0.97)),
        parties=(
            Party("norland", "Norland", "mediator", Number(4.0), note("It convenes the talks.", 1)),
            Party("aster", "Aster", "belligerent", Number(4.0), note("It closed the channel.", 3)),
            Party("boreal", "Boreal", "belligerent", Number(4.0), note("It is besieged.", 8)),
        ),
        types=(
            TypeDimension(
                "aster",
                "aim",
                ("grasping", "content"),
                (Binary("-", Number(1.0), Name("p_content")), Name("p_content")),
                note("What Aster is after, which others cannot see.", 12),
            ),
            TypeDimension(
                "norland",
                "patience",
                ("patient", "weary"),
                (Number(0.6), Number(0.4)),
                note("Whether Norland still believes in talks.", 9, "no longer expects anything from talks"),
            ),
        ),
        factors=(
            Factor("presence", ("engaged", "warned", "gone"), "engaged", note("Norland's presence.", 1)),
            Factor("channel", ("closed", "open", "settled"), "closed", note("The harbour's channel.", 6)),
            Factor("convoys", ("none", "sailing"), "none"),
        ),
        parameters=parameters,
        lets=(
            Let(
                "gain",
                None,
                "aster.aim",
                {"grasping": Number(2.0), "content": Number(0.5)},
                note("Gains.", 12),
            ),
            Let("received", Binary("*", Name("standing"), engaged)),
        ),
        turns=(
            Turn((norland,), note=note("The mediator chooses first.", 1)),
            Turn((aster,)),
            Turn((boreal,)),
            Turn(
                (),
                (
                    ChanceOutcome("calm", "calm seas", Number(0.7)),
                    ChanceOutcome("storm", "a storm closes the channel", Number(0.3), note=note("Weather.")),
                ),
            ),
        ),
        values={
            "norland": Binary("*", Number(-1.0), war),
            "aster": Binary(
                "+",
                Binary(
                    "-",
                    Name("received"),
                    Binary("*", Name("convoy_harm"), LevelTest("convoys", ("sailing",))),
                ),
                Binary("*", Lookup("gain", "aster.aim"), war),
            ),
            "boreal": Binary("-", LevelTest("channel", ("open", "settled")), Number(0.2)),
        },
        end_values={"boreal": LevelTest("presence", ("engaged",))},
        claims=claims,
        changes=("set grain = 1",),
        source="harbour.yaml",
    )


SCENARIO = _scenario()
SHARES = (0.91, 0.78, 0.97, 1.0, 0.55, 0.62, 0.88, 0.31, 0.02, 0.7, 0.0, 0.81)


def make_verdict(claim: Claim, share: float, *, n: int = 512, failed: int = 3, seed: int = 0) -> Verdict:
    """A verdict with normal margins that holds in about the given share."""
    random = np.random.default_rng(seed)
    centre = {0.0: -3.5, 1.0: 3.5}.get(share, float(np.quantile(random.normal(size=4000), share)))
    solved = np.ones(n, dtype=bool)
    solved[:failed] = False
    margins = np.where(solved, 0.3 * (random.normal(size=n) + centre), np.nan)
    holds = solved & (margins > 0)
    known = max(1, n - failed)
    actual = holds.sum() / known
    deciders = tuple(
        Decider(p.name, s, 0.04, w, tip, side)
        for p, s, w, tip, side in zip(
            SCENARIO.parameters,
            (0.62, 0.31, 0.18, 0.11, 0.08, 0.05, 0.04, 0.02),
            ("high", "low", "low", "unclear", "unclear", "unclear", "unclear", "unclear"),
            (0.31, 2.6, None, None, None, None, None, None),
            ("above", "below", None, None, None, None, None, None),
            strict=True,
        )
    )
    return Verdict(
        claim=claim,
        n=n,
        failed=failed,
        share=float(actual),
        error=float(np.sqrt(actual * (1 - actual) / known)),
        low=float(holds.sum() / n),
        high=float((holds.sum() + failed) / n),
        holds=holds,
        solved=solved,
        margins=margins,
        margin_unit="utility" if seed % 2 else "probability",
        at_median=bool(centre > 0),
        deciders=deciders,
    )


def _play() -> PlayPoint:
    before = {
        "norland.patience": {"patient": 0.6, "weary": 0.4},
        "aster.aim": {"grasping": 0.76, "content": 0.24},
    }
    state = {"presence": "engaged", "channel": "closed", "convoys": "none"}

    def tell(
        beliefs: dict[str, dict[str, float]], dimension: str, factor: float
    ) -> dict[str, dict[str, float]]:
        first, second = beliefs[dimension]
        q = min(0.99, beliefs[dimension][second] * factor)
        return {**beliefs, dimension: {first: 1 - q, second: q}}

    turns = (
        (
            "norland",
            "norland.patience",
            (
                ("carry_on", "carry on", None, 0.48, 0.7),
                ("warn", "warn that it will go", "pressure", 0.31, 1.2),
                ("leave", "leave the talks", "exit", 0.06, 2.1),
                (
                    "send_convoy",
                    "send a convoy under its own flag and supply Boreal by sea",
                    "signal",
                    0.15,
                    1.6,
                ),
            ),
        ),
        (
            "aster",
            "aster.aim",
            (
                ("refuse", "refuse", None, 0.57, 0.75),
                ("open_briefly", "open the channel for a while", "concession", 0.4, 1.2),
                ("settle", "settle", "concession", 0.03, 3.4),
            ),
        ),
        (
            "boreal",
            None,
            (
                ("hold_out", "hold out", None, 0.72, 1.0),
                ("accept", "accept a truce", "concession", 0.28, 1.0),
            ),
        ),
        (
            "chance",
            None,
            (("calm", "calm seas", None, 0.7, 1.0), ("storm", "a storm closes the channel", None, 0.3, 1.0)),
        ),
    )

    def point(k: int, reach: float, beliefs: dict[str, dict[str, float]]) -> PlayPoint:
        party, dimension, moves = turns[k]
        made = []
        for name, label, lever, p, factor in moves:
            after = tell(beliefs, dimension, factor) if dimension else beliefs
            made.append(
                PlayMove(
                    name,
                    label,
                    lever,
                    p,
                    0.6 * p,
                    min(1.0, 1.5 * p),
                    dict.fromkeys(before[dimension], p) if dimension else {},
                    after,
                    state,
                    point(k + 1, reach * p, after) if k + 1 < len(turns) else None,
                )
            )
        return PlayPoint(party, 1, state, reach, beliefs, tuple(made))

    return point(0, 1.0, before)


@pytest.fixture(scope="session")
def study() -> Study:
    """The made-up study."""
    random = np.random.default_rng(7)
    draws = {
        "standing": random.lognormal(0.0, 0.5, 512),
        "convoy_harm": random.lognormal(-0.7, 0.5, 512),
        "exit_cost": random.lognormal(-0.8, 0.9, 512),
        "escalation": random.gamma(2.0, 0.5, 512),
        "channel_cost": random.lognormal(-1.05, 0.33, 512),
        "p_hold": random.beta(4.0, 4.0, 512),
        "p_content": random.beta(2.0, 6.0, 512),
        "grain": random.choice([0.0, 1.0, 2.0], size=512, p=[0.25, 0.5, 0.25]),
    }
    verdicts = tuple(
        make_verdict(claim, share, seed=k)
        for k, (claim, share) in enumerate(zip(SCENARIO.claims, SHARES, strict=True))
    )
    return Study(
        scenario=SCENARIO,
        settings={
            "method": "tree",
            "rounds": 3,
            "draws": 512,
            "seed": 2031,
            "tolerance": 1e-9,
            "version": "0.1.0",
        },
        draws=draws,
        verdicts=verdicts,
        play=_play(),
        certificate=CertificateSummary(
            512,
            509,
            {
                "logit_residual": 3.1e-11,
                "max_regret": 0.21,
                "max_response_regret": 0.24,
                "belief_error": 4.4e-16,
            },
            {"the branch could not be followed to the rationality asked for": 3},
        ),
        size={"nodes": 12480, "information_sets": 1932, "histories": 966, "unknowns": 812},
        statistics={"solve_seconds": 12.4, "claims_seconds": 3.2},
    )


@pytest.fixture(scope="session")
def report(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the made-up study, written once."""
    from goodoffices import reports

    return reports.write(study, tmp_path_factory.mktemp("report")).html
