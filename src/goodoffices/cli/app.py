"""The commands and how they are run: usage mistakes end with 2, refused input with 1, bugs with a traceback."""

from __future__ import annotations

from collections.abc import Sequence

import cyclopts

import goodoffices
from goodoffices.cli.analysing import compare, decide, discover, tipping
from goodoffices.cli.checking import check, format_file
from goodoffices.cli.explaining import inverse, learning, levers, why
from goodoffices.cli.fitting import learn, rivals
from goodoffices.cli.forecasting import backtest, forecast, score, verify
from goodoffices.cli.listing import catalog, schema
from goodoffices.cli.panels import fit
from goodoffices.cli.recording import beliefs, record
from goodoffices.cli.runs import runs
from goodoffices.cli.showing import show
from goodoffices.cli.solving import solve
from goodoffices.cli.streams import USAGE, guard
from goodoffices.cli.studying import study

app = cyclopts.App(
    name="goodoffices",
    help="Put an argument about a mediated negotiation to the test.",
    help_epilogue="A scenario is a file or a name that `goodoffices catalog` lists. "
    "Start with: goodoffices study budapest-2025",
    version=goodoffices.__version__,
    help_format="plaintext",
    exit_on_error=False,
    suppress_keyboard_interrupt=False,
    result_action="return_value",
)
for _command in (study, solve, check, show, schema, catalog):
    app.command(_command)
app.command(format_file, name="format")
app.command(record)
app.command(runs)
app.command(beliefs)
for _command in (learn, rivals, forecast, verify, score, backtest):
    app.command(_command)
app.command(fit)
for _command in (decide, tipping, discover, compare):
    app.command(_command)
for _command in (levers, inverse, learning, why):
    app.command(_command)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name (`sys.argv` by default) and return its exit code."""

    def command() -> int | None:
        try:
            return app(arguments)
        except cyclopts.CycloptsError:  # already printed, with the usage, to standard error
            return USAGE

    return guard(command)
