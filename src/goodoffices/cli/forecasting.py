"""`goodoffices forecast`, `score`, `verify` and `backtest`: frozen forecasts, held against what happened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from goodoffices.cli.fitting import AsJson, Quiet, Seed, progress
from goodoffices.cli.recording import Format, RecordFiles, read_day
from goodoffices.cli.settings import Changes, Whole, at_least, read_changes
from goodoffices.cli.streams import OK, Misuse, messages, output

if TYPE_CHECKING:
    from goodoffices.forecasting.scoring import Score

ScenarioNow = Annotated[str | None, Parameter(help="Where the scenario lies now, if not where it was.")]


def forecast(
    scenario: Annotated[str, Parameter(help="A scenario file, or a name from the catalogue.")],
    /,
    *,
    as_of: Annotated[str, Parameter(name="--as-of", help="Day of the forecast; nothing later is looked at.")],
    horizon: Annotated[
        str, Parameter(help="How far to look, such as `12 weeks`: the rounds that begin by then.")
    ] = "12 weeks",
    question: Annotated[
        tuple[str, ...],
        Parameter(
            name="--question",
            negative=(),
            show_default=False,
            help="A yes/no question, such as `fighting == truce within 12 weeks`; may be repeated.",
        ),
    ] = (),
    out: Annotated[Path, Parameter(help="The sealed file; it is not overwritten.")] = Path("forecast.json"),
    draws: Annotated[int, Whole, Parameter(help="Posterior draws that play goes on from.")] = 64,
    paths: Annotated[int, Whole, Parameter(help="Paths of play for each draw; questions need none.")] = 8,
    nodes: Annotated[int, Whole, Parameter(help="Nodes on each axis of belief.")] = 3,
    seed: Seed = 1,
    record: RecordFiles = (),
    format: Format = None,
    changes: Changes = (),
    as_json: Annotated[bool, Parameter(name="--json", negative=(), help="Print the file as well.")] = False,
    quiet: Quiet = False,
) -> int:
    """Forecast every coming move and yes/no questions from what was known on a day, and seal the file."""
    day, fixed, days = read_day("--as-of", as_of), read_changes(changes), read_span(horizon)
    assert day is not None
    for option, value, least in (("--draws", draws, 2), ("--paths", paths, 1), ("--nodes", nodes, 2)):
        at_least(option, value, least)
    at_least("--seed", seed, 0)
    if out.exists():
        raise Misuse(f"{str(out)!r} exists already, and a forecast is never overwritten")
    from goodoffices.workflow.forecasting import forecast as make

    found = make(
        scenario, as_of=day, days=days, questions=question, record=record, format=format, nodes=nodes,
        draws=draws, paths=paths, seed=seed, set=fixed, watch=progress(quiet=quiet or as_json),
    )  # fmt: skip
    text = json.dumps(found, ensure_ascii=False, indent=1)
    from goodoffices.inference.posterior_state import write_whole

    try:
        write_whole(out, (text + "\n").encode())
    except OSError as error:
        raise Misuse(f"the forecast cannot be written to {str(out)!r}: {error.strerror}") from None
    if as_json:
        output().print(text, markup=False, soft_wrap=True)
        return OK
    from goodoffices.reports.posterior_words import forecast_words

    for line in forecast_words(found):
        output().print(line, markup=False, soft_wrap=True)
    output().print(f"\nForecast: {out}\nSeal: {found['seal']}", markup=False, soft_wrap=True)
    return OK


def verify(
    forecast: Annotated[Path, Parameter(help="A file that `goodoffices forecast` wrote.")],
    /,
    *,
    sources: Annotated[
        bool, Parameter(negative=(), help="Check that scenario and record are those that the seal names.")
    ] = False,
    record: RecordFiles = (),
    format: Format = None,
    scenario: ScenarioNow = None,
    as_json: AsJson = False,
) -> int:
    """Check that a forecast is what was sealed, and with `--sources` that it can be made again from the same files."""
    from goodoffices.workflow.forecasting import verify as check

    sources = sources or bool(record) or scenario is not None
    found = check(forecast, sources=sources, record=record, format=format, scenario=scenario)
    made = found["made_from"]
    if as_json:
        data = {"seal": found["seal"], "as_of": found["as_of"], "sources_checked": sources, "made_from": made}
        output().print(json.dumps(data, ensure_ascii=False, indent=1), markup=False, soft_wrap=True)
        return OK
    lines = [
        f"The seal is right: this is the forecast of {found['as_of']} for `{found['scenario']['title']}`.",
        f"Made by goodoffices {made['version']} from a record of {made['record_rows']} events up to that day.",
        *(["Scenario and record are those that it was made from."] if sources else []),
        f"Seal: {found['seal']}",
    ]
    output().print("\n".join(lines), markup=False, soft_wrap=True)
    return OK


def score(
    forecast: Annotated[Path, Parameter(help="A file that `goodoffices forecast` wrote.")],
    /,
    *,
    record: RecordFiles = (),
    format: Format = None,
    scenario: ScenarioNow = None,
    as_json: AsJson = False,
) -> int:
    """Hold a forecast against a newer record: proper scores, skill against baselines, calibration, worst misses."""
    from goodoffices.workflow.forecasting import score as hold

    found, remarks = hold(forecast, record=record, format=format, scenario=scenario)
    _show(found, remarks, as_json=as_json)
    return OK


def backtest(
    scenario: Annotated[str, Parameter(help="A scenario file, or a name from the catalogue.")],
    /,
    *,
    ahead: Annotated[int, Whole, Parameter(help="Rounds that each forecast looks at.")] = 3,
    first: Annotated[int, Whole, Parameter(help="Complete rounds before the first forecast.")] = 3,
    chains: Annotated[int, Whole, Parameter(help="Markov chains; each has eight states.")] = 16,
    paths: Annotated[int, Whole, Parameter(help="Paths of play for each draw.")] = 8,
    nodes: Annotated[int, Whole, Parameter(help="Nodes on each axis of belief.")] = 3,
    seed: Seed = 1,
    record: RecordFiles = (),
    format: Format = None,
    changes: Changes = (),
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Forecast from the end of every round of the record, each time from what was known then, and score it all."""
    for option, value, least in (
        ("--ahead", ahead, 1), ("--first", first, 1), ("--chains", chains, 2), ("--paths", paths, 1),
        ("--nodes", nodes, 2), ("--seed", seed, 0),
    ):  # fmt: skip
        at_least(option, value, least)
    fixed = read_changes(changes)
    from goodoffices.workflow.forecasting import backtest as roll

    console = messages(quiet=quiet or as_json)

    def tell(done: int, total: int) -> None:
        console.print(f"{done} of {total} days of forecast", markup=False)

    found = roll(
        scenario, ahead=ahead, first=first, record=record, format=format, chains=chains, nodes=nodes,
        paths=paths, seed=seed, set=fixed, watch=tell,
    )  # fmt: skip
    _show(found, (), as_json=as_json)
    return OK


def read_span(text: str) -> int:
    """Read `12 weeks` as a number of days."""
    from goodoffices.core.diagnostics import Refusal
    from goodoffices.forecasting.spans import span_days

    try:
        return span_days(text)
    except Refusal:
        raise Misuse(f"--horizon takes a span such as 12 weeks, not {text!r}") from None


def _show(found: Score, remarks: tuple[str, ...], *, as_json: bool) -> None:
    data = found.data() | {"remarks": list(remarks)}
    if as_json:
        output().print(json.dumps(data, ensure_ascii=False, indent=1), markup=False, soft_wrap=True)
        return
    from goodoffices.reports.posterior_words import score_words

    for line in (*remarks, *score_words(data)):
        output().print(line, markup=False, soft_wrap=True)
