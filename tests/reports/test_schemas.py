"""What each analysis writes is what its schema says: every name documented, none missing, none left over."""

from __future__ import annotations

import json

import jsonschema
import pytest
from held import follows_schema

from goodoffices import workflow
from goodoffices.cli.app import run
from goodoffices.core.diagnostics import Refusal
from goodoffices.workflow.listing import ANALYSES
from goodoffices.workflow.runs import list_runs

COMMANDS = {
    "decide": ["beer-quiche", "--draws", "8", "--design", "16"],
    "tipping": ["beer-quiche", "--over", "p_strong", "--over", "precision", "--grid", "4"],
    "discover": ["beer-quiche", "--draws", "64"],
    "slopes": ["beer-quiche"],
    "levers": ["beer-quiche", "--draws", "3", "--compare", "guest.beer", "guest.quiche"],
    "inverse": ["beer-quiche", "P(guest.beer) < 0.3", "--pay", "guest.quiche"],
    "signals": ["beer-quiche", "--draws", "3"],
    "why": ["beer-quiche", "quiche_looks_weak"],
    "compare": ["beer-quiche", "teaching/crisis-signalling", "--question", "P(guest.beer)", "--draws", "4"],
}


@pytest.mark.parametrize("name", ANALYSES)
def test_every_schema_is_itself_valid_and_is_printed(name, capsys):
    assert run(["schema", "--of", name]) == 0
    form = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(form)
    assert form["description"]
    assert form["additionalProperties"] is False


@pytest.mark.parametrize("name", COMMANDS)
def test_what_a_command_prints_follows_its_schema(name, capsys):
    assert run([name, *COMMANDS[name], "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    follows_schema(name, data)
    del data[next(iter(data))]
    with pytest.raises(jsonschema.ValidationError, match="is a required property"):
        follows_schema(name, data)


def test_a_schema_that_there_is_not_is_refused():
    with pytest.raises(Refusal, match="no schema of `tea`"):
        workflow.schema(of="tea")


@pytest.mark.parametrize("name", ["decide", "discover", "tipping"])
def test_draws_that_are_kept_give_the_same_numbers(name, tmp_path):
    from goodoffices.reports.analyses import pages
    from goodoffices.workflow import analysing

    scenario = workflow.load("beer-quiche")
    options = {
        "decide": {"draws": 8, "design": 16},
        "discover": {"draws": 64},
        "tipping": {"over": ["p_strong"], "grid": 5},
    }[name]
    page = {"decide": pages.decision_page, "discover": pages.discovery_page, "tipping": pages.tipping_page}[
        name
    ]
    first, again = (
        page(scenario, getattr(analysing, name)(scenario, store=tmp_path, **options)).data for _ in range(2)
    )
    assert first == again
    plain = page(scenario, getattr(analysing, name)(scenario, **options)).data
    sentences = [[one["sentence"] for one in d.get("claims", d.get("maps"))] for d in (first, plain)]
    assert sentences[0] == sentences[1]
    assert len(list_runs(tmp_path)) == 1


def test_the_command_keeps_draws_where_it_is_told_to(tmp_path, capsys):
    asked = ["discover", "beer-quiche", "--draws", "40", "--store", str(tmp_path), "--json"]
    printed = [(run(asked), json.loads(capsys.readouterr().out)) for _ in range(2)]
    assert printed[0] == printed[1]
    assert printed[0][0] == 0
    assert len(list_runs(tmp_path)) == 1
