"""`goodoffices solve`: equilibria of scenarios and of game files, as tables or as one JSON line a file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from goodoffices.cli.cache import keep_compiled_code
from goodoffices.cli.settings import (
    Accuracy,
    Changes,
    Method,
    Rounds,
    read_accuracy,
    read_changes,
    read_rationality,
    read_rounds,
)
from goodoffices.cli.streams import OK, REFUSED, Interrupted, Misuse, complain, output

if TYPE_CHECKING:
    from rich.console import Console

Files = Annotated[
    tuple[str, ...],
    Parameter(
        negative=(), help="Scenario files, names from the catalogue, or .efg files of Gambit's format."
    ),
]


def solve(
    files: Files,
    /,
    *,
    rationality: Annotated[
        str | None,
        Parameter(help="Logit precision in 1/utility, or inf for the limit; needed for .efg files."),
    ] = None,
    as_json: Annotated[
        bool, Parameter(name="--json", negative=(), help="One JSON line a file, in order.")
    ] = False,
    method: Method = "auto",
    rounds: Rounds = None,
    accuracy: Accuracy = None,
    changes: Changes = (),
    tolerance: Annotated[
        float, Parameter(help="Largest regret, in utility, at which the way to `--rationality inf` ends.")
    ] = 1e-6,
) -> int:
    """Find the principal logit equilibrium of each file, with its certificate; exit code 1 if one cannot be solved."""
    if not 0 < tolerance < math.inf:
        raise Misuse(f"--tolerance takes a number above 0, not {tolerance}")
    span = read_rounds(rounds)
    exact = read_accuracy(accuracy)
    precision = None if rationality is None else read_rationality(rationality)
    fixed = read_changes(changes)

    keep_compiled_code()
    from goodoffices.workflow import solve_files

    console, worst, answered = output(), OK, 0
    try:
        for record in solve_files(
            files,
            rationality=precision,
            method=method,
            rounds=span,
            set=fixed,
            tolerance=tolerance,
            accuracy=exact,
        ):
            if record.get("status") != "converged":
                worst = REFUSED
            if as_json:
                print(json.dumps(record, ensure_ascii=False, allow_nan=False), flush=True)
            elif "error" in record:
                complain(str(record["error"]))
            else:
                _print(record, files[answered], console)
            answered += 1
    except KeyboardInterrupt:
        raise Interrupted(f"{answered} of {len(files)} files were answered.") from None
    return worst


def _print(record: Mapping[str, Any], file: str, console: Console) -> None:
    """Show one answer: a table of strategies, then values and certificate."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(file), title_justify="left", box=None, pad_edge=False, header_style="bold")
    table.add_column("player")
    table.add_column("information set")
    table.add_column("plays", overflow="fold")
    for strategy in record["strategies"]:
        moves = strategy["moves"].items()
        plays = "  ".join(f"{move} {probability:.4f}" for move, probability in moves)
        infoset = f"{strategy['infoset']} {strategy.get('label') or ''}".strip()
        table.add_row(*map(Text, (strategy["player"], infoset, plays)))
    console.print(table)
    values = ", ".join(f"{player} {_number(value, '.6g')}" for player, value in record["values"].items())
    certificate = ", ".join(
        f"{name.replace('_', ' ')} {_number(number, '.1e')}" for name, number in record["certificate"].items()
    )
    rationality = record["rationality"]
    if isinstance(rationality, float):
        precision = format(rationality, "g")
    else:
        precision = ", ".join(f"{value:g} ({player})" for player, value in rationality.items())
    console.print(f"values: {values}", markup=False, soft_wrap=True)
    if "limit" in record:
        limit = record["limit"]
        kind = "in pure strategies" if limit["pure"] else "in mixed strategies"
        console.print(
            f"approaches the sequential equilibrium {kind} (within {limit['distance']:.1e}) in which",
            markup=False,
            soft_wrap=True,
        )
        for sentence in limit["sentences"]:
            console.print(f"  {sentence}", markup=False, soft_wrap=True)
    console.print(
        f"{record['status']} at rationality {precision} by {record['method']} ({record['detail']}); {certificate}\n",
        markup=False,
        soft_wrap=True,
    )


def _number(value: float | None, form: str) -> str:
    return "not finite" if value is None else format(value, form)
