"""`goodoffices decide`, `tipping`, `discover`, `slopes` and `compare`: what an argument's claims hang on."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from goodoffices.cli.cache import keep_compiled_code
from goodoffices.cli.settings import (
    Accuracy,
    Changes,
    Method,
    Rounds,
    Whole,
    at_least,
    read_accuracy,
    read_changes,
    read_rounds,
)
from goodoffices.cli.streams import Interrupted, Misuse, messages, output

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from goodoffices.reports.analyses.section import Page

Scenario = Annotated[str, Parameter(help="A scenario file, or a name from the catalogue.")]
Nodes = Annotated[
    int | None,
    Whole,
    Parameter(
        help="Nodes of each axis of belief in long talks; nine if left out. Fewer are faster, less exact."
    ),
]
Claims = Annotated[
    tuple[str, ...],
    Parameter(
        name="--claim",
        negative=(),
        show_default=False,
        help="A claim's name; may be repeated. All of them without.",
    ),
]
Out = Annotated[Path | None, Parameter(help="Folder for the page and its numbers.")]
Json = Annotated[bool, Parameter(name="--json", negative=(), help="Print one JSON object instead.")]
Store = Annotated[
    Path | None,
    Parameter(show_default=False, help="Folder in which solved draws are kept; none are without it."),
]
Seed = Annotated[int, Whole, Parameter(help="Seed; the same seed gives the same result.")]


def decide(
    scenario: Scenario,
    /,
    *,
    claims: Claims = (),
    draws: Annotated[int, Whole, Parameter(help="Independent draws from the priors.")] = 512,
    design: Annotated[int, Whole, Parameter(help="Rows of Saltelli's design, a power of two.")] = 256,
    alone: Annotated[
        int, Whole, Parameter(help="Parameters with indices of their own; the others vary together.")
    ] = 12,
    seed: Seed = 1,
    rounds: Rounds = None,
    method: Method = "auto",
    nodes: Nodes = None,
    changes: Changes = (),
    store: Store = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Which parameters decide each claim: Sobol indices and PAWN, with their errors."""
    at_least("--draws", draws, 2)
    at_least("--alone", alone, 1)
    at_least("--seed", seed, 0)
    span, fixed = read_rounds(rounds), read_changes(changes)
    from goodoffices import workflow
    from goodoffices.reports.analyses.pages import decision_page
    from goodoffices.workflow import analysing

    model = workflow.load(scenario, set=fixed)
    keep_compiled_code()
    with _Progress() as progress:
        found = analysing.decide(
            model,
            claims=claims,
            draws=draws,
            design=design,
            alone=alone,
            seed=seed,
            rounds=span,
            method=method,
            nodes=nodes,
            store=store,
            progress=progress.report,
        )
    _show(decision_page(model, found), "decide", out, as_json=as_json)


def tipping(
    scenario: Scenario,
    /,
    *,
    over: Annotated[tuple[str, ...], Parameter(negative=(), help="A parameter to map; give one or two.")],
    claims: Claims = (),
    grid: Annotated[int, Whole, Parameter(help="Points along each parameter.")] = 40,
    between: Annotated[
        tuple[str, ...],
        Parameter(
            negative=(),
            show_default=False,
            help="Range of a mapped parameter, as `name=low:high`; may be repeated.",
        ),
    ] = (),
    at: Annotated[
        tuple[str, ...],
        Parameter(
            negative=(),
            show_default=False,
            help="Value of another parameter, as `name=number`; may be repeated.",
        ),
    ] = (),
    tolerance: Annotated[float, Parameter(help="Of the boundary, as a share of the axis.")] = 1e-3,
    every: Annotated[bool, Parameter(negative=(), help="Solve every point, infer none.")] = False,
    rounds: Rounds = None,
    method: Method = "auto",
    nodes: Nodes = None,
    changes: Changes = (),
    store: Store = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Where claims flip over one or two parameters: a map, and its boundary to a tolerance."""
    at_least("--grid", grid, 2)
    span, fixed = read_rounds(rounds), read_changes(changes)
    ranges, held = _ranges(between), read_changes(at)
    from goodoffices import workflow
    from goodoffices.reports.analyses.pages import tipping_page
    from goodoffices.workflow import analysing

    model = workflow.load(scenario, set=fixed)
    keep_compiled_code()
    with _Progress() as progress:
        found = analysing.tipping(
            model,
            over=over,
            claims=claims,
            grid=grid,
            between=ranges,
            at=held,
            tolerance=tolerance,
            every=every,
            rounds=span,
            method=method,
            nodes=nodes,
            store=store,
            progress=progress.report,
        )
    _show(tipping_page(model, found), "tipping", out, as_json=as_json)


def discover(
    scenario: Scenario,
    /,
    *,
    claims: Claims = (),
    draws: Annotated[int, Whole, Parameter(help="Independent draws from the priors.")] = 1000,
    kind: Annotated[
        Literal["holds", "fails", "rarer"],
        Parameter(help="Describe worlds where a claim holds, or fails, or the rarer."),
    ] = "rarer",
    seed: Seed = 1,
    rounds: Rounds = None,
    method: Method = "auto",
    changes: Changes = (),
    store: Store = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """The fewest rules that separate worlds where claims hold from worlds where they fail."""
    at_least("--draws", draws, 2)
    at_least("--seed", seed, 0)
    span, fixed = read_rounds(rounds), read_changes(changes)
    from goodoffices import workflow
    from goodoffices.reports.analyses.pages import discovery_page
    from goodoffices.workflow import analysing

    model = workflow.load(scenario, set=fixed)
    keep_compiled_code()
    with _Progress() as progress:
        found = analysing.discover(
            model,
            claims=claims,
            draws=draws,
            kind=kind,
            seed=seed,
            rounds=span,
            method=method,
            store=store,
            progress=progress.report,
        )
    _show(discovery_page(model, found), "discover", out, as_json=as_json)


def slopes(
    scenario: Scenario,
    /,
    *,
    question: Annotated[
        tuple[str, ...],
        Parameter(
            negative=(),
            show_default=False,
            help="A claim's name, a quantity such as `value(us)`, or a claim; may be repeated. All claims if left out.",
        ),
    ] = (),
    rounds: Rounds = None,
    method: Method = "auto",
    accuracy: Accuracy = None,
    changes: Changes = (),
    out: Out = None,
    as_json: Json = False,
) -> None:
    """How answers change with each parameter at the medians of the priors: derivatives, also of long talks."""
    span, fixed, exact = read_rounds(rounds), read_changes(changes), read_accuracy(accuracy)
    from goodoffices import workflow
    from goodoffices.reports.analyses.slopes_page import slopes_page
    from goodoffices.workflow import sloping

    model = workflow.load(scenario, set=fixed)
    keep_compiled_code()
    found = sloping.slopes(model, questions=question, rounds=span, method=method, accuracy=exact)
    page = slopes_page(
        model,
        found.found,
        method=found.method,
        why=found.why,
        solved=found.solved,
        near=found.near,
        nodes=found.nodes,
        residual=found.residual,
    )
    _show(page, "slopes", out, as_json=as_json)


def compare(
    *scenarios: Annotated[str, Parameter(help="Two or more scenario files, or names from the catalogue.")],
    question: Annotated[
        tuple[str, ...],
        Parameter(negative=(), help="A quantity or a claim, such as `P(us.withdraw)`; may be repeated."),
    ],
    draws: Annotated[int, Whole, Parameter(help="Independent draws from each scenario's priors.")] = 256,
    seed: Seed = 1,
    rounds: Rounds = None,
    method: Method = "auto",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Several scenarios side by side on the same questions, with errors and differences."""
    at_least("--draws", draws, 2)
    at_least("--seed", seed, 0)
    span = read_rounds(rounds)
    if len(set(scenarios)) != len(scenarios) or len(scenarios) < 2:
        raise Misuse("compare takes two different scenarios or more")
    from goodoffices import workflow
    from goodoffices.reports.analyses.pages import comparison_page
    from goodoffices.workflow import analysing

    models = {name: workflow.load(name) for name in scenarios}
    keep_compiled_code()
    with _Progress() as progress:
        found = analysing.compare(
            models,
            questions=question,
            draws=draws,
            seed=seed,
            rounds=span,
            method=method,
            progress=progress.report,
        )
    _show(comparison_page(found), "compare", out, as_json=as_json)


def _ranges(texts: Sequence[str]) -> dict[str, tuple[float, float]]:
    out: dict[str, tuple[float, float]] = {}
    for text in texts:
        name, _, span = text.partition("=")
        try:
            low, high = (float(part) for part in span.split(":"))
        except ValueError:
            low = high = math.nan
        if not low < high:
            raise Misuse(f"--between takes name=low:high, not {text!r}")
        out[name.strip()] = low, high
    return out


def _show(page: Page, name: str, out: Path | None, *, as_json: bool) -> None:
    """Write the files, print what was found, and say where it lies."""
    from goodoffices.reports.analyses.section import print_page, write

    try:
        written = dict(write(page, out, name=name)) if out is not None else {}
    except OSError as error:
        raise Misuse(f"--out takes a folder, and {str(out)!r} cannot be used: {error.strerror}") from None
    if as_json:
        print(json.dumps(page.data, ensure_ascii=False, allow_nan=False))
    else:
        console = output()
        print_page(page, console)
        for file, path in written.items():
            label = "Page" if file.endswith("html") else "Numbers"
            console.print(f"{label}: {path}", markup=False, soft_wrap=True)
    if page.interrupted:
        raise Interrupted("What was finished is shown.")


class _Progress:
    """A bar for each stage on a terminal, nothing elsewhere."""

    def __enter__(self) -> _Progress:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        console = messages()
        self.bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self.bars.__enter__()
        self.stages: dict[str, int] = {}
        return self

    def __exit__(self, *_: object) -> None:
        self.bars.stop()

    @property
    def report(self) -> Callable[[str, int, int], None]:
        """To be called as `report(stage, done, total)`."""
        return self._report

    def _report(self, stage: str, done: int, total: int) -> None:
        from rich.progress import TaskID

        if stage not in self.stages:
            self.stages[stage] = self.bars.add_task(stage, total=total)
        self.bars.update(TaskID(self.stages[stage]), completed=done, total=total)
