"""Documents beside a scenario: a file -> its plain text and the place of each sentence.

Receives a folder and a file name inside it; returns a `Text`. Refuses names that lead out of the folder, files that are
missing, too large, or not UTF-8. Of Markdown only the body's words are kept: no front matter, headings, marks or link
targets, and lines that were only wrapped are joined, so that a quote may run across them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from goodoffices.core.reading import read_at_most
from goodoffices.documents.sentences import sentences

MAX_BYTES = 2_000_000


class DocumentError(Exception):
    """The document cannot be read; `code` and `hint` are for the diagnostic."""

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


@dataclass(frozen=True)
class Text:
    """A document's plain text and the character range of each of its sentences."""

    text: str
    sentences: tuple[tuple[int, int], ...]

    def sentence(self, number: int) -> str:
        """Words of a sentence, counted from one."""
        start, end = self.sentences[number - 1]
        return self.text[start:end]


def read_document(folder: Path, name: str) -> Text:
    """Read `name` below `folder`.

    Raises:
        DocumentError: the file lies outside, is missing, is not text, or is too large.
    """
    home = folder.resolve()
    if "\0" in name:
        raise DocumentError("document-unreadable", "a file's name cannot contain a zero byte")
    path = (home / name).resolve()
    if not path.is_relative_to(home):
        raise DocumentError(
            "document-outside",
            f"`{name}` lies outside the scenario's folder",
            "keep documents beside the scenario",
        )
    try:
        if path.is_dir():
            raise DocumentError("document-folder", f"`{name}` is a folder, not a file")
        content = read_at_most(path, MAX_BYTES)
        if content is None:
            raise DocumentError("document-too-large", f"`{name}` is larger than {MAX_BYTES:,} bytes")
        content = content.decode("utf-8-sig")
    except FileNotFoundError:
        present = sorted(p.name for p in home.glob("*.md")) + sorted(p.name for p in home.glob("*.txt"))
        hint = f"the folder holds {', '.join(f'`{p}`' for p in present[:6])}" if present else None
        raise DocumentError(
            "document-missing", f"there is no file `{name}` beside the scenario", hint
        ) from None
    except UnicodeDecodeError as error:
        raise DocumentError(
            "document-not-utf8", f"`{name}` is not UTF-8 text (byte {error.start:,})", "save it as UTF-8"
        ) from None
    except (OSError, ValueError) as error:
        raise DocumentError("document-unreadable", f"`{name}` cannot be read: {error}") from None
    body = (
        plain_text(content)
        if path.suffix.lower() in (".md", ".markdown")
        else content.replace("\r\n", "\n").strip()
    )
    return Text(body, sentences(body))


_FRONT = re.compile(r"\A---[ \t]*\n.*?\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_FENCE = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^ {0,3}#{1,6}(?:[ \t].*)?$", re.MULTILINE)
_UNDERLINED = re.compile(r"^\S[^\n]*\n(?:=+|-{2,})[ \t]*$", re.MULTILINE)
_RULE = re.compile(r"^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$", re.MULTILINE)
_LEAD = re.compile(r"^[ \t]*(?:>[ \t]?)*(?:[-*+][ \t]+|\d{1,3}[.)][ \t]+)?", re.MULTILINE)
_ITEM = re.compile(r"^[ \t]*(?:>[ \t]?)*(?:[-*+]|\d{1,3}[.)])[ \t]+", re.MULTILINE)
_IMAGE = re.compile(r"!\[[^\]\n]*\]\([^)\n]*\)")
_LINK = re.compile(r"\[([^\]\n]+)\](?:\([^)\n]*\)|\[[^\]\n]*\])")
_TARGET = re.compile(r"^ {0,3}\[[^\]\n]+\]:[^\n]*$", re.MULTILINE)
_STRONG = re.compile(r"(?<!\w)(\*{1,3}|_{1,3})(?=\S)([^\n]*?\S)\1(?!\w)")
_CODE = re.compile(r"`([^`\n]+)`")
_AUTOLINK = re.compile(r"<(?:https?|mailto):[^>\s]*>")


def plain_text(markdown: str) -> str:
    """The body's words: paragraphs and list items one to a line, separated by an empty line."""
    text = markdown.replace("\r\n", "\n").replace("\r", "\n")
    for pattern in (_FRONT, _COMMENT, _FENCE, _HEADING, _UNDERLINED, _RULE, _TARGET, _IMAGE, _AUTOLINK):
        text = pattern.sub("", text)
    text = _ITEM.sub(lambda match: "\n" + match[0], text)
    paragraphs: list[str] = []
    for block in re.split(r"\n[ \t>]*\n", text):
        words = _LEAD.sub("", block)
        words = _LINK.sub(r"\1", words)
        words = " ".join(words.split())
        words = _CODE.sub(r"\1", words)
        for _ in range(3):
            words = _STRONG.sub(r"\2", words)
        if words:
            paragraphs.append(words)
    return "\n\n".join(paragraphs)
