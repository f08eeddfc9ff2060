"""Files that cannot be read are refused with a sentence; YAML means what its second version says."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goodoffices.core.diagnostics import Refusal
from goodoffices.language import check, load, read
from goodoffices.language.yaml_text import Mapping, Text, parse

MINIMAL = Path(__file__).parent / "data" / "minimal.yaml"


def refusal(path: Path, text: str | None = None) -> str:
    with pytest.raises(Refusal) as refused:
        load(path, text=text)
    return refused.value.diagnostics[0].code


def test_files_that_are_not_scenarios_are_named_for_what_they_are(tmp_path: Path):
    (tmp_path / "latin.yaml").write_bytes("title: Größe".encode("latin-1"))
    (tmp_path / "empty.yaml").write_text("")
    (tmp_path / "comment.yaml").write_text("# nothing\n")
    (tmp_path / "list.yaml").write_text("- a\n- b\n")
    (tmp_path / "word.yaml").write_text("hello\n")
    (tmp_path / "large.yaml").write_text("a: b\n" * 1_000_000)
    expected = {
        "latin.yaml": "not-utf8", "empty.yaml": "empty-file", "comment.yaml": "empty-file", "list.yaml": "not-a-scenario",
        "word.yaml": "not-a-scenario", "large.yaml": "too-large", "missing.yaml": "file-not-found", ".": "is-a-folder",
    }  # fmt: skip
    assert {name: refusal(tmp_path / name) for name in expected} == expected
    assert {name: check(tmp_path / name)[0].code for name in expected} == expected


def test_a_missing_file_suggests_the_one_that_is_there():
    (problem,) = check(MINIMAL.with_name("minimall.yaml"))
    assert problem.hint == "did you mean `minimal.yaml`?"


def test_bytes_that_are_not_utf8_have_a_place(tmp_path: Path):
    (tmp_path / "latin.yaml").write_bytes("title: A\nwhy: Größe\n".encode("latin-1"))
    (problem,) = check(tmp_path / "latin.yaml")
    assert str(problem.span).endswith("latin.yaml:2:8")


def test_what_never_ends_is_read_only_so_far():
    device = Path("/dev/zero")
    if not device.exists():
        pytest.skip("no such device here")
    assert refusal(device) == "too-large"


def test_too_many_values_are_not_blamed_on_aliases():
    assert refusal(MINIMAL, "a: [" + "x, " * 60_000 + "x]\n") == "too-many-values"


def test_many_values_cut_by_commas_are_read_in_linear_time():
    text = "a: {" + ", ".join(f"p{i}: beta(2, {i})" for i in range(12_000)) + "}\n"
    began = time.perf_counter()
    parse(text, file="f")
    parse("a: [f(" + "1, " * 20_000 + "1)]\n", file="f")
    assert time.perf_counter() - began < 10


def test_an_alias_bomb_is_refused_quickly():
    bomb = "a0: &a0 [x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 40)
    )
    began = time.perf_counter()
    assert refusal(MINIMAL, bomb) == "alias-expansion"
    assert time.perf_counter() - began < 2


def test_text_that_is_not_yaml_is_refused_at_its_place():
    cases = {
        "a: [1, 2\nb: 3\n": "yaml-syntax", "a:\n\t- b\n": "yaml-syntax", "a: b: c\n": "yaml-syntax",
        "a: *nowhere\n": "unknown-alias", "a: &x [*x]\n": "recursive-alias", "a: \x07\n": "forbidden-character",
        "a: 1\n---\nb: 2\n": "several-documents", "a: " + "[" * 5000: "too-deep", "a: 'open\n": "yaml-syntax",
    }  # fmt: skip
    assert {text: refusal(MINIMAL, text) for text in cases} == cases
    with pytest.raises(Refusal) as refused:
        load(MINIMAL, text="title: x\ntime:\n\trounds: 3\n")
    problem = refused.value.diagnostics[0]
    assert problem.span is not None
    assert problem.span.line == 3
    assert "tabs" in (problem.hint or "")


def test_values_stay_as_written():
    root, _ = parse("a: NO\nb: 12:30\nc: 1e-3\nd: 0x10\ne: 2025-01-20\nf: ~\n", file="x")
    assert isinstance(root, Mapping)
    values = [e.value.value for e in root.entries if isinstance(e.value, Text)]
    assert values == ["NO", "12:30", "1e-3", "0x10", "2025-01-20", "~"]


def test_no_is_text_a_time_is_text_and_1e_3_is_a_number():
    text = MINIMAL.read_text().replace("United States", "NO").replace("The others", "12:30")
    text = text.replace("talks: closed}}", "talks: closed}, costs: 1e-3}")
    scenario = load(MINIMAL, text=text)
    assert [p.label for p in scenario.parties] == ["NO", "12:30"]
    assert scenario.turns[0].movers[0].moves[1].costs[0][1].value == 0.001  # type: ignore[union-attr]


def test_merge_keys_fill_in_what_is_not_there():
    root, problems = parse("base: &b {x: 1, y: 2}\nmore: {<<: *b, y: 3}\n", file="x")
    assert problems == ()
    assert isinstance(root, Mapping)
    more = root.get("more")
    assert isinstance(more, Mapping)
    assert {e.key.value: e.value.value for e in more.entries} == {"y": "3", "x": "1"}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    [
        "a: one two\n", "a: 'one two'\n", 'a: "one two"\n', "a: one\n  two\n", "a: >-\n  one\n  two\n", "a: |-\n  one two\n",
        "é: {ü: one two}\n", "a: {b: f(one, two), c: 1}\n".replace("f(one, two)", "one two"),
    ],
)  # fmt: skip
def test_a_word_inside_a_value_is_found_in_the_file_however_it_is_written(text: str):
    root, _ = parse(text, file="x")
    node = root
    while isinstance(node, Mapping):
        node = node.entries[0].value
    assert isinstance(node, Text)
    start = node.value.index("two")
    span = node.place(start, start + 3)
    assert text.split("\n")[span.line - 1][span.column - 1 : span.end_column - 1] == "two"


def test_a_value_cut_by_a_comma_is_put_together_with_a_warning():
    root, problems = parse("p: {prior: beta(2, 6), unit: share}\nq: [max(1, 2), 3]\n", file="x")
    assert [d.code for d in problems] == ["comma-in-braces"] * 2
    assert isinstance(root, Mapping)
    p = root.get("p")
    assert isinstance(p, Mapping)
    assert [(e.key.value, e.value.value) for e in p.entries] == [("prior", "beta(2, 6)"), ("unit", "share")]  # type: ignore[union-attr]


@given(st.text(alphabet=st.sampled_from("ab:{}[],-#&*!|>'\"% \n\t?1.<"), max_size=60))
def test_any_text_is_read_or_refused(text: str):
    with contextlib.suppress(Refusal):
        read("made.yaml", text=text)
    for problem in check("made.yaml", text=text):
        assert problem.code


@given(st.text(max_size=40))
def test_any_unicode_is_read_or_refused(text: str):
    assert isinstance(check("made.yaml", text="goodoffices: 1\ntitle: " + text), tuple)
