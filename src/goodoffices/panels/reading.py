"""A panel file (YAML) -> a `Panel`, or every problem of the file at once, each with its place.

Receives a path, or text that stands for a file's content. The keys are those of `goodoffices.panels.specification`; what they mean
is described there. Nothing is looked up in data here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from goodoffices.core.diagnostics import Diagnostic, Refusal, Span, refuse
from goodoffices.core.reading import read_at_most
from goodoffices.language import yaml_text
from goodoffices.panels.specification import (
    Bimatrix,
    Decision,
    Model,
    Panel,
    Prior,
    Shocks,
    Signalling,
    Tree,
    Ultimatum,
    Utility,
)

T = TypeVar("T")
Node = yaml_text.Node

COMMON = ("panel", "title", "model", "where", "missing", "cluster", "fixed", "start", "penalty", "prior")
KEYS: dict[str, tuple[str, ...]] = {
    "tree": ("decisions", "utilities", "outcome", "counts", "shocks"),
    "ultimatum": ("prize", "offer", "accept", "proposer", "responder", "log_scale", "floor"),
    "signalling": ("utilities", "counts", "estimator", "first_stage"),
    "bimatrix": ("moves", "utilities", "counts", "log_rationality"),
}
"""The keys of each model, beside the common ones."""

_NUMBER = re.compile(r"^\s*(?:(?P<f>sqrt|log)\((?P<x>[^()]+)\)|(?P<n>[^()]+))\s*$")


def number(text: str) -> float | None:
    """A number, also written `sqrt(2)` or `log(5)`; None where the text is none."""
    found = _NUMBER.match(text)
    if not found:
        return None
    try:
        value = float(found["x"] or found["n"])
        if found["f"]:
            value = math.sqrt(value) if found["f"] == "sqrt" else math.log(value)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


PUBLISHED = Path(__file__).parent / "published"


def published() -> tuple[str, ...]:
    """Names of the panel files that ship with the package: models of the literature, without their data."""
    return tuple(sorted(p.stem for p in PUBLISHED.glob("*.yaml")))


def read_panel(path: str | PathLike[str], *, text: str | None = None) -> Panel:
    """Read a panel file, or one of the published models by its name.

    Raises:
        Refusal: with every problem that was found, and the text for showing them.
    """
    name = str(path)
    if text is None and name in published() and not Path(path).exists():
        path = PUBLISHED / f"{name}.yaml"
    content = _content(Path(path)) if text is None else text
    try:
        root, problems = yaml_text.parse(content, file=name)
    except Refusal as refusal:
        raise Refusal(refusal.diagnostics, sources={name: content}) from None
    reader = _Reader(list(problems))
    panel = None
    if isinstance(root, yaml_text.Mapping):
        panel = reader.panel(root)
    else:
        reader.complain(
            "not-a-panel",
            "a panel file is a mapping of keys and values",
            Span(name, 1, 1, 1, 2),
            "begin with `panel: 1`",
        )
    if panel is None or reader.problems:
        raise Refusal(reader.problems, sources={name: content})
    return panel


def _content(path: Path) -> str:
    try:
        content = read_at_most(path, yaml_text.MAX_BYTES)
    except FileNotFoundError:
        hint = f"the published models are {', '.join(published())}"
        raise refuse("file-not-found", f"there is no file `{path}`", hint=hint) from None
    except OSError as error:
        raise refuse("unreadable", f"`{path}` cannot be read: {error.strerror}") from None
    if content is None:
        raise refuse(
            "too-large", f"`{path}` has more than {yaml_text.MAX_BYTES:,} bytes, the most that is read"
        )
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        raise refuse("not-utf8", f"`{path}` is not UTF-8 text", hint="save the file as UTF-8") from None


class _Reader:
    """Walks the nodes; a problem is noted and a harmless value stands in, so that all problems are found at once."""

    def __init__(self, problems: list[Diagnostic]) -> None:
        self.problems = problems

    def complain(self, code: str, message: str, span: Span, hint: str | None = None) -> None:
        self.problems.append(Diagnostic(code, message, span, hint))

    def panel(self, root: yaml_text.Mapping) -> Panel | None:
        version = root.get("panel")
        if not (isinstance(version, yaml_text.Text) and version.value == "1"):
            self.complain(
                "not-a-panel", "a panel file says `panel: 1`", version.span if version else root.span
            )
            return None
        kind = self.one_of(root.get("model"), tuple(KEYS), "model", root.span)
        if kind is None:
            return None
        self.known_keys(root, (*COMMON, *KEYS[kind]))
        makers: dict[str, Callable[[yaml_text.Mapping], Model]] = {
            "tree": self.tree,
            "ultimatum": self.ultimatum,
            "signalling": self.signalling,
            "bimatrix": self.bimatrix,
        }
        model = makers[kind](root)
        missing = root.get("missing")
        penalty = root.get("penalty")
        return Panel(
            model=model,
            title=self.text(root.get("title"), "title") or "Panel",
            where=self.mapping(root.get("where"), "where", self.text),
            missing=self.one_of(missing, ("refuse", "drop"), "missing", root.span) or "refuse"
            if missing
            else "refuse",
            cluster=self.text(root.get("cluster"), "cluster") or None,
            fixed=self.mapping(root.get("fixed"), "fixed", self.number),
            start=self.mapping(root.get("start"), "start", self.number),
            penalty="log-F" if penalty and self.one_of(penalty, ("log-F",), "penalty", root.span) else None,
            prior=self.prior(root.get("prior")),
        )

    def tree(self, root: yaml_text.Mapping) -> Tree:
        decisions = self.mapping(self.needed(root, "decisions"), "decisions", self.decision)
        outcome, counts = root.get("outcome"), root.get("counts")
        if (outcome is None) == (counts is None):
            self.complain("missing-key", "a tree needs either `outcome` or `counts`", root.span)
        if isinstance(outcome, yaml_text.Text):
            found: Any = outcome.value
        elif outcome is not None:
            found = self.mapping(outcome, "outcome", lambda n, w: self.mapping(n, w, self.text))
        else:
            found = self.mapping(counts, "counts", self.text)
        return Tree(
            decisions, self.utilities(root), found, self.shocks(root.get("shocks")), counts=counts is not None
        )

    def decision(self, node: Node | None, what: str) -> Decision:
        if not isinstance(node, yaml_text.Mapping):
            self.complain(
                "wrong-form", f"`{what}` is written `{{player: NAME, moves: {{MOVE: OUTCOME}}}}`", _span(node)
            )
            return Decision("", {})
        self.known_keys(node, ("player", "moves"))
        return Decision(
            self.text(self.needed(node, "player"), "player"),
            self.mapping(self.needed(node, "moves"), "moves", self.text),
        )

    def shocks(self, node: Node | None) -> Shocks:
        if node is None:
            return Shocks()
        if not isinstance(node, yaml_text.Mapping):
            self.complain(
                "wrong-form", "`shocks` is a mapping, such as `{distribution: normal}`", _span(node)
            )
            return Shocks()
        self.known_keys(node, ("distribution", "on", "scale", "log_scale"))
        get = node.get
        distribution = (
            self.one_of(get("distribution"), ("logit", "normal"), "distribution", node.span)
            if get("distribution")
            else "logit"
        )
        on = self.one_of(get("on"), ("moves", "outcomes"), "on", node.span) if get("on") else "moves"
        scale = self.number(get("scale"), "scale") if get("scale") else None
        if scale is not None and scale <= 0:
            self.complain("not-positive", "`scale` is above 0", _span(get("scale")))
            scale = None
        return Shocks(
            distribution or "logit", on or "moves", scale, self.by_player(get("log_scale"), "log_scale", ())
        )

    def ultimatum(self, root: yaml_text.Mapping) -> Ultimatum:
        defaults = Ultimatum(1.0, "", None)
        get = root.get
        scales = get("log_scale")
        return Ultimatum(
            prize=self.number(self.needed(root, "prize"), "prize"),
            offer=self.text(self.needed(root, "offer"), "offer"),
            accept=self.text(get("accept"), "accept") or None,
            proposer=self.utility(get("proposer"), "proposer") if get("proposer") else defaults.proposer,
            responder=self.utility(get("responder"), "responder") if get("responder") else defaults.responder,
            log_scale={**defaults.log_scale, **self.mapping(scales, "log_scale", self.utility)},
            floor=self.number(get("floor"), "floor") if get("floor") else 0.0,
        )

    def signalling(self, root: yaml_text.Mapping) -> Signalling:
        chosen = root.get("estimator")
        return Signalling(
            utilities=self.utilities(root),
            counts=self.mapping(self.needed(root, "counts"), "counts", self.text),
            estimator=self.one_of(chosen, ("mle", "pl", "npl"), "estimator", root.span) or "mle"
            if chosen
            else "mle",
            first_stage=self.mapping(root.get("first_stage"), "first_stage", self.text),
        )

    def bimatrix(self, root: yaml_text.Mapping) -> Bimatrix:
        return Bimatrix(
            moves=self.mapping(self.needed(root, "moves"), "moves", self.texts),
            utilities=self.utilities(root),
            counts=self.mapping(
                self.needed(root, "counts"), "counts", lambda n, w: self.mapping(n, w, self.text)
            ),
            log_rationality=self.by_player(root.get("log_rationality"), "log_rationality", ("1",)),
        )

    def utilities(self, root: yaml_text.Mapping) -> Mapping[str, Mapping[str, Utility]]:
        return self.mapping(
            self.needed(root, "utilities"), "utilities", lambda n, w: self.mapping(n, w, self.utility)
        )

    def prior(self, node: Node | None) -> Prior:
        if node is None:
            return Prior()
        if not isinstance(node, yaml_text.Mapping):
            self.complain("wrong-form", "`prior` is a mapping, such as `{sd: 5}`", _span(node))
            return Prior()
        self.known_keys(node, ("mean", "sd", "each"))
        return Prior(
            self.number(node.get("mean"), "mean") if node.get("mean") else 0.0,
            self.positive(node.get("sd"), "sd") if node.get("sd") else 10.0,
            self.mapping(node.get("each"), "each", self.normal),
        )

    def normal(self, node: Node | None, what: str) -> tuple[float, float]:
        if isinstance(node, yaml_text.Sequence) and len(node.items) == 2:
            return self.number(node.items[0], what), self.positive(node.items[1], what)
        self.complain("wrong-form", f"`{what}` is written `[mean, standard deviation]`", _span(node))
        return 0.0, 1.0

    def by_player(self, node: Node | None, what: str, default: tuple[str, ...]) -> Any:
        if node is None:
            return default
        return (
            self.mapping(node, what, self.texts)
            if isinstance(node, yaml_text.Mapping)
            else self.texts(node, what)
        )

    def utility(self, node: Node | None, what: str) -> Utility:
        if isinstance(node, yaml_text.Text):
            value = number(node.value)
            return node.value if value is None else value
        return self.texts(node, what)

    def texts(self, node: Node | None, what: str) -> tuple[str, ...]:
        if isinstance(node, yaml_text.Text):
            return (node.value,)
        if isinstance(node, yaml_text.Sequence) and all(isinstance(i, yaml_text.Text) for i in node.items):
            return tuple(i.value for i in node.items if isinstance(i, yaml_text.Text))
        self.complain("wrong-form", f"`{what}` is a list, such as `[1, balance]`", _span(node))
        return ()

    def text(self, node: Node | None, what: str) -> str:
        if isinstance(node, yaml_text.Text):
            return node.value
        if node is not None:
            self.complain("wrong-form", f"`{what}` is one value, not a list or a mapping", _span(node))
        return ""

    def number(self, node: Node | None, what: str) -> float:
        if isinstance(node, yaml_text.Text) and (value := number(node.value)) is not None:
            return value
        if node is not None:
            self.complain("not-a-number", f"`{what}` is a number", _span(node))
        return 0.0

    def positive(self, node: Node | None, what: str) -> float:
        value = self.number(node, what)
        if node is not None and value <= 0:
            self.complain("not-positive", f"`{what}` is above 0", _span(node))
            return 1.0
        return value

    def mapping(self, node: Node | None, what: str, read: Callable[[Node | None, str], T]) -> dict[str, T]:
        if node is None:
            return {}
        if not isinstance(node, yaml_text.Mapping):
            self.complain("wrong-form", f"`{what}` is a mapping of names to values", _span(node))
            return {}
        return {e.key.value: read(e.value, e.key.value) for e in node.entries}

    def one_of(self, node: Node | None, allowed: tuple[str, ...], what: str, span: Span) -> Any:
        if isinstance(node, yaml_text.Text) and node.value in allowed:
            return node.value
        self.complain(
            "unknown-choice", f"`{what}` is one of {', '.join(allowed)}", _span(node) if node else span
        )
        return None

    def needed(self, node: yaml_text.Mapping, key: str) -> Node | None:
        found = node.get(key)
        if found is None:
            self.complain("missing-key", f"`{key}` is missing", node.span)
        return found

    def known_keys(self, node: yaml_text.Mapping, allowed: tuple[str, ...]) -> None:
        from goodoffices.language.names import suggestion

        for entry in node.entries:
            if entry.key.value not in allowed:
                hint = suggestion(entry.key.value, allowed) or f"keys: {', '.join(allowed)}"
                self.complain("unknown-key", f"`{entry.key.value}` is no key here", entry.key.span, hint)


def _span(node: Node | None) -> Span:
    return node.span if node is not None else Span("", 1, 1, 1, 2)
