"""Claims whose margins are functions written down by hand, in place of games."""

from __future__ import annotations

import numpy as np

from goodoffices import language
from goodoffices.analyses.asking import Judged, Outcome

_TEXT = """
goodoffices: 1
title: One parameter
time: {{round: 1 week, rounds: 1}}
parties: {{someone: {{name: A, role: mediator, rationality: 1}}}}
factors: {{f: [x, y]}}
parameters: {{{name}: {{prior: "{prior}", unit: utility/round}}}}
turns: [{{party: someone, moves: {{stay: {{}}, go: {{then: {{f: y}}}}}}, default: stay}}]
values: {{someone: {name} * (f == y)}}
"""


def parameter(name, prior):
    """A parameter as a scenario has it, read by the language itself."""
    return language.load("one.yaml", text=_TEXT.format(name=name, prior=prior)).parameters[0]


def uniform(name, low, high):
    return parameter(name, f"uniform({low!r}, {high!r})")


class Analytic:
    """Judges claims by functions: parameter -> [b] to margins [b]."""

    def __init__(self, functions, *, stop_after=None):
        self.functions, self.left, self.calls, self.asked = functions, stop_after, 0, []

    def __call__(self, points, /, *, hub=None, progress=None):
        width = max(len(v) for v in points.values())
        done = width if self.left is None else min(width, self.left)
        if self.left is not None:
            self.left -= done
        self.calls += 1
        cut = {name: values[:done] for name, values in points.items()}
        self.asked.append(cut)
        if progress is not None:
            progress(done, width)
        claims = {}
        for name, function in self.functions.items():
            margins = np.asarray(function(cut), float)
            claims[name] = Outcome(margins > 0, margins, "utility")
        return Judged(cut, claims, done, done < width)
