"""From a panel file and a table to estimates: what the command line and Python users call.

Receives the name of a panel file (or of a published model) and data; returns a `Fit`, or a `Posterior` under the panel's priors.
"""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goodoffices.panels import Fit, Panel
    from goodoffices.panels.errors import Errors
    from goodoffices.panels.posterior import Method, Posterior


def fit_panel(panel: str | PathLike[str] | Panel, data: Any, *, errors: Errors = "hessian") -> Fit:
    """Estimate a panel's coefficients by maximum likelihood.

    Args:
        panel: a `Panel`, the path of a panel file, or the name of a published model.
        data: path of a CSV or Parquet file, a DataFrame, or a mapping of columns.
        errors: which standard errors; see `goodoffices.panels.errors`.

    Raises:
        Refusal: a panel file with problems, or data that cannot be used.
    """
    from goodoffices import panels

    return panels.fit(_read(panel), data, errors=errors)


def panel_posterior(
    panel: str | PathLike[str] | Panel, data: Any, *, method: Method, draws: int = 1000, seed: int = 1
) -> Posterior:
    """The posterior of a panel's coefficients under its priors.

    Raises:
        Refusal: as `fit_panel`, and for models that have no posterior or cannot be sampled.
    """
    from goodoffices.panels.posterior import posterior

    return posterior(_read(panel), data, method=method, draws=draws, seed=seed)


def _read(panel: str | PathLike[str] | Panel) -> Panel:
    from goodoffices.panels import Panel, read_panel

    return panel if isinstance(panel, Panel) else read_panel(panel)
