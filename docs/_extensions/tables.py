"""Write the reference tables from the program's own tables, so that they cannot differ from what it does.

Runs before Sphinx reads its pages; leaves Markdown files in `reference/generated/`, which the reference pages include.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

import goodoffices

PACKAGE = Path(goodoffices.__file__).parent


def write_all(folder: Path) -> None:
    """Write every generated page into the folder; a file that would not change is left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {
        "keys": keys(),
        "functions": functions(),
        "forms": forms(),
        "priors": priors(),
        "diagnostics": diagnostics(),
        "command": command(),
        "study": study(),
        "analyses": analyses(),
        "catalog": catalog(),
        "records": records(),
    }
    for name, text in pages.items():
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; bars inside cells are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def keys() -> str:
    """The keys of a scenario file, a table for each kind of mapping."""
    from goodoffices.language.keys import FORMS

    def shape(text: str) -> str:
        """Words of a shape; those that name another form lead to its table."""
        kind, sign, inner = text.rpartition(": ")
        words = (f"[{word}](#{word})" if word in FORMS else word for word in inner.split(" | "))
        return kind + sign + " or ".join(words)

    return "\n".join(
        f"### {form}\n\n"
        + table(
            ("key", "value", "what it means", "example"),
            (
                (
                    f"`{key.name}`{' (required)' if key.required else ''}",
                    shape(key.shape),
                    key.doc,
                    f"`{key.example}`" if key.example else "",
                )
                for key in form_keys
            ),
        )
        for form, form_keys in FORMS.items()
    )


def functions() -> str:
    """The functions of expressions."""
    from goodoffices.language.functions import FUNCTIONS

    return table(
        ("function", "what it gives", "example"),
        ((f"`{f.signature}`", f.doc, f"`{f.example}` = {f.value:g}") for f in FUNCTIONS.values()),
    )


def forms() -> str:
    """The forms of questions, choices, events, conditions and claims, a table each."""
    from goodoffices.language.functions import FORMS

    kinds = dict.fromkeys(form.kind for form in FORMS.values())
    titles = {"question": "Questions", "choice": "Choices", "event": "Events"}
    titles |= {"condition": "Conditions", "claim": "Claims"}
    return "\n".join(
        f"## {titles.get(kind, kind)}\n\n"
        + table(
            ("form", "what it means", "example"),
            ((f"`{f.signature}`", f.doc, f"`{f.example}`") for f in FORMS.values() if f.kind == kind),
        )
        for kind in kinds
    )


def priors() -> str:
    """The distributions."""
    from goodoffices.language.priors import PRIORS

    return table(
        ("prior", "what it is", "example"),
        ((f"`{p.signature}`", p.doc, f"`{p.example}`") for p in PRIORS.values()),
    )


def diagnostics() -> str:
    """Every diagnostic's code with the messages that may come with it, read off the source."""
    found: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for code, message in _diagnostics_in(ast.parse(path.read_text())):
            found.setdefault(code, set()).add(message)
    rows = ((f"`{code}`", "<br>".join(sorted(messages))) for code, messages in sorted(found.items()))
    return table(("code", "messages"), rows)


def _diagnostics_in(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Calls whose first two arguments read like a diagnostic: a code in kebab case, then a sentence."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        for first, second in zip(node.args, node.args[1:], strict=False):
            code = first.value if isinstance(first, ast.Constant) else None
            message = _template(second)
            is_code = isinstance(code, str) and re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
            if is_code and message and " " in message and _name(node.func) in _MAKERS:
                yield str(code), message


_MAKERS = {
    "Diagnostic",
    "refuse",
    "error",
    "fault",
    "problem",
    "add",
    "report",
    "complain",
    "warn",
    "fail",
    "stop",
}


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr.lstrip("_")
    return function.id.lstrip("_") if isinstance(function, ast.Name) else ""


def _template(node: ast.expr) -> str | None:
    """A message as written, with what is filled in shown as an ellipsis."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(p.value if isinstance(p, ast.Constant) else "…" for p in parts)  # type: ignore[misc]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            halves = _template(left), _template(right)
            return None if halves == (None, None) else "".join(h or "…" for h in halves)
        case _:
            return None


def command() -> str:
    """The commands with their arguments and options."""
    from goodoffices.cli.app import app

    text = app.generate_docs(output_format="markdown")
    return text[text.index("## goodoffices ") :]


def study() -> str:
    """The fields of study.json, from its schema."""
    from goodoffices import workflow

    schema: dict[str, Any] = workflow.schema(of="study")
    return table(("field", "type", "what it is"), _fields(schema, schema, ""))


def analyses() -> str:
    """The fields of what each analysis writes, from its schema."""
    from goodoffices import workflow
    from goodoffices.workflow.listing import ANALYSES

    parts: list[str] = []
    for name in ANALYSES:
        form: dict[str, Any] = workflow.schema(of=name)
        rows = table(("field", "type", "what it is"), _fields(form, form, ""))
        parts.append(f"## {name}\n\n{form['description']}\n\n{rows}")
    return "\n".join(parts)


def _fields(schema: dict[str, Any], root: dict[str, Any], path: str) -> Iterator[tuple[str, str, str]]:
    for name, field in schema.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        inner = _resolve(field, root)
        yield f"`{here}`", _type(field, root), (field.get("description") or inner.get("description") or "")
        if "$recursive" in inner or here.count(".") > 4 or name in path.split("."):
            continue
        items = _resolve(inner.get("items", {}), root) if isinstance(inner.get("items"), dict) else {}
        values = inner.get("additionalProperties")
        yield from _fields(inner, root, here)
        yield from _fields(items, root, f"{here}[]")
        if isinstance(values, dict):
            yield from _fields(_resolve(values, root), root, f"{here}.*")


def _resolve(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref", "")
    for part in reference.removeprefix("#/").split("/") if reference else ():
        root = root[part]
    return root if reference else schema


def _type(schema: dict[str, Any], root: dict[str, Any]) -> str:
    schema = _resolve(schema, root)
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(v)}`" for v in schema["enum"])
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    kinds = schema.get("type") or [_type(s, root) for s in schema.get("anyOf", schema.get("oneOf", ()))]
    names = [kinds] if isinstance(kinds, str) else list(kinds)
    if names == ["array"] and isinstance(schema.get("items"), dict):
        return f"list of {_type(schema['items'], root)}"
    return " or ".join(names)


def catalog() -> str:
    """The scenarios that ship with the program."""
    from goodoffices import workflow

    return table(("name", "title"), ((f"`{name}`", title) for name, title in workflow.catalog().items()))


def records() -> str:
    """The formats of events: how each is recognised, and what its columns become."""
    from goodoffices.records.formats import FORMATS

    return table(
        ("format", "what it is", "recognised by", "actor", "confidence"),
        (
            (
                f"`{kind.name}`",
                kind.title,
                ", ".join(f"`{column}`" for column in kind.needs),
                f"`{kind.fields['actor']}`",
                kind.confidence or "none is given",
            )
            for kind in FORMATS.values()
        ),
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the tables before Sphinx looks for pages."""
    app.connect("builder-inited", lambda app: write_all(Path(app.srcdir) / "reference" / "generated"))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
