"""What a small scenario learns from a record of one round."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from goodoffices.inference import record_likelihood
from goodoffices.inference.evidence import by_event, prior_sensitivity
from goodoffices.inference.posterior_fitting import FitSettings, fit_posterior
from goodoffices.inference.posterior_predictive import predictive_checks
from goodoffices.language.scenario import Scenario
from goodoffices.records import Event, Record
from goodoffices.workflow.fitting import Learned

MONDAY = datetime.date(2025, 1, 6)
WORDS = (("US", "warning"), ("RUS", "truce"), ("RUS", "truce_lapsed"))


def learned_small(make: Callable[..., Scenario]) -> Learned:
    """From a warning and a truce that lapsed."""
    scenario = make(("rounds: 3", "rounds: 1"))
    events = [
        Event(str(i), MONDAY + datetime.timedelta(i), who, lever=what) for i, (who, what) in enumerate(WORDS)
    ]
    record = Record((*events, Event("end", MONDAY + datetime.timedelta(6), "US", lever="else")))
    likelihood = record_likelihood(scenario, record, nodes=3)
    posterior = fit_posterior([likelihood], FitSettings(effective=40, batch=32, repeats=2))
    checks = predictive_checks(posterior, likelihood, draws=16)
    return Learned(posterior, tuple(by_event(posterior)), tuple(prior_sensitivity(posterior)), checks)
