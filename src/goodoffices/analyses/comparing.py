"""Scenarios side by side: the same questions asked of each, with their errors and the differences.

Receives named scenarios with their judges of questions; returns a `Comparison`. A question is a quantity (`P(...)`, `value(...)`,
`belief(...)`) or a claim, which is then the share of draws in which it holds. Parameters of the same name and prior take the
same values in every scenario, because each parameter's draws are seeded by its name: differences are taken draw by draw, so
that what the scenarios share cancels in their errors. A question that a scenario cannot be asked has no answer there, and the
reason is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from goodoffices.claims.asking import answer, evaluate_claim
from goodoffices.claims.survey import AnySolve, Form
from goodoffices.claims.verdicts import share_error
from goodoffices.compiler.expressions import Array
from goodoffices.core.diagnostics import Refusal
from goodoffices.language.asked import read_claim, read_quantity
from goodoffices.language.sampling import medians, sample
from goodoffices.language.scenario import Scenario

StageProgress = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Answer:
    """One question in one scenario."""

    scenario: str
    n: int
    """Draws."""
    failed: int
    """Of them without an answer."""
    mean: float
    """Over the draws with an answer; of a claim the share in which it holds."""
    error: float
    """Its Monte Carlo standard error."""
    low: float
    """5th percentile over draws; of a claim not a number."""
    high: float
    """95th percentile."""
    at_median: float
    """With every parameter at its prior median; of a claim 1 or 0."""
    values: Array
    """[b] not a number where there is no answer."""
    why_none: str | None = None
    """Why the scenario cannot be asked."""


@dataclass(frozen=True, eq=False)
class Difference:
    """One question in a later scenario, less the same in the first."""

    scenario: str
    mean: float
    error: float
    """Standard error of the mean of differences draw by draw."""
    n: int
    """Draws that have an answer in both."""
    high_share: float
    """Share of them in which the later scenario's answer is the larger."""

    @property
    def clear(self) -> bool:
        """Whether it is more than two standard errors from zero."""
        return abs(self.mean) > 2 * self.error


@dataclass(frozen=True, eq=False)
class Compared:
    """One question in every scenario."""

    question: str
    kind: str
    """`quantity` or `claim`."""
    answers: tuple[Answer, ...]
    """In the order of the scenarios."""
    differences: tuple[Difference, ...]
    """Of the later scenarios from the first; those without an answer are missing."""

    @property
    def sentence(self) -> str:
        """The finding in a sentence."""
        shown: list[str] = []
        for a in self.answers:
            if a.why_none is not None:
                shown.append(f"{a.scenario} cannot be asked ({a.why_none})")
            elif a.failed == a.n:
                shown.append(f"{a.scenario} has no answer in any of {a.n} draws")
            else:
                shown.append(f"{amount(a.mean)} ± {size(a.error)} in {a.scenario} ({a.n - a.failed} draws)")
        text = (
            f"`{self.question}` is {'; '.join(shown)}" if shown else f"`{self.question}` was asked of nothing"
        )
        if self.kind == "claim":
            text = f"The share of draws in which `{self.question}` holds is {'; '.join(shown)}"
        for d in self.differences:
            first = self.answers[0].scenario
            change = f"{amount(d.mean, signed=True)} ± {size(d.error)}"
            known = "" if d.clear else ", within what chance gives"
            text += f". {d.scenario} less {first}: {change}{known}"
        return text + "."


@dataclass(frozen=True, eq=False)
class Comparison:
    """Questions in several scenarios."""

    scenarios: tuple[str, ...]
    titles: tuple[str, ...]
    questions: tuple[Compared, ...]
    draws: int
    seed: int
    shared: tuple[str, ...]
    """Parameters of the same name and prior everywhere, whose draws are the same."""


def amount(value: float, *, signed: bool = False) -> str:
    """A value to three decimals, or three digits where it is large."""
    text = f"{value:.3f}" if abs(value) < 100 else f"{value:.3g}"
    return f"+{text}" if signed and value > 0 else text


def size(error: float) -> str:
    """An error; one that rounds to zero says so."""
    return f"{error:.3f}" if not error < 0.0005 or error == 0 else "under 0.001"


def compare_scenarios(
    forms: Mapping[str, Form],
    questions: Sequence[str],
    *,
    solvers: Mapping[str, AnySolve],
    draws: int = 256,
    seed: int = 1,
    progress: StageProgress | None = None,
) -> Comparison:
    """Ask every scenario every question.

    Args:
        forms: name -> compiled scenario; differences are from the first.
        questions: texts in the language of claims; a question has to make sense in at least one scenario.
        solvers: name -> solver of its form.
        draws: from each scenario's priors.
        seed: of the draws, the same for all.
        progress: called as `progress(stage, done, total)` for each scenario and question.

    Raises:
        Refusal: a question that no scenario can be asked.
    """
    found: list[Compared] = []
    steps, done = len(questions) * len(forms), 0
    for text in questions:
        answers: list[Answer] = []
        kinds: set[str] = set()
        refusals: list[Refusal] = []
        for name, form in forms.items():
            if progress is not None:
                progress("questions", done, steps)
            done += 1
            try:
                kind, asked = _read(text, form.scenario)
            except Refusal as refusal:
                refusals.append(refusal)
                answers.append(_unasked(name, draws, str(refusal)))
                continue
            kinds.add(kind)
            answers.append(_ask(name, form, kind, asked, solvers[name], draws, seed))
        if len(refusals) == len(forms):
            raise refusals[0]
        kind = "claim" if "claim" in kinds else "quantity"
        found.append(Compared(text, kind, tuple(answers), _differences(answers)))
    return Comparison(
        tuple(forms),
        tuple(form.scenario.title for form in forms.values()),
        tuple(found),
        draws,
        seed,
        _shared([form.scenario for form in forms.values()]),
    )


def _read(text: str, scenario: Scenario) -> tuple[str, Any]:
    """A quantity where it is one, a claim otherwise; the refusal is that of the claim where it is neither."""
    try:
        return "quantity", read_quantity(text, scenario)
    except Refusal as as_quantity:
        try:
            return "claim", read_claim(text, scenario)
        except Refusal as as_claim:
            # A text without a comparison was meant as a quantity: what is wrong with that helps more.
            compares = any(sign in text for sign in ("<", ">", "==", "!=", "rises", "falls"))
            raise (as_claim if compares else as_quantity) from None


def _ask(name: str, form: Form, kind: str, asked: Any, solve: AnySolve, draws: int, seed: int) -> Answer:
    scenario = form.scenario
    values = sample(scenario, draws, seed=seed)
    points = {key: np.append(middle, values[key]) for key, middle in medians(scenario).items()}
    points = points or {"": np.zeros(draws + 1)}
    if kind == "quantity":
        out = answer(form, asked, points, solve=solve)
    else:
        margin = evaluate_claim(form, asked, points, solve=solve)
        out = np.where(np.isnan(margin.size), np.nan, margin.holds.astype(float))
    if len(out) < draws + 1:
        raise KeyboardInterrupt
    return _summary(name, kind, out)


def _summary(name: str, kind: str, out: Array) -> Answer:
    middle, values = float(out[0]), out[1:]
    good = values[np.isfinite(values)]
    n = len(good)
    mean = float(good.mean()) if n else float("nan")
    if kind == "claim":
        error = share_error(int(good.sum()), n)
        low = high = float("nan")
    else:
        error = float(good.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")
        low, high = np.quantile(good, [0.05, 0.95]).tolist() if n else (float("nan"), float("nan"))
    return Answer(name, len(values), len(values) - n, mean, error, low, high, middle, values)


def _unasked(name: str, draws: int, why: str) -> Answer:
    nothing = float("nan")
    return Answer(
        name, draws, draws, nothing, nothing, nothing, nothing, nothing, np.full(draws, np.nan), why
    )


def _differences(answers: Sequence[Answer]) -> tuple[Difference, ...]:
    first, out = answers[0], list[Difference]()
    for later in answers[1:]:
        gaps = later.values - first.values
        gaps = gaps[np.isfinite(gaps)]
        if len(gaps) < 2:
            continue
        error = float(gaps.std(ddof=1) / np.sqrt(len(gaps)))
        out.append(Difference(later.scenario, float(gaps.mean()), error, len(gaps), float((gaps > 0).mean())))
    return tuple(out)


def _shared(scenarios: Sequence[Scenario]) -> tuple[str, ...]:
    priors = [{p.name: p.prior for p in scenario.parameters} for scenario in scenarios]
    common = set[str](priors[0]).intersection(*priors[1:]) if priors else set[str]()
    return tuple(sorted(name for name in common if all(p[name] == priors[0][name] for p in priors)))
