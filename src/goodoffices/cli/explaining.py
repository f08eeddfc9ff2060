"""`goodoffices levers`, `inverse`, `learning` and `why`: what an argument hangs on, each first a sentence, then a page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from goodoffices.cli.cache import keep_compiled_code
from goodoffices.cli.runs import NoStore, StoreOption, choose_store
from goodoffices.cli.settings import Changes, Method, Rounds, Whole, at_least, read_changes, read_rounds
from goodoffices.cli.streams import Misuse, output

if TYPE_CHECKING:
    from goodoffices.language.scenario import Scenario
    from goodoffices.reports.explaining.sections import Section

ScenarioName = Annotated[str, Parameter(help="A scenario file, or a name from the catalogue.")]
Draws = Annotated[int, Whole, Parameter(help="Number of draws from the priors.")]
Seed = Annotated[int, Whole, Parameter(help="Seed; the same seed gives the same numbers.")]
Out = Annotated[Path, Parameter(help="Folder for the page and its numbers.")]
AsJson = Annotated[
    bool, Parameter(name="--json", negative=(), help="Print the numbers as JSON, and write nothing.")
]


def levers(
    scenario: ScenarioName,
    /,
    *,
    outcomes: Annotated[
        tuple[str, ...],
        Parameter(
            name="--outcome",
            negative=(),
            show_default=False,
            help="An event such as `fighting == truce at end`; may be repeated. Every level of every factor if left out.",
        ),
    ] = (),
    moves: Annotated[
        tuple[str, ...],
        Parameter(
            name="--move",
            negative=(),
            show_default=False,
            help="A move as `party.move`; may be repeated. Every move if left out.",
        ),
    ] = (),
    compare: Annotated[
        tuple[str, str] | None,
        Parameter(
            negative=(), show_default=False, help="Two moves to be set against each other, draw by draw."
        ),
    ] = None,
    on: Annotated[
        str | None,
        Parameter(
            help="What --compare looks at: an outcome, or `value(party)`; the party most affected if left out."
        ),
    ] = None,
    out: Out = Path("study"),
    draws: Draws = 128,
    seed: Seed = 1,
    rounds: Rounds = None,
    method: Method = "auto",
    changes: Changes = (),
    store: StoreOption = None,
    no_store: NoStore = False,
    as_json: AsJson = False,
) -> None:
    """What using each move does, what being able to use it does, and what its shadow does although it is not used."""
    at_least("--draws", draws, 2)
    at_least("--seed", seed, 0)
    span, fixed = read_rounds(rounds), read_changes(changes)
    kept_in = choose_store(store, no_store=no_store, resume=False)
    if on is not None and compare is None:
        raise Misuse("--on says what --compare looks at, and there is no --compare")
    model = _load(scenario, fixed)
    from goodoffices.workflow import explaining

    chosen = (*moves, *(m for m in compare or () if moves and m not in moves))
    found = explaining.levers(
        model,
        draws=draws,
        seed=seed,
        outcomes=outcomes,
        moves=chosen,
        rounds=span,
        method=method,
        store=kept_in,
    )
    from goodoffices.reports.explaining.lever_view import lever_data, lever_section, set_against

    contrast = set_against(found, *compare, on=on) if compare else None
    data = lever_data(found, contrast)
    _show(lever_section(found, contrast), model, found.settings, data, out, as_json=as_json)


def inverse(
    scenario: ScenarioName,
    goal: Annotated[
        str, Parameter(help="A claim's name, or a text such as `P(fighting == settled at end) >= 0.5`.")
    ],
    /,
    *,
    vary: Annotated[
        tuple[str, ...],
        Parameter(
            negative=(),
            show_default=False,
            help="A parameter that may change; may be repeated. Every uncertain one if left out, unless --pay is given.",
        ),
    ] = (),
    pay: Annotated[
        tuple[str, ...],
        Parameter(negative=(), show_default=False, help="A move that may be paid for; may be repeated."),
    ] = (),
    within: Annotated[float, Parameter(help="Prior standard deviations within which to look.")] = 3.0,
    most_payment: Annotated[float, Parameter(help="Largest payment to try, in utility.")] = 20.0,
    out: Out = Path("study"),
    seed: Seed = 1,
    rounds: Rounds = None,
    method: Method = "auto",
    changes: Changes = (),
    as_json: AsJson = False,
) -> None:
    """What it would take: the least change of parameters, or the least payment for a move, that reaches a goal."""
    at_least("--seed", seed, 0)
    for option, value in (("--within", within), ("--most-payment", most_payment)):
        if not 0 < value < 1e6:
            raise Misuse(f"{option} takes a number above 0, not {value}")
    span, fixed = read_rounds(rounds), read_changes(changes)
    model = _load(scenario, fixed)
    from goodoffices.workflow import explaining

    found = explaining.inverse(
        model,
        goal,
        vary=vary,
        pay=pay,
        within=within,
        most_payment=most_payment,
        seed=seed,
        rounds=span,
        method=method,
    )
    from goodoffices.reports.explaining.inverse_view import inverse_data, inverse_section

    _show(inverse_section(found), model, found.settings, inverse_data(found), out, as_json=as_json)


def learning(
    scenario: ScenarioName,
    /,
    *,
    out: Out = Path("study"),
    draws: Draws = 128,
    seed: Seed = 1,
    rounds: Rounds = None,
    method: Method = "auto",
    changes: Changes = (),
    as_json: AsJson = False,
) -> None:
    """Who learns what: the bits that each move gives away, and what knowing another's type is worth."""
    at_least("--draws", draws, 2)
    at_least("--seed", seed, 0)
    span, fixed = read_rounds(rounds), read_changes(changes)
    model = _load(scenario, fixed)
    from goodoffices.workflow import explaining

    found = explaining.learning(model, draws=draws, seed=seed, rounds=span, method=method)
    from goodoffices.reports.explaining.learning_view import learning_data, learning_section

    _show(learning_section(found), model, found.settings, learning_data(found), out, as_json=as_json)


def why(
    scenario: ScenarioName,
    claim: Annotated[str, Parameter(help="A claim's name, or a text such as `modal(us) == us.press`.")],
    /,
    *,
    out: Out = Path("study"),
    rounds: Rounds = None,
    method: Method = "auto",
    changes: Changes = (),
    as_json: AsJson = False,
) -> None:
    """Why a claim holds or does not: the chain of reasons, every number traced to an element and its source."""
    span, fixed = read_rounds(rounds), read_changes(changes)
    model = _load(scenario, fixed)
    from goodoffices.workflow import explaining

    found = explaining.why(model, claim, rounds=span, method=method)
    from goodoffices.reports.explaining.why_view import why_data, why_section

    _show(why_section(found), model, found.settings, why_data(found), out, as_json=as_json)


def _load(scenario: str, fixed: Mapping[str, float]) -> Scenario:
    from goodoffices import workflow

    model = workflow.load(scenario, set=fixed)
    keep_compiled_code()
    return model


def _show(
    section: Section,
    scenario: Scenario,
    settings: Mapping[str, object],
    data: Mapping[str, Any],
    out: Path,
    *,
    as_json: bool,
) -> None:
    """Print the findings and write the page, or print the numbers."""
    from goodoffices.reports.explaining.sections import as_json as written
    from goodoffices.reports.explaining.sections import write_section

    console = output()
    if as_json:
        console.print(written(data), markup=False, soft_wrap=True)
        return
    try:
        files = write_section(section, scenario, settings, data, out)
    except OSError as error:
        raise Misuse(f"the page cannot be written to {str(out)!r}: {error.strerror}") from None
    console.print(section.title, markup=False, soft_wrap=True)
    for sentence in section.sentences:
        console.print(f"- {sentence}", markup=False, soft_wrap=True)
    console.print(f"\nPage: {files[0]}\nNumbers: {files[1]}", markup=False, soft_wrap=True)
