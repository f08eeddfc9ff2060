"""Analyses of claims about talks on a grid of beliefs: any number of nodes, and none for a tree."""

from __future__ import annotations

import numpy as np
import pytest

from goodoffices import load
from goodoffices.cli.app import run
from goodoffices.core.diagnostics import Refusal
from goodoffices.workflow.analysing import tipping


def margins(**settings):
    (found,) = tipping(
        load("crisis-signalling"),
        over=["audience"],
        claims=["watched_threats_are_believed"],
        grid=5,
        **settings,
    )
    return found.margins


def test_more_nodes_bring_margins_nearer_to_those_of_the_tree():
    tree = margins(method="tree")
    five, many = (np.abs(margins(method="belief", nodes=n) - tree).max() for n in (5, 33))
    assert many < 0.5 * five
    np.testing.assert_array_equal(margins(method="belief"), margins(method="belief", nodes=9))


def test_a_tree_has_no_grid_and_a_grid_no_two_nodes():
    with pytest.raises(Refusal, match="here is a tree"):
        margins(method="tree", nodes=5)
    with pytest.raises(Refusal, match="3 to 65 nodes, not 2"):
        margins(method="belief", nodes=2)


def test_the_command_says_so_too(capsys):
    assert run(["tipping", "crisis-signalling", "--over", "audience", "--nodes", "5"]) == 1
    shown = capsys.readouterr()
    assert "here is a tree" in shown.err
    assert not shown.out
