"""`goodoffices fit`: estimate a panel of episodes, print what was found, write a page and the numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from goodoffices.cli.cache import keep_compiled_code
from goodoffices.cli.settings import Whole, at_least
from goodoffices.cli.streams import OK, REFUSED, Misuse, output


def fit(
    panel: Annotated[str, Parameter(help="A panel file, or the name of a published model.")],
    /,
    *,
    data: Annotated[str, Parameter(help="A CSV or Parquet file, one row an episode.")],
    errors: Annotated[
        Literal["hessian", "unpenalised", "opg", "robust", "clustered"],
        Parameter(help="Which standard errors."),
    ] = "hessian",
    posterior: Annotated[
        Literal["none", "laplace", "nuts"],
        Parameter(help="Instead of maximum likelihood, the posterior under the panel's priors."),
    ] = "none",
    draws: Annotated[int, Whole, Parameter(help="Draws of each of four chains, for a posterior.")] = 1000,
    seed: Annotated[int, Whole, Parameter(help="Seed of the draws of a posterior.")] = 1,
    out: Annotated[Path | None, Parameter(help="Folder for fit.html and fit.json.")] = None,
    as_json: Annotated[
        bool, Parameter(name="--json", negative=(), help="Print one JSON object instead of a table.")
    ] = False,
) -> int:
    """Estimate a strategic model of many episodes; exit code 1 where the search did not end at a maximum."""
    at_least("--draws", draws, 2)
    at_least("--seed", seed, 0)
    keep_compiled_code()
    from goodoffices.reports import fits
    from goodoffices.workflow import panels

    if posterior == "none":
        found = panels.fit_panel(panel, data, errors=errors)
        record = fits.fit_data(found)
    else:
        found = panels.panel_posterior(panel, data, method=posterior, draws=draws, seed=seed)
        record = fits.posterior_data(found)
    written: dict[str, Path] = {}
    if out is not None:
        try:
            written = dict(fits.write_fit(found, out))
        except OSError as error:
            raise Misuse(f"--out takes a folder, and {str(out)!r} cannot be used: {error.strerror}") from None
    if as_json:
        print(json.dumps(record, ensure_ascii=False, allow_nan=False))
    else:
        console = output()
        fits.print_fit(found, console)
        for name, path in written.items():
            label = "Page" if name.endswith("html") else "Numbers"
            console.print(f"{label}: {path}", markup=False, soft_wrap=True)
    return OK if found.converged else REFUSED
