"""The page says what the study says, asks for nothing, and treats a scenario as data from a stranger."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from goodoffices import reports
from goodoffices.claims.verdict import PlayPoint, Study
from goodoffices.language.scenario import Anchor, Document, Note, Scenario, Time
from goodoffices.language.tree import Number
from goodoffices.reports.html import render


class Page(HTMLParser):
    """Tags, identities, links and visible text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.open.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["style"], ["script"]):
            self.text.append(data)

    def values(self, name: str) -> list[str]:
        return [v for _, n, v in self.attributes if n == name and v is not None]


@pytest.fixture(scope="module")
def page(report: Path) -> Page:
    return Page(report.read_text("utf-8"))


def words(page: Page) -> str:
    return re.sub(r"\s+", " ", "".join(page.text))


def test_the_report_is_one_small_file(report: Path) -> None:
    assert report.stat().st_size < 300_000


def test_nothing_on_the_page_asks_for_another_file(page: Page) -> None:
    assert not {"img", "iframe", "object", "embed", "video", "audio", "base", "form"} & set(page.tags)
    assert not page.values("src") + page.values("srcset") + page.values("xlink:href")
    assert [v for t, n, v in page.attributes if t == "link" and n == "href"] == ["data:,"]
    assert "url(" not in " ".join(page.values("style"))


def test_every_internal_link_has_its_target_and_every_identity_is_unique(page: Page) -> None:
    identities = page.values("id")
    assert [i for i, n in Counter(identities).items() if n > 1] == []
    targets = {v[1:] for v in page.values("href") if v.startswith("#")}
    assert targets <= set(identities)
    assert {i for v in page.values("aria-labelledby") for i in v.split()} <= set(identities)


def test_every_claim_appears_with_its_verdict_share_and_number_of_draws(page: Page, study: Study) -> None:
    shown = words(page)
    for verdict in study.verdicts:
        assert verdict.claim.text in shown
        sentence = verdict.sentence
        assert sentence[1:].replace("`", "") in shown
    assert f"n = {study.certificate.n}" in shown


def test_draws_that_were_not_solved_are_said_not_dropped(page: Page) -> None:
    assert "3 of the 512 cases could not be solved" in words(page)
    assert "509 of 512 draws were solved and 3 were not" in words(page)


def test_every_sentence_of_the_argument_is_there_cited_or_marked_as_not_used(
    page: Page, study: Study
) -> None:
    shown = words(page)
    document = study.scenario.documents[0]
    used = {1, 3, 4, 5, 6, 7, 8, 9, 10, 12}
    assert f"{len(used)} of {len(document.sentences)} sentences are used" in shown
    assert shown.count("Not used by the model.") == len(document.sentences) - len(used)
    assert "The price of grain rose by a tenth." in shown


def test_every_reason_given_in_the_scenario_is_on_the_page(page: Page, study: Study) -> None:
    shown = words(page)
    for parameter in study.scenario.parameters:
        assert parameter.note.why in shown
        assert parameter.prior.text.replace("-", "−") in shown


def test_the_command_to_run_it_again_names_draws_seed_and_changes(page: Page) -> None:
    assert "goodoffices study harbour.yaml --draws 512 --seed 2031 --set grain=1" in words(page)


BAD = "</title></svg></style><script>alert(1)</script><img src=x onerror=alert(2)>\"'{{ 7*7 }}"


def poison(value: Any, keep: frozenset[str] = frozenset()) -> Any:
    """The same value with the hostile text added to every text field, however deep."""
    if isinstance(value, str):
        return value if value in keep else value + BAD
    if isinstance(value, tuple):
        return tuple(poison(v, keep) for v in value)
    if isinstance(value, dict):
        return {poison(k, keep): poison(v, keep) for k, v in value.items()}
    if isinstance(value, (Anchor, Number, Time)):
        if isinstance(value, Anchor):
            return dataclasses.replace(value, document=value.document + BAD, text=value.text + BAD)
        return value
    if isinstance(value, Document):
        return dataclasses.replace(
            value,
            name=value.name + BAD,
            cites={k: v + BAD for k, v in value.cites.items()},
            text=value.text + BAD,
            sentences=(*value.sentences[:-1], (value.sentences[-1][0], len(value.text) + len(BAD))),
        )
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {f.name: poison(getattr(value, f.name), keep) for f in dataclasses.fields(value)}
        return dataclasses.replace(value, **changed)
    return value


OPERATORS = frozenset(
    [
        "+",
        "-",
        "*",
        "/",
        "**",
        "<",
        "<=",
        ">",
        ">=",
        "==",
        "!=",
        "and",
        "or",
        "not",
        "value",
        "P",
        "belief",
        "chance",
        "fixed",
        "above",
        "below",
    ]
)


@pytest.fixture(scope="module")
def poisoned(study: Study) -> Study:
    scenario: Scenario = poison(study.scenario, OPERATORS)
    verdicts = tuple(
        dataclasses.replace(
            v,
            claim=claim,
            margin_unit=v.margin_unit + BAD,
            deciders=tuple(
                dataclasses.replace(d, parameter=d.parameter + BAD, holds_when=d.holds_when + BAD)
                for d in v.deciders
            ),
        )
        for v, claim in zip(study.verdicts, scenario.claims, strict=True)
    )
    return dataclasses.replace(
        study,
        scenario=scenario,
        verdicts=verdicts,
        draws={k + BAD: v for k, v in study.draws.items()},
        settings={k + BAD: BAD if isinstance(v, str) else v for k, v in study.settings.items()},
        play=poison(study.play, OPERATORS),
        certificate=dataclasses.replace(study.certificate, failures={BAD: 3}),
        size={BAD: 3},
        statistics={BAD: 1.0},
    )


def test_hostile_text_in_every_field_stays_text(poisoned: Study, page: Page) -> None:
    hostile = Page(render(poisoned))
    assert hostile.tags["script"] == 1
    assert hostile.tags["img"] == 0
    assert hostile.tags["style"] == 1
    assert not [name for name in (n for _, n, _ in hostile.attributes) if name.startswith("on")]
    assert hostile.tags["svg"] == page.tags["svg"]
    assert "{{ 7*7 }}" in words(hostile)


def test_an_address_that_is_not_of_the_web_is_not_a_link(study: Study) -> None:
    document = study.scenario.documents[0]
    for address in ("javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", " JaVaScRiPt:x"):
        cites = {**document.cites, "url": address}
        scenario = dataclasses.replace(
            study.scenario, documents=(dataclasses.replace(document, cites=cites),)
        )
        links = Page(render(dataclasses.replace(study, scenario=scenario))).values("href")
        assert {link for link in links if not link.startswith("#")} == {"data:,"}


def test_a_bare_scenario_without_documents_types_or_claims_still_makes_a_page(
    study: Study, tmp_path: Path
) -> None:
    scenario = dataclasses.replace(
        study.scenario,
        summary=(),
        documents=(),
        types=(),
        factors=(),
        parameters=(),
        lets=(),
        turns=(),
        values={},
        end_values={},
        claims=(),
        changes=(),
        parties=tuple(dataclasses.replace(p, note=Note()) for p in study.scenario.parties),
    )
    bare = dataclasses.replace(
        study, scenario=scenario, verdicts=(), draws={}, play=PlayPoint("chance", 1, {}, 1.0, {}, ())
    )
    assert "The harbour round" in words(Page(reports.write(bare, tmp_path).html.read_text("utf-8")))


def test_a_claim_of_which_no_draw_was_solved_is_undecided(study: Study) -> None:
    verdict = study.verdicts[0]
    none = dataclasses.replace(
        verdict,
        failed=verdict.n,
        share=float("nan"),
        error=float("nan"),
        low=0.0,
        high=1.0,
        holds=np.zeros(verdict.n, bool),
        solved=np.zeros(verdict.n, bool),
        margins=np.full(verdict.n, np.nan),
        at_median=None,
    )
    shown = words(Page(render(dataclasses.replace(study, verdicts=(none,)))))
    assert "not decided: too few cases were solved" in shown
    assert "No draw was solved" in shown
