"""A posterior in the groups that ArviZ reads: an xarray `DataTree`, and a folder with one netCDF file for each group.

Receives a `Posterior`; returns the tree, or writes it and reads it back. Groups: posterior, sample_stats, prior,
observed_data, log_likelihood, posterior_predictive. The files are netCDF-3, which SciPy writes without further packages and
which holds no groups; hence one file each. Refuses where xarray is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from goodoffices.core.diagnostics import refuse
from goodoffices.inference.posterior import Posterior
from goodoffices.inference.posterior_predictive import PredictiveCheck


def to_tree(posterior: Posterior, *, checks: Sequence[PredictiveCheck] = ()) -> Any:
    """An `xarray.DataTree`; each repeat is one chain.

    Raises:
        Refusal: `no-xarray`.
    """
    xarray = _xarray()
    shape = (len(posterior.runs), -1)
    sample = ("chain", "draw")
    names = [o.name for o in posterior.observed]
    rng = np.random.default_rng([0, 53])
    prior = posterior.space.draws(rng.standard_normal((posterior.size, posterior.space.size)))
    terms = posterior.terms
    groups: dict[str, Any] = {
        "posterior": {n: (sample, posterior.draws[n].reshape(shape)) for n in posterior.space.names},
        "sample_stats": {"lp": (sample, posterior.log_likelihood.reshape(shape))},
        "prior": {n: (sample, prior[n].reshape(1, -1)) for n in posterior.space.names},
        "observed_data": {
            "happened": (
                ("event",),
                np.array([o.names.index(o.happened) for o in posterior.observed], np.int32),
            )
        },
        "log_likelihood": {"event": ((*sample, "event"), terms.reshape(*shape, terms.shape[1]))},
    }
    if checks:
        width = min(len(c.replicas) for c in checks)
        groups["posterior_predictive"] = {
            _plain(c.what): (sample, c.replicas[:width].reshape(1, -1)) for c in checks
        }
        groups["observed_data"] |= {_plain(c.what): ((), c.observed) for c in checks}
    labels = {"events": "; ".join(names), "log_evidence": posterior.log_evidence, "key": posterior.key}
    data = {f"/{name}": xarray.Dataset(group, attrs=labels) for name, group in groups.items()}
    return xarray.DataTree.from_dict(data)


def write_draws(posterior: Posterior, folder: Path, *, checks: Sequence[PredictiveCheck] = ()) -> Path | None:
    """Write one file for each group; nothing where xarray is missing, since the draws are in the fit's state too.

    Raises:
        OSError: The folder cannot be written.
    """
    from goodoffices.core.diagnostics import Refusal
    from goodoffices.inference.posterior_state import write_whole

    try:
        tree = to_tree(posterior, checks=checks)
    except Refusal:
        return None
    for name, group in tree.children.items():
        write_whole(folder / f"{name}.nc", bytes(group.to_dataset().to_netcdf(engine="scipy")))
    return folder


def read_draws(folder: Path) -> Any:
    """The tree that was written.

    Raises:
        Refusal: `no-xarray`, `file-not-found`.
    """
    xarray = _xarray()
    files = sorted(folder.glob("*.nc"))
    if not files:
        raise refuse("file-not-found", f"there are no draws in `{folder}`")
    return xarray.DataTree.from_dict(
        {f"/{path.stem}": xarray.load_dataset(path, engine="scipy") for path in files}
    )


def _plain(name: str) -> str:
    """A name that netCDF takes."""
    return "".join(c if c.isalnum() else "_" for c in name)


def _xarray() -> Any:
    from importlib import import_module

    try:
        return import_module("xarray")
    except ImportError:
        raise refuse(
            "no-xarray",
            "draws in ArviZ's groups need the package xarray",
            hint="install it with `pip install goodoffices[record]`",
        ) from None
