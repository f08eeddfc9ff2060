"""The tables of `docs/explanation/published-tables.md`: our numbers beside published ones, from fits made now.

`python tests/support/published_tables.py` writes them into the page; a test compares the page with fresh fits. Both need the
reference data, which do not ship.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import published_panels as published

from goodoffices.panels import fit, read_panel

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "published-tables.md"
MINUS = "\N{MINUS SIGN}"


def number(value: float, digits: int) -> str:
    """A number with a typographic minus; never a negative zero."""
    text = f"{value:.{digits}f}"
    return text.replace("-", MINUS) if float(text) else text.replace("-", "")


def both(estimate: float, error: float, digits: int = 4) -> str:
    """An estimate with its standard error in brackets."""
    return f"{number(estimate, digits)} ({number(error, digits)})"


def below(gap: float, *, least: int = -9) -> str:
    """The power of ten that a difference stays below; the digits of rounding errors differ from machine to machine."""
    return f"below 1e{max(least, math.ceil(math.log10(max(gap, 1e-99))))}"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    heads = list(head)
    lines = [heads, ["---"] * len(heads), *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def games() -> Iterator[tuple[str, ...]]:
    """Each fit of `games`: rows, coefficients, log-likelihoods, and the largest difference in standard errors."""
    references = published.reference("games/games_reference.json")
    for case in published.games_cases():
        if case.name not in published.USABLE:
            continue
        ours, theirs = fit(case.panel(), case.table()), references[case.name]
        held = {c["term"] for c in theirs["coefficients"] if c["fixed"]}
        polished = [c for c in theirs["polished"]["coefficients"] if c["term"] not in held]
        at = {case.terms(c["term"]): c for c in polished}
        far = max(abs(c.estimate - at[c.name]["estimate"]) / at[c.name]["se"] for c in ours.coefficients)
        yield (
            f"`{case.name}`",
            str(ours.rows),
            str(len(ours.names)),
            number(ours.log_likelihood, 6),
            number(theirs["polished"]["logLik"], 6),
            number(theirs["logLik"], 6),
            below(far, least=-6),
        )


def war() -> Iterator[tuple[str, ...]]:
    """The coefficients of the disputes of the nineteenth century, logit link."""
    case = next(c for c in published.games_cases() if c.name == "war1800_logit_agent")
    theirs = published.reference("games/games_reference.json")[case.name]
    polished = {case.terms(c["term"]): c for c in theirs["polished"]["coefficients"]}
    package = {case.terms(c["term"]): c for c in theirs["coefficients"]}
    for c in fit(case.panel(), case.table()).coefficients:
        there, stopped = polished[c.name], package[c.name]
        yield (
            f"`{c.name}`",
            both(c.estimate, c.error, 6),
            both(there["estimate"], there["se"], 6),
            both(stopped["estimate"], stopped["se"], 6),
        )


PRINTED_CLASSROOM = {
    "proposer.constant": "62.198 (18.734)",
    "proposer.gender1": f"{MINUS}25.409 (39.290)",
    "responder.constant": "37.684 (1.616)",
    "responder.gender2": f"{MINUS}0.897 (1.150)",
    "log_scale(proposer).constant": "3.934 (0.430)",
}


def classroom() -> Iterator[tuple[str, ...]]:
    """The ultimatum games in a classroom, as printed in the article."""
    case = next(c for c in published.games_cases() if c.name == "student_offers_s2_3")
    ours = fit(case.panel(), case.table())
    for c in ours.coefficients:
        yield f"`{c.name}`", both(c.estimate, c.error, 3), PRINTED_CLASSROOM[c.name]
    yield "log-likelihood", number(ours.log_likelihood, 2), f"{MINUS}292.14"


def deterrence() -> Iterator[tuple[str, ...]]:
    """The penalised estimates of the deterrence crises, errors of the unpenalised curvature as they are printed."""
    crises = published.table("deterrence/huth1988_signorino_tarar.csv")
    ours = fit(read_panel("deterrence"), crises, errors="unpenalised")
    theirs = published.reference("deterrence/huth_reference.json")["huth_logF_probit_private"]
    at = {published.deterrence_terms(c["term"]): c for c in theirs["coefficients"]}
    for c in ours.coefficients:
        yield f"`{c.name}`", both(c.estimate, c.error, 3), both(at[c.name]["estimate"], at[c.name]["se"], 3)
    polished = theirs["polished"]
    yield "objective", number(ours.objective, 6), number(polished["objective"], 6)
    yield "log-likelihood", number(ours.log_likelihood, 6), number(polished["logLik"], 6)


def sanctions() -> tuple[str, str]:
    """Log-likelihoods of the estimators, and the coefficients of maximum likelihood."""
    references = published.reference("sanctions/sanctions_reference.json")
    data = published.sanctions_table()
    runs = [
        ("pseudo-likelihood, first stage of the archive", "pl", ("PR_pl", "PF_pl"), "PL_published"),
        ("pseudo-likelihood, first stage of the package", "pl", ("PRhat", "PFhat"), "PL_from_PRhat"),
        ("nested pseudo-likelihood, first stage of the package", "npl", ("PRhat", "PFhat"), "NPL_published"),
        ("nested pseudo-likelihood, our own first stage", "npl", (None, ""), "NPL_published"),
        ("maximum likelihood, our own first stage", "mle", (None, ""), "MLE_exact"),
    ]
    lines: list[tuple[str, ...]] = []
    ours: Any = None
    for words, estimator, columns, key in runs:
        ours = fit(published.sanctions(estimator, *columns), data)
        at = {published.signalling_terms(c["term"]): c["estimate"] for c in references[key]["coefficients"]}
        gap = max(abs(c.estimate - at[c.name]) for c in ours.coefficients)
        theirs = references[key]["logLik"]
        lines.append((words, number(ours.log_likelihood, 6), number(theirs, 6), below(gap)))
    first = table(("estimator", "ours", "theirs", "largest difference of an estimate"), lines)
    exact = {published.signalling_terms(c["term"]): c for c in references["MLE_exact"]["coefficients"]}
    printed = {published.signalling_terms(c["term"]): c for c in references["CMLE_published"]["coefficients"]}
    rows = (
        (
            f"`{c.name}`",
            both(c.estimate, c.error),
            both(exact[c.name]["estimate"], exact[c.name]["se_hessian"]),
            both(printed[c.name]["estimate"], printed[c.name]["se_printed_2dp"], 4).replace("00)", ")"),
        )
        for c in ours.coefficients
    )
    return first, table(("coefficient", "ours", "exact maximum", "published (CMLE)"), rows)


def equilibria() -> Iterator[tuple[str, ...]]:
    """Rationality of the block of Ochs, of each game of Selten and Chmura, and of all of them."""
    found = published.reference("qre/qre_reference.json")
    ochs = fit(read_panel("ochs-1995"), published.ochs_table())
    gambit = found["ochs1995"]["gambit"]
    yield _equilibrium("Ochs (1995), one block", ochs, gambit["lambda"], gambit["logLik"])
    data = published.selten_chmura_table()
    path = published.DATA / "qre" / "selten_chmura_2008_reference.csv"
    for row in csv.DictReader(path.read_text().splitlines()):
        panel = replace(read_panel("selten-chmura-2008"), where={"Game": f"== {row['game']}"})
        theirs = float(row["lam_gambit"]), float(row["logL_gambit"])
        yield _equilibrium(f"Selten and Chmura (2008), game {row['game']}", fit(panel, data), *theirs)
    pooled = found["selten_chmura_2008"]["pooled_ml"]
    ours = fit(read_panel("selten-chmura-2008"), data)
    yield _equilibrium("all twelve games, one rationality", ours, pooled["lam"], pooled["logL"])


def _equilibrium(name: str, ours: Any, rationality: float, log_likelihood: float) -> tuple[str, ...]:
    found = math.exp(ours.estimates[0])
    error = found * float(ours.standard_errors[0])
    return (
        name,
        both(found, error),
        number(rationality, 4),
        number(ours.log_likelihood, 4),
        number(log_likelihood, 4),
    )


def tables() -> dict[str, str]:
    """Every table of the page by its name there."""
    first, second = sanctions()
    head = (
        "fit",
        "rows",
        "coefficients",
        "ours",
        "theirs, polished",
        "theirs, as returned",
        "largest difference, in s.e.",
    )
    return {
        "games": table(head, games()),
        "war": table(("coefficient", "ours", "theirs, polished", "theirs, as returned"), war()),
        "classroom": table(("coefficient", "ours", "printed"), classroom()),
        "deterrence": table(("coefficient", "ours", "theirs"), deterrence()),
        "sanctions": first,
        "sanctions-mle": second,
        "equilibria": table(
            ("game", "rationality, ours", "theirs", "log-likelihood, ours", "theirs"), equilibria()
        ),
    }


def fill(page: str, found: dict[str, str]) -> str:
    """The page with each table between its marks."""
    for name, text in found.items():
        start, end = f"<!-- table {name} -->", f"<!-- end {name} -->"
        before, _, rest = page.partition(start)
        _, _, after = rest.partition(end)
        assert after, f"the page has no marks of the table {name}"
        page = f"{before}{start}\n\n{text}\n\n{end}{after}"
    return page


if __name__ == "__main__":
    PAGE.write_text(fill(PAGE.read_text(), tables()), "utf-8")
