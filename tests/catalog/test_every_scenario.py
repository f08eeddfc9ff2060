"""The battery that every scenario on the shelf inherits: it loads, keeps its form, and says where it comes from."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from goodoffices import catalog, language
from goodoffices.certificates import certify
from goodoffices.compiler import compile_scenario
from goodoffices.games.extensive import GameData
from goodoffices.language.scenario import Note, Scenario
from goodoffices.solvers import solve_game

NAMES = catalog.names()


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def scenario(name: str) -> Scenario:
    return language.load(catalog.path(name))


def test_it_loads_without_a_warning(name: str) -> None:
    assert list(language.check(catalog.path(name))) == []


def test_it_is_in_the_canonical_layout(name: str) -> None:
    text = catalog.path(name).read_text("utf-8")
    assert language.format_text(text) == text


def test_it_survives_rendering_and_reading_again(scenario: Scenario, name: str, tmp_path: Path) -> None:
    for document in scenario.documents:
        content = (catalog.path(name).parent / document.file).read_text("utf-8")
        (tmp_path / document.file).write_text(content, "utf-8")
    again = tmp_path / "scenario.yaml"
    again.write_text(language.render(scenario), "utf-8")
    read = language.load(again)
    assert language.render(read) == language.render(scenario)
    for part in ("parties", "types", "factors", "parameters", "turns", "claims", "values", "end_values"):
        assert getattr(read, part) == getattr(scenario, part), part


def test_it_compiles_to_a_tree_that_a_laptop_can_solve_many_times(scenario: Scenario) -> None:
    game = compile_scenario(scenario).game
    assert 10 < len(game.kind) < 6000
    assert np.all(game.parent[1:] < np.arange(1, len(game.kind)))


def test_it_is_solved_and_certified_at_the_prior_medians(scenario: Scenario) -> None:
    tree = compile_scenario(scenario)
    data = tree.data({name: np.atleast_1d(value) for name, value in language.medians(scenario).items()})
    one = GameData(data.payoff[..., 0], data.chance[..., 0], data.rationality[..., 0])
    solution = solve_game(tree.game, data=one)
    assert solution.status == 0
    again = certify(tree.game, one, solution.log_strategy)
    assert again.logit_residual < 1e-8
    # A logit choice among at most eight moves loses at most log(8) / rationality, at each of at most four decisions.
    assert again.max_response_regret < 4 * np.log(8) / one.rationality.min()


def test_the_summary_is_about_three_sentences(scenario: Scenario) -> None:
    assert 2 <= len(scenario.summary) <= 4
    assert all(sentence.endswith(".") for sentence in scenario.summary)


def test_every_element_says_why_or_where_it_comes_from(scenario: Scenario) -> None:
    missing = [what for what, note in _notes(scenario) if not (note.why or note.source)]
    assert not missing


def test_every_claim_is_a_sentence_with_a_source(scenario: Scenario) -> None:
    for claim in scenario.claims:
        assert re.fullmatch(r"[A-Z].*[^.]\.", claim.text), claim.name
        assert claim.note.source is not None, claim.name


def _notes(scenario: Scenario) -> list[tuple[str, Note]]:
    found: list[tuple[str, Note]] = []
    for kind, elements in (
        ("party", scenario.parties),
        ("type", scenario.types),
        ("factor", scenario.factors),
        ("parameter", scenario.parameters),
        ("claim", scenario.claims),
    ):
        found += [(f"{kind} {element.name}", element.note) for element in elements]
    return found
