"""The commands on what an argument hangs on, as a person types them."""

from __future__ import annotations

import json

import pytest

from goodoffices.cli.app import run


@pytest.mark.parametrize(
    ("arguments", "name", "shown"),
    [
        (
            ["levers", "beer-quiche", "--draws", "4", "--no-store"],
            "levers",
            "The shadow that weighs most on Bully",
        ),
        (
            ["inverse", "beer-quiche", "P(guest.beer) < 0.3", "--pay", "guest.quiche"],
            "inverse",
            "for each `guest.quiche`",
        ),
        (["signals", "beer-quiche", "--draws", "4"], "signals", "bits that could be learned"),
        (["why", "beer-quiche", "everyone_drinks_beer"], "why", "the claim holds"),
        (
            ["levers", "beer-quiche", "--draws", "2", "--no-store", "--method", "belief"],
            "levers",
            "The shadow that weighs most on Bully",
        ),
        (
            ["signals", "beer-quiche", "--draws", "2", "--method", "belief"],
            "signals",
            "bits that could be learned",
        ),
        (["why", "beer-quiche", "everyone_drinks_beer", "--method", "belief"], "why", "the claim holds"),
    ],
)
def test_a_command_prints_sentences_and_writes_a_page_with_its_numbers(
    arguments, name, shown, tmp_path, capsys
):
    assert run([*arguments, "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert shown in printed
    assert (tmp_path / f"{name}.html").exists()
    assert json.loads((tmp_path / f"{name}.json").read_text("utf-8"))["scenario"] == "Beer or quiche"
    assert run([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scenario"] == "Beer or quiche"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["why", "beer-quiche", "nobody_drinks"], 1, "no claim `nobody_drinks`"),
        (["why", "beer-quiche", "P(guest.bear) > 0"], 1, "guest.beer"),
        (["inverse", "beer-quiche", "P(guest.beer) < 0.3", "--vary", "peace"], 1, "known for certain"),
        (
            ["inverse", "beer-quiche", "P(guest.beer) < 0.3", "--within", "-1"],
            2,
            "--within takes a number above 0",
        ),
        (["levers", "beer-quiche", "--draws", "1"], 2, "--draws takes a whole number from 2"),
        (["levers", "beer-quiche", "--on", "value(guest)"], 2, "there is no --compare"),
        (["levers", "beer-quiche", "--outcome", "guest.bear"], 1, "has no move `bear`"),
        (["signals", "beer-quiche", "--rounds", "open-ended"], 1, "without end need a discount"),
    ],
)
def test_mistakes_are_told_without_a_traceback(arguments, code, told, capsys):
    assert run(arguments) == code
    shown = capsys.readouterr()
    assert told in shown.err + shown.out
    assert "Traceback" not in shown.err
