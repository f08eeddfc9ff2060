"""The commands and how they are run: usage mistakes end with 2, refused input with 1, bugs with a traceback."""

from __future__ import annotations

from collections.abc import Sequence

import cyclopts

import goodoffices
from goodoffices.cli.analysing import compare, decide, discover, slopes, tipping
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
_GROUPS = {
    "Put an argument to the test": {"study": study, "solve": solve, "runs": runs},
    "Write one": {"check": check, "format": format_file, "show": show, "schema": schema, "catalog": catalog},
    "What decides it": {
        "decide": decide, "tipping": tipping, "discover": discover, "slopes": slopes, "levers": levers,
        "inverse": inverse, "signals": learning, "why": why, "compare": compare,
    },
    "The record": {
        "record": record, "beliefs": beliefs, "learn": learn, "rivals": rivals, "forecast": forecast,
        "verify": verify, "score": score, "backtest": backtest,
    },
    "Panels of episodes": {"fit": fit},
}  # fmt: skip
for _number, (_title, _commands) in enumerate(_GROUPS.items()):
    _group = cyclopts.Group(_title, sort_key=_number)
    for _name, _command in _commands.items():
        if isinstance(_command, cyclopts.App):
            _command.group = (_group,)
            app.command(_command, name=_name)
        else:
            app.command(_command, name=_name, group=_group)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name (`sys.argv` by default) and return its exit code."""

    def command() -> int | None:
        try:
            return app(arguments)
        except cyclopts.CycloptsError:  # already printed, with the usage, to standard error
            return USAGE

    return guard(command)
