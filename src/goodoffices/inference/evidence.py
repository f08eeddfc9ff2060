"""Rival arguments held against the same record: Bayes factors, what the priors do to them, and which events decide.

Receives posteriors of scenarios that explain the same events; returns a `Comparison`. Evidences of records that were coded
differently do not compare: the events that only some of the rivals explain are listed, and `require` refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from goodoffices.core.diagnostics import Diagnostic, Refusal
from goodoffices.inference.posterior import Posterior
from goodoffices.inference.posterior_terms import Observed
from goodoffices.inference.prior_space import Floats
from goodoffices.inference.sampling import Sampled
from goodoffices.inference.weights import effective_size, log_mean, normalised

POWERS = (0.5, 0.8, 1.25, 2.0)
"""The prior is raised to these: below one it is wider, above one narrower."""


@dataclass(frozen=True)
class EventEvidence:
    """What one choice of the record says, given everything before it."""

    observed: Observed
    log_predictive: float
    """Natural logarithm of its probability under the scenario, learned from what came before."""
    error: float
    """Monte Carlo standard error."""
    effective: float
    """Draws that the number rests on (Kish), of all repeats."""


@dataclass(frozen=True)
class PriorSensitivity:
    """What another width of the priors would have made of the evidence."""

    parameter: str | None
    """None: all of them at once."""
    powers: tuple[float, ...]
    log_evidence: tuple[float, ...]
    """Change of the logarithm at each power."""
    shift: tuple[float, ...]
    """Change of the parameter's posterior mean at each power, in prior standard deviations; of the largest for None."""
    effective: tuple[float, ...]
    """Draws that each number rests on."""


@dataclass(frozen=True)
class Rival:
    """One argument before the record."""

    name: str
    log_evidence: float
    error: float
    probability: float
    """Among the rivals, each as likely as the others beforehand."""
    effective: float
    """Independent draws that its evidence rests on (Kish)."""
    tail: float
    """Shape of the tail of its weights; see `Posterior.tail`."""
    drift: float
    """Of its chains; see `Posterior.drift`."""


@dataclass(frozen=True)
class Comparison:
    """Rival arguments beside each other."""

    rivals: tuple[Rival, ...]
    """The best first."""
    events: tuple[tuple[Observed, tuple[float, ...]], ...]
    """Choices that every rival explains, with the log predictive of each in the order of `rivals`, those first that
    the rivals differ most about."""
    unlike: tuple[Diagnostic, ...]
    """What is not explained alike; empty where the evidences compare."""

    def require(self) -> Comparison:
        """The same, or a refusal where the evidences do not compare.

        Raises:
            Refusal: `unlike-records`.
        """
        if self.unlike:
            raise Refusal(self.unlike)
        return self

    def bayes_factor(self, one: int = 0, other: int = 1) -> tuple[float, float]:
        """Natural logarithm of the Bayes factor of one rival over another, and its Monte Carlo standard error."""
        a, b = self.rivals[one], self.rivals[other]
        return a.log_evidence - b.log_evidence, float(np.hypot(a.error, b.error))


def compare(posteriors: Sequence[tuple[str, Posterior]]) -> Comparison:
    """Put rivals beside each other.

    Args:
        posteriors: Name and posterior of each.
    """
    order = sorted(posteriors, key=lambda pair: -pair[1].log_evidence)
    logs = np.array([p.log_evidence for _, p in order])
    shares = np.exp(logs - np.logaddexp.reduce(logs))
    rivals = tuple(
        Rival(name, p.log_evidence, p.log_evidence_error, float(share), p.worth, p.tail, p.drift)
        for (name, p), share in zip(order, shares, strict=True)
    )
    unlike = tuple(d for name, p in order[1:] for d in differences(order[0], (name, p)))
    tables = [{_key(e.observed): e for e in by_event(p)} for _, p in order]
    both = [key for key in tables[0] if all(key in table for table in tables)]
    events = [(tables[0][key].observed, tuple(table[key].log_predictive for table in tables)) for key in both]
    events.sort(key=lambda pair: min(pair[1]) - max(pair[1]))
    return Comparison(rivals, tuple(events), unlike)


def differences(one: tuple[str, Posterior], other: tuple[str, Posterior]) -> list[Diagnostic]:
    """Why two evidences do not compare: choices, and the events behind them, that only one of them explains."""
    tables = [{_key(o): o for o in posterior.observed} for _, posterior in (one, other)]
    out: list[Diagnostic] = []
    for (name, _), mine, theirs in ((one, tables[0], tables[1]), (other, tables[1], tables[0])):
        only = [o for key, o in mine.items() if key not in theirs]
        if only:
            listed = "; ".join(_told(o) for o in only[:12])
            more = f" and {len(only) - 12} more" if len(only) > 12 else ""
            out.append(
                Diagnostic(
                    "unlike-records",
                    f"only `{name}` explains {listed}{more}",
                    None,
                    "give the rivals the same turns, moves and `record:` section, so that they explain the same events",
                )
            )
    return out


def by_event(posterior: Posterior) -> list[EventEvidence]:
    """How likely each choice of the record was, given the scenario and everything before the choice.

    The points that were tried stand in for the posterior after each choice, by their weights under as much of the record;
    the part that was drawn from the prior sees to those after few. The products are the evidence.
    """
    runs = [_predictives(run) for run in posterior.runs]
    logs, errors, effective = (np.array(part) for part in zip(*runs, strict=True))
    return [
        EventEvidence(
            o,
            float(np.mean(logs[:, i])),
            float(np.sqrt((errors[:, i] ** 2).sum()) / len(runs)),
            float(effective[:, i].sum()),
        )
        for i, o in enumerate(posterior.observed)
    ]


def _predictives(run: Sampled) -> tuple[Floats, Floats, Floats]:
    """[i] log predictive of each term given those before it, its standard error, and the draws that it rests on."""
    pool = run.pool
    with np.errstate(invalid="ignore"):
        logs = pool.log_base[:, None] + np.cumsum(pool.terms, axis=1)
    logs = np.where(np.isnan(logs), -np.inf, logs)
    evidence = np.array([log_mean(column) for column in logs.T])
    # To first order the logarithm of a ratio of means varies as the difference of the shares in them.
    shares = np.exp(logs - evidence)
    errors = pool.error_of_mean(np.diff(shares, axis=1, prepend=1.0))
    effective = np.array([pool.worth(column) for column in logs.T])
    return np.diff(evidence, prepend=0.0), errors, effective


def prior_sensitivity(posterior: Posterior, powers: Sequence[float] = POWERS) -> list[PriorSensitivity]:
    """What wider and narrower priors would have made of the evidence and of each parameter.

    The prior's density in normal coordinates is raised to a power, which is a normal prior of that many times the
    precision; points are weighted anew (Kallioinen and others 2024). All parameters at once come first.
    """
    points = np.concatenate([run.points for run in posterior.runs])
    shares = np.concatenate([normalised(run.log_weights) for run in posterior.runs]) / len(posterior.runs)
    independence = min(run.independence for run in posterior.runs)
    whole = _scaled(None, points, shares, powers, independence)
    each = [
        _scaled(name, points[:, [d]], shares, powers, independence)
        for d, name in enumerate(posterior.space.names)
    ]
    each.sort(key=lambda s: -max(abs(v) for v in s.log_evidence))
    return [whole, *each]


def _scaled(
    name: str | None, points: Floats, shares: Floats, powers: Sequence[float], independence: float
) -> PriorSensitivity:
    change, shift, effective = list[float](), list[float](), list[float]()
    with np.errstate(divide="ignore"):
        known = np.log(shares)
    for power in powers:
        logs = known - 0.5 * (power - 1) * (points**2).sum(1) + 0.5 * points.shape[1] * np.log(power)
        change.append(float(np.logaddexp.reduce(logs)))
        effective.append(independence * effective_size(logs))
        moved = normalised(logs) @ points - shares @ points
        shift.append(float(moved[np.argmax(np.abs(moved))]))
    return PriorSensitivity(name, tuple(powers), tuple(change), tuple(shift), tuple(effective))


def _told(observed: Observed) -> str:
    shown = ", ".join(observed.events)
    return f"{observed.name} ({shown})" if shown else observed.name


def _key(observed: Observed) -> tuple[object, ...]:
    """What was explained: the choice and the events behind it. What else could have been chosen may differ."""
    return observed.round, observed.party, observed.happened, observed.events, observed.weight


__all__ = [
    "Comparison", "EventEvidence", "PriorSensitivity", "Rival", "by_event", "compare", "differences", "prior_sensitivity",
]  # fmt: skip
