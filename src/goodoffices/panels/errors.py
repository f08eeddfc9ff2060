"""Standard errors of maximum-likelihood estimates: from curvature, from scores, from both, and by cluster.

Receives second derivatives [k, k] and scores [r, k]; returns covariance matrices [k, k].
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Errors = Literal["hessian", "unpenalised", "opg", "robust", "clustered"]

NAMES: dict[str, str] = {
    "hessian": "inverse of the observed information",
    "unpenalised": "inverse of the observed information, without the penalty",
    "opg": "inverse of the outer product of the scores",
    "robust": "sandwich of the observed information and the scores",
    "clustered": "sandwich with scores summed by cluster",
}


def covariance(
    hessian: Floats, scores: Floats, *, errors: Errors = "hessian", clusters: NDArray[np.intp] | None = None
) -> Floats:
    """The covariance matrix [k, k] of the estimates.

    Args:
        hessian: second derivatives of the log-likelihood, negative definite.
        scores: derivatives of each row's log-likelihood.
        errors: `hessian` -H^-1; `opg` (S'S)^-1; `robust` H^-1 S'S H^-1 (Huber 1967, White 1982); `clustered`
            the same with scores summed by cluster and the factor G/(G-1) for G clusters.
        clusters: [r] the cluster of each row, needed for `clustered`.
    """
    if not hessian.size:
        return np.zeros((0, 0))
    bread: Any = np.linalg.inv(-hessian)
    if errors in ("hessian", "unpenalised"):
        return np.asarray((bread + bread.T) / 2, dtype=np.float64)
    if errors == "opg":
        return np.asarray(np.linalg.inv(scores.T @ scores), dtype=np.float64)
    factor = 1.0
    if errors == "clustered":
        assert clusters is not None
        groups = np.unique(clusters, return_inverse=True)[1]
        count = int(groups.max()) + 1
        summed = np.zeros((count, scores.shape[1]))
        np.add.at(summed, groups, scores)
        scores, factor = summed, count / (count - 1)
    return np.asarray(factor * bread @ (scores.T @ scores) @ bread.T, dtype=np.float64)
