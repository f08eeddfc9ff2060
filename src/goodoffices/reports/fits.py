"""Estimates of a panel as a page, as data, and in a terminal: a sentence first, then a picture, then the table.

Receives a `Fit` or a `Posterior`; returns data for programs and HTML for people, and writes both. Nothing here computes a result.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goodoffices.panels.fitting import Fit
from goodoffices.panels.posterior import Posterior
from goodoffices.reports.coefficients import Row, coefficient_picture
from goodoffices.reports.numbers import MINUS, counted, finite, plain, power

if TYPE_CHECKING:
    from rich.console import Console

Z95 = 1.959963984540054


def fit_data(fit: Fit) -> dict[str, Any]:
    """Everything about a fit, for programs; numbers that are not finite are null."""
    return {
        "kind": "fit",
        "title": fit.panel.title,
        "sentence": fit.sentence,
        "converged": fit.converged,
        "message": fit.maximum.message,
        "largest_gradient": finite(fit.maximum.largest_gradient),
        "curvature": finite(fit.maximum.curvature),
        "log_likelihood": finite(fit.log_likelihood),
        "objective": finite(fit.objective),
        "rows": fit.rows,
        "observations": fit.observations,
        "outcomes": dict(fit.outcomes),
        "left_out": dict(fit.left_out),
        "errors": fit.errors,
        "coefficients": [
            {
                "name": c.name,
                "estimate": finite(c.estimate),
                "error": finite(c.error),
                "z": finite(c.z) if c.error else None,
                "p": finite(c.p) if c.error else None,
                "held": c.fixed,
            }
            for c in fit.coefficients
        ],
        "covariance": [[finite(v) for v in row] for row in fit.covariance.tolist()],
        "notes": list(fit.notes),
        "statistics": {k: finite(v) for k, v in fit.statistics.items()},
    }


def posterior_data(found: Posterior) -> dict[str, Any]:
    """Everything about a posterior but its draws, for programs."""
    low, high = found.interval()
    return {
        "kind": "posterior",
        "title": found.panel.title,
        "sentence": posterior_sentence(found),
        "converged": found.converged,
        "method": found.method,
        "log_evidence": finite(found.log_evidence),
        "coefficients": [
            {
                "name": name,
                "mean": finite(found.mean[k]),
                "sd": finite(found.sd[k]),
                "low": finite(low[k]),
                "high": finite(high[k]),
                "rhat": finite(found.rhat[k]),
                "effective": finite(found.effective[k]),
            }
            for k, name in enumerate(found.names)
        ],
        "statistics": {k: finite(v) for k, v in found.statistics.items()},
    }


def posterior_sentence(found: Posterior) -> str:
    """What a posterior says, and whether to believe it."""
    low, high = found.interval()
    sure = int(((low > 0) | (high < 0)).sum())
    how = "four chains of NUTS" if found.method == "nuts" else "the normal at the mode"
    start = f"The posterior of {counted(len(found.names), 'coefficient')}, by {how}"
    if not found.converged:
        return (
            f"{start}, is not to be trusted: {found.maximum.message}; largest R-hat {found.rhat.max():.3f}."
        )
    return f"{start}: for {sure} of them the middle 95% leaves out 0."


def rows_of(found: Fit | Posterior) -> list[Row]:
    """The lines of the picture: intervals hold 95% in either case."""
    if isinstance(found, Fit):
        return [
            Row(c.name, c.estimate, c.estimate - Z95 * c.error, c.estimate + Z95 * c.error, c.error)
            for c in found.coefficients
        ]
    low, high = found.interval()
    columns = zip(found.names, found.mean, low, high, found.sd, strict=True)
    return [Row(n, float(m), float(a), float(b), float(s)) for n, m, a, b, s in columns]


def sentence_of(found: Fit | Posterior) -> str:
    """The first sentence."""
    return found.sentence if isinstance(found, Fit) else posterior_sentence(found)


def facts_of(found: Fit | Posterior) -> dict[str, str]:
    """What stands below the table: how it was computed and what to know about it."""
    facts: dict[str, str] = {}
    if isinstance(found, Fit):
        facts["Standard errors"] = found.errors
        facts["Outcomes"] = ", ".join(f"{name} {v:,.0f}" for name, v in found.outcomes.items())
        if found.left_out:
            facts["Left out"] = ", ".join(f"{counted(n, 'row')}: {why}" for why, n in found.left_out.items())
        facts["Log-likelihood"] = f"{found.log_likelihood:.6f}".replace("-", MINUS)
        if found.panel.penalty:
            facts["With the penalty"] = f"{found.objective:.6f} ({found.panel.penalty})".replace(
                "-", MINUS, 1
            )
        gradient = power(found.maximum.largest_gradient)
        facts["Search"] = f"{found.maximum.message} (largest entry {gradient})"
        for note in found.notes:
            facts.setdefault("To know", "")
            facts["To know"] = f"{facts['To know']} {note}".strip()
        return facts
    facts["Priors"] = f"normal, mean {plain(found.panel.prior.mean)}, sd {plain(found.panel.prior.sd)}"
    facts["Log evidence"] = f"{found.log_evidence:.3f} (Laplace's approximation)"
    facts["Chains"] = (
        f"largest R-hat {found.rhat.max():.3f}, smallest effective sample {found.effective.min():.0f}"
    )
    return facts


def fit_page(found: Fit | Posterior) -> str:
    """The page of a fit: one file that asks for nothing else."""
    from goodoffices.reports.html import environment, own

    picture = coefficient_picture(rows_of(found), title=f"Coefficients of {found.panel.title}")
    return (
        environment()
        .get_template("fit.html")
        .render(
            title=found.panel.title,
            sentence=sentence_of(found),
            converged=found.converged,
            picture=picture,
            rows=rows_of(found),
            middle="estimate" if isinstance(found, Fit) else "mean",
            spread="standard error" if isinstance(found, Fit) else "standard deviation",
            facts=facts_of(found),
            style=own("style.css"),
        )
    )


def write_fit(found: Fit | Posterior, folder: Path) -> Mapping[str, Path]:
    """Write `fit.html` and `fit.json` into a folder, made if it is missing; each is moved into place when complete."""
    import json

    data = fit_data(found) if isinstance(found, Fit) else posterior_data(found)
    texts = {
        "fit.html": fit_page(found),
        "fit.json": json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n",
    }
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / name for name in texts}
    for name, path in paths.items():
        partial = path.with_name(f".{name}.{os.getpid()}")
        try:
            partial.write_text(texts[name], encoding="utf-8", newline="\n")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    return paths


def print_fit(found: Fit | Posterior, console: Console) -> None:
    """Print the sentence, then each coefficient with its interval drawn in characters, then the facts."""
    from rich.table import Table
    from rich.text import Text

    console.print(Text(found.panel.title), style="bold")
    console.print(Text(sentence_of(found)))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("coefficient", overflow="fold", min_width=24)
    for name in ("estimate", "error") if isinstance(found, Fit) else ("mean", "sd"):
        table.add_column(name, justify="right")
    table.add_column("95% interval")
    if console.width >= 100:
        table.add_column("−6 errors     0     6 errors", no_wrap=True)
    for row in rows_of(found):
        known = row.error == row.error
        interval = f"{plain(row.low, 3)} to {plain(row.high, 3)}" if known else "held"
        error = plain(row.error, 3) if known else ""
        cells = [Text(row.name), plain(row.estimate, 4), error, interval, _strip(row)]
        table.add_row(*cells[: len(table.columns)])
    console.print(table)
    for name, text in facts_of(found).items():
        console.print(Text(f"{name}: {text}"), soft_wrap=True)


def _strip(row: Row, width: int = 27, reach: float = 6.0) -> str:
    """`·······──●──··┊···`: the interval in standard errors, zero in the middle."""
    if row.error != row.error or row.error <= 0:
        return ""

    def cell(value: float) -> int:
        share = (min(max(value / row.error, -reach), reach) + reach) / (2 * reach)
        return round(share * (width - 1))

    cells = ["·"] * width
    for k in range(cell(row.low), cell(row.high) + 1):
        cells[k] = "─"
    cells[width // 2] = "┊" if cells[width // 2] == "·" else "┼"
    cells[cell(row.estimate)] = "●"
    return "".join(cells)
