"""`goodoffices check` and `goodoffices format`: every problem at once, and files in one style."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from goodoffices.cli.streams import OK, REFUSED, complain, messages, output

Files = Annotated[
    tuple[str, ...], Parameter(negative=(), help="Scenario files, or names from the catalogue.")
]


def check(files: Files, /) -> int:
    """Check files and show every problem with its place, the line it is on, and a hint; exit code 1 if any."""
    from goodoffices.workflow import check as find_problems

    console = output()
    worst = OK
    for name in files:
        findings = find_problems(name)
        if findings.diagnostics:
            complain(findings.render())
        if findings.refused:
            worst = REFUSED
        else:
            console.print(f"{name}: {findings.summary}", markup=False, soft_wrap=True)
    return worst


def format_file(
    file: Annotated[str, Parameter(help="The scenario file to format.")],
    /,
    *,
    check: Annotated[
        bool, Parameter(negative=(), help="Change nothing; exit with 1 if it would change.")
    ] = False,
) -> int:
    """Write a scenario file in the one style, with its comments kept."""
    from goodoffices.workflow import format

    changed = format(file, write=not check)
    if check and changed:
        complain(f"{file}: would be formatted")
        return REFUSED
    messages().print(
        f"{file}: {'formatted' if changed else 'already formatted'}", markup=False, soft_wrap=True
    )
    return OK
