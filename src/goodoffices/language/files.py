"""A scenario file on disk (or its text) -> a checked `Scenario`, or every problem at once.

Receives a path, and optionally text that stands for the file's content; returns the scenario. Refuses with all the
diagnostics that were found; warnings do not refuse, `check` shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from goodoffices.core.diagnostics import Diagnostic, Refusal, Span, refuse
from goodoffices.core.reading import read_at_most
from goodoffices.language import yaml_text
from goodoffices.language.build import Builder
from goodoffices.language.scenario import Scenario


@dataclass(frozen=True)
class ScenarioFile:
    """The raw form: text, and its tree of keys and values with places."""

    path: str
    text: str
    root: yaml_text.Mapping
    diagnostics: tuple[Diagnostic, ...] = ()
    """Duplicate keys and other problems of YAML that do not end the reading."""


def read(path: str | PathLike[str], *, text: str | None = None) -> ScenarioFile:
    """Read a file into its raw form.

    Raises:
        Refusal: the file is missing, a folder, not UTF-8, too large, empty, or not a YAML mapping.
    """
    name = str(path)
    content = _content(Path(path)) if text is None else text.removeprefix("\ufeff")
    try:
        root, diagnostics = yaml_text.parse(content, file=name)
    except Refusal as refusal:
        raise Refusal(refusal.diagnostics, sources={name: content}) from None
    top = Span(name, 1, 1, 1, 2)
    if root is None or (isinstance(root, yaml_text.Text) and not root.value.strip()):
        raise Refusal(
            Diagnostic("empty-file", "the file is empty", top, "a scenario begins with `goodoffices: 1`"),
            sources={name: content},
        )
    if not isinstance(root, yaml_text.Mapping):
        raise Refusal(
            Diagnostic(
                "not-a-scenario",
                "a scenario is a mapping of keys and values",
                root.span,
                "begin with `goodoffices: 1`",
            ),
            sources={name: content},
        )
    return ScenarioFile(name, content, root, diagnostics)


def load(path: str | PathLike[str], *, text: str | None = None) -> Scenario:
    """Read and check a scenario.

    `text` stands for the file's content where it is given; documents are looked for beside `path` all the same.

    Raises:
        Refusal: with every error and warning that was found, and the text for showing them.
    """
    file = read(path, text=text)
    scenario, diagnostics = _examine(file)
    if scenario is None or any(d.severity == "error" for d in diagnostics):
        raise Refusal(diagnostics, sources={file.path: file.text})
    return scenario


def check(path: str | PathLike[str], *, text: str | None = None) -> tuple[Diagnostic, ...]:
    """Every error and warning of a scenario file, in the order of their places; empty when all is well."""
    try:
        return _examine(read(path, text=text))[1]
    except Refusal as refusal:
        return refusal.diagnostics


def _examine(file: ScenarioFile) -> tuple[Scenario | None, tuple[Diagnostic, ...]]:
    from goodoffices.language.checks import examine

    builder = Builder()
    builder.scope.diagnostics.extend(file.diagnostics)
    scenario = builder.run(file.root, folder=Path(file.path).parent, source=file.path)
    if scenario is not None:
        examine(scenario, builder, builder.unit_spans)
    found = dict.fromkeys(builder.scope.diagnostics)
    order = sorted(found, key=lambda d: (d.span.line, d.span.column) if d.span else (0, 0))
    return scenario, tuple(order)


def _content(path: Path) -> str:
    name = str(path)
    try:
        if path.is_dir():
            inside = sorted(p.name for p in path.iterdir() if p.suffix in (".yaml", ".yml"))
            hint = f"it holds {', '.join(f'`{p}`' for p in inside[:5])}" if inside else None
            raise refuse("is-a-folder", f"`{name}` is a folder, not a scenario file", hint=hint)
        content = read_at_most(path, yaml_text.MAX_BYTES)
        if content is None:
            raise refuse(
                "too-large",
                f"`{name}` has more than {yaml_text.MAX_BYTES:,} bytes, the most that is read",
                hint="long texts belong in a document beside the scenario (`documents:`)",
            )
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except FileNotFoundError:
        folder = path.parent
        present = [p.name for p in folder.iterdir() if p.is_file()] if folder.is_dir() else []
        from goodoffices.language.names import suggestion

        hint = suggestion(path.name, present) or (
            None if present else f"there is no folder `{folder}` either"
        )
        raise refuse("file-not-found", f"there is no file `{name}`", hint=hint) from None
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line, column = before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1
        raise refuse(
            "not-utf8",
            f"this is not UTF-8 text: byte {error.start:,} cannot be read",
            span=Span(name, line, column, line, column + 1),
            hint="save the file as UTF-8",
        ) from None
    except (OSError, ValueError) as error:
        raise refuse("unreadable", f"`{name}` cannot be read: {error}") from None
