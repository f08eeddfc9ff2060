"""Documents are read as plain text, cut into sentences, and quotes in them are verified."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goodoffices.documents import (
    DocumentError,
    Text,
    find_quote,
    find_sentence,
    plain_text,
    read_document,
    sentence_at,
    sentences,
)

BRIEF = """\
---
title: not part of the text
---
# A heading

The mediator *warned* both sides; [the truce](http://example.org) held.
It held for 30 hours.

> A quoted line
> that wraps.

- One point.
- Another **point**.

<!-- a comment. -->
```
code. Not a sentence.
```
"""


def made(text: str) -> Text:
    return Text(text, sentences(text))


def code(call: object) -> str:
    with pytest.raises(DocumentError) as refused:
        call()  # type: ignore[operator]
    return refused.value.code


def test_markdown_becomes_the_words_of_its_body():
    assert plain_text(BRIEF) == (
        "The mediator warned both sides; the truce held. It held for 30 hours.\n\n"
        "A quoted line that wraps.\n\nOne point.\n\nAnother point."
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Mr. Smith of the U.S. delegation came. He left.", ["Mr. Smith of the U.S. delegation came.", "He left."]),
        ("J. Doe won 3.5 points. Then 1.000 more.", ["J. Doe won 3.5 points.", "Then 1.000 more."]),
        ('He said: "We stay." They left.', ['He said: "We stay."', "They left."]),
        ("“We stay.” They left… And came back.", ["“We stay.”", "They left…", "And came back."]),
        ("A title without a point\n\nA sentence.", ["A title without a point", "A sentence."]),
        ("He asked (why?) and went. (It rained.) So he stayed.", ["He asked (why?) and went.", "(It rained.)", "So he stayed."]),
        ("It cost approx. 5 euros. Cheap.", ["It cost approx. 5 euros.", "Cheap."]),
        ("She saw e.g. Paris. «Oui.» Élan followed.", ["She saw e.g. Paris.", "«Oui.»", "Élan followed."]),
        ("", []),
    ],
)  # fmt: skip
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]):
    assert [text[a:b] for a, b in sentences(text)] == expected


@given(st.text(max_size=200))
def test_sentences_cover_every_word_once_and_in_order(text: str):
    ranges = sentences(text)
    assert "".join("".join(text[a:b].split()) for a, b in ranges) == "".join(text.split())
    assert all(a < b for a, b in ranges)
    assert all(one[1] <= two[0] for one, two in pairwise(ranges))


@given(st.text(alphabet=st.sampled_from("ab #*_[]()`>-.\n1!<"), max_size=120))
def test_any_markdown_becomes_text(text: str):
    assert isinstance(plain_text(text), str)


def test_a_quote_is_found_across_wrapped_lines():
    document = made("The mediator stayed. Both sides\n  agreed to stay.")
    start, end = find_quote(document, "Both sides agreed")
    assert document.text[start:end].split() == ["Both", "sides", "agreed"]
    assert sentence_at(document, start) == 2


def test_a_changed_quote_is_refused_with_the_nearest_words():
    document = made("The talks began. The mediator announced its withdrawal in April. A truce followed.")
    with pytest.raises(DocumentError) as refused:
        find_quote(document, "The mediator announced a withdrawal in April")
    assert refused.value.code == "quote-changed"
    assert "sentence 2" in refused.value.message
    assert "announced its withdrawal in April" in (refused.value.hint or "")


def test_a_quote_that_is_not_there_is_missing():
    assert (
        code(lambda: find_quote(made("The talks began."), "zebras quietly vanished elsewhere"))
        == "quote-missing"
    )
    assert code(lambda: find_quote(made(""), "anything")) == "quote-missing"
    assert code(lambda: find_quote(made("Words."), "  ")) == "quote-empty"


def test_an_ambiguous_quote_needs_its_neighbours():
    document = made("The truce held. In May the truce held again.")
    assert code(lambda: find_quote(document, "truce held")) == "quote-ambiguous"
    start, _ = find_quote(document, "truce held", suffix="again")
    assert start == document.text.rindex("truce")
    start, _ = find_quote(document, "truce held", prefix="The")
    assert start == document.text.index("truce")
    assert code(lambda: find_quote(document, "truce held", prefix="no")) == "quote-context"
    assert code(lambda: find_quote(made("aaa"), "aa")) == "quote-ambiguous"  # overlapping occurrences count


def test_sentences_are_counted_from_one():
    document = made("One. Two.")
    assert document.sentence(2) == "Two."
    assert find_sentence(document, 1) == (0, 4)
    assert code(lambda: find_sentence(document, 3)) == "sentence-missing"
    assert code(lambda: find_sentence(document, 0)) == "sentence-missing"


def test_only_readable_text_inside_the_folder_is_read(tmp_path: Path):
    home = tmp_path / "home"
    (home / "below").mkdir(parents=True)
    (tmp_path / "secret.md").write_text("Secret.")
    (home / "below" / "brief.txt").write_text("# Not a heading here.")
    (home / "latin.txt").write_bytes("Größe".encode("latin-1"))
    (home / "large.txt").write_bytes(b"x" * 2_000_001)
    (home / "link.md").symlink_to(tmp_path / "secret.md")
    assert read_document(home, "below/brief.txt").text == "# Not a heading here."
    expected = {
        "../secret.md": "document-outside", str(tmp_path / "secret.md"): "document-outside", "link.md": "document-outside",
        "missing.md": "document-missing", "below": "document-folder", "latin.txt": "document-not-utf8",
        "large.txt": "document-too-large", "a\x00b": "document-unreadable",
    }  # fmt: skip
    for name, wanted in expected.items():
        assert code(lambda name=name: read_document(home, name)) == wanted, name
