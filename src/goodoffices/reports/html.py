"""The page: templates with autoescape on, our own pictures, one style sheet and one small script, all in one file.

Receives a `Study`; returns the text of `report.html`. A scenario is data from a stranger: the only things embedded
unescaped are files of this package and SVG from `svg.element`, which escapes what it is given. A content security
policy in the page forbids any request, and any script but ours.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from goodoffices.claims.verdict import Study
from goodoffices.reports import numbers
from goodoffices.reports.view import view

if TYPE_CHECKING:
    from goodoffices.reports.part import Part


def render(study: Study, analyses: Sequence[Part] = ()) -> str:
    """Write the page of a study, with sections for what else was asked of its scenario."""
    style, script = own("style.css") + (own("analyses.css") if analyses else Markup("")), own("enhance.js")
    page = environment().get_template("report.html")
    return page.render(view(study), analyses=analyses, style=style, script=script, policy=policy(script))


def policy(script: str) -> str:
    """The content security policy of a page: nothing from outside, and no script but this one."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"


def environment() -> Environment:
    """The templates, with autoescape on and numbers as readers want them."""
    templates = Environment(
        loader=PackageLoader("goodoffices.reports", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(
        coded=coded, plain=numbers.plain, percent=numbers.percent, power=numbers.power, count=numbers.count
    )
    return templates


def coded(text: str) -> Markup:
    """Show what stands between backticks as code, everything escaped; a lone backtick stays what it is."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if k % 2 else escape(part) for k, part in enumerate(parts)
    )


def own(name: str) -> Markup:
    """A file of this package, to be embedded as it is."""
    return Markup(resources.files("goodoffices.reports.page").joinpath(name).read_text("utf-8"))
