"""Priors agree with SciPy's distributions; the short form has the quantiles that it names."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from goodoffices.core.diagnostics import Refusal, Span
from goodoffices.language import PRIORS, density, load, median, quantile, sample, support
from goodoffices.language.prior_text import read_prior
from goodoffices.language.scenario import Prior


def place(start: int, end: int) -> Span:
    return Span("text", 1, start + 1, 1, end + 1)


def prior(text: str, unit: str | None = None) -> Prior:
    return read_prior(text, place, unit=unit)


REFERENCE = {
    "normal(1, 2)": stats.norm(1, 2), "lognormal(0.3, 0.5)": stats.lognorm(0.5, scale=np.exp(0.3)),
    "beta(2, 6)": stats.beta(2, 6), "beta(0.5, 0.5)": stats.beta(0.5, 0.5), "gamma(2, 0.5)": stats.gamma(2, scale=0.5),
    "uniform(-1, 3)": stats.uniform(-1, 4), "triangular(0, 1, 4)": stats.triang(0.25, 0, 4),
    "triangular(0, 0, 4)": stats.triang(0, 0, 4), "triangular(0, 4, 4)": stats.triang(1, 0, 4),
    "exponential(2)": stats.expon(scale=2),
}  # fmt: skip


@pytest.mark.parametrize("text", REFERENCE)
def test_quantiles_and_densities_agree_with_scipy(text: str):
    one, other = prior(text), REFERENCE[text]
    u = np.linspace(0.001, 0.999, 41)
    x = other.ppf(u)
    np.testing.assert_allclose(quantile(one, u), x, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(density(one, x), other.pdf(x), rtol=1e-9)
    np.testing.assert_allclose(median(one), other.median(), rtol=1e-12)
    np.testing.assert_allclose(support(one), other.support())
    low, high = other.support()
    outside = np.array([low - 1, high + 1])
    outside = outside[np.isfinite(outside)]
    assert not density(one, outside).any()


def test_every_family_is_in_the_table_with_an_example_that_reads():
    assert {prior(d.example).name for d in PRIORS.values()} == set(PRIORS)


@pytest.mark.parametrize("name", sorted(PRIORS))
def test_densities_integrate_to_one_and_medians_split_the_weight(name: str):
    one = prior(PRIORS[name].example)
    if name in ("fixed", "discrete"):
        values = np.unique(quantile(one, np.linspace(0, 1, 1001)))
        np.testing.assert_allclose(density(one, values).sum(), 1.0)
        return
    low, high = quantile(one, [1e-12, 1 - 1e-12])
    total, _ = integrate.quad(lambda x: float(density(one, x)), low, high, limit=200, points=[median(one)])
    np.testing.assert_allclose(total, 1.0, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "unit", "family"),
    [
        ("0.2 to 0.6", None, "lognormal"), ("0.2 to 0.6", "probability", "beta"), ("0.2 to 0.6", "utility", "lognormal"),
        ("0.2 to 6", "share", "lognormal"), ("-1 to 2", None, "normal"), ("normal(1 to 2)", None, "normal"),
        ("beta(0.2 to 0.6)", None, "beta"), ("lognormal(1 to 4)", None, "lognormal"), ("0.9 to 0.999", "share", "beta"),
        ("-3 to -1", None, "normal"), ("1e-3 to 2e-3", None, "lognormal"), ("0.01 to 0.02", "probability", "beta"),
    ],
)  # fmt: skip
def test_the_short_form_is_a_ninety_per_cent_interval(text: str, unit: str | None, family: str):
    made = prior(text, unit)
    low, high = (float(x) for x in text.strip("abcdefghijklmnopqrstuvwxyz()").replace("to", " ").split()) if "(" not in text else (
        float(x) for x in text[text.index("(") + 1 : -1].split(" to ")
    )  # fmt: skip
    assert made.name == family
    np.testing.assert_allclose(quantile(made, [0.05, 0.95]), [low, high], rtol=1e-9)


def test_discrete_values_have_their_weights_and_fixed_ones_are_certain():
    made = prior("discrete(3, 0.2, 1, 0.5, 2, 0.3)")
    np.testing.assert_array_equal(quantile(made, [0.0, 0.49, 0.51, 0.79, 0.81, 1.0]), [1, 1, 2, 2, 3, 3])
    np.testing.assert_allclose(density(made, [1, 2, 3, 4]), [0.5, 0.3, 0.2, 0])
    assert prior("0.25") == Prior("fixed", (0.25,), "0.25")
    assert prior("-2 * log(2)").arguments == (-2 * np.log(2),)


@pytest.mark.parametrize(
    "text",
    ["beta(-1, 2)", "normal(0, 0)", "uniform(1, 1)", "triangular(0, 5, 4)", "exponential(-1)", "gamma(0, 1)", "0 to 0",
     "lognormal(-1 to 2)", "beta(0.5 to 2)", "discrete(1, 0.5, 2, 0.4)", "discrete(1, 2, 3)", "normal(1)", "normal(x, 1)",
     "cauchy(0, 1)", "1 / 0", "", "to", "1 to", "1 to 2 to 3", "beta(1, 2", "normal(1, 2 | 3)", "beta 1 to 2"],
)  # fmt: skip
def test_what_is_not_a_distribution_is_refused(text: str):
    with pytest.raises(Refusal):
        prior(text)


def test_draws_follow_the_prior_and_depend_on_nothing_but_name_and_seed():
    from pathlib import Path

    scenario = load(Path(__file__).parent / "data" / "talks.yaml")
    draws = sample(scenario, 4000, seed=3)
    for parameter in scenario.parameters:
        if parameter.prior.name != "fixed":
            share = np.mean(draws[parameter.name] <= quantile(parameter.prior, 0.3))
            assert abs(share - 0.3) < 5 * np.sqrt(0.3 * 0.7 / 4000)  # five binomial standard errors
    pair = np.corrcoef(draws["recognition"], draws["missiles"])[0, 1]
    assert abs(pair) < 5 / np.sqrt(4000)
    import dataclasses

    turned = dataclasses.replace(scenario, parameters=scenario.parameters[::-1])
    for name, values in sample(turned, 10, seed=3).items():
        np.testing.assert_array_equal(values, draws[name][:10])
    assert not np.array_equal(sample(scenario, 10, seed=4)["recognition"], draws["recognition"][:10])
