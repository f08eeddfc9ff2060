"""A small scenario with a record of several rounds beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from forecast_records import TALKS, WORDS, history, write_csv

from goodoffices.language import load
from goodoffices.language.scenario import Scenario


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Scenario]:
    """`make((old, new), ...)` loads the scenario with these texts replaced; its record lies beside it."""

    def build(*changes: tuple[str, str]) -> Scenario:
        text = TALKS
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "talks.yaml"
        path.write_text(text, encoding="utf-8")
        write_csv(history(*WORDS), tmp_path / "events.csv")
        return load(path)

    return build
