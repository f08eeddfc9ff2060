"""A small writer of SVG: every text and attribute is escaped, because a scenario is data from a stranger.

Receives tag names of ours and values of anyone's; returns `Markup`, which the templates embed as it is.
"""

from __future__ import annotations

from markupsafe import Markup, escape


def element(tag: str, *children: str | Markup, **attributes: object) -> Markup:
    """Write one element. `stroke_width` becomes `stroke-width`, `class_` becomes `class`; None leaves one out."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_value(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    inside = Markup("").join(escape(child) for child in children)
    return Markup(f"<{tag}{written}>{inside}</{tag}>" if inside else f"<{tag}{written}/>")


def picture(
    *children: Markup,
    width: float,
    height: float,
    title: str,
    identity: str,
    class_: str,
    description: str = "",
) -> Markup:
    """Wrap drawn elements as one image with a name (and a description) for those who do not see it."""
    names = [element("title", title, id=f"{identity}-title")]
    if description:
        names.append(element("desc", description, id=f"{identity}-desc"))
    return element(
        "svg",
        *names,
        *children,
        role="img",
        aria_labelledby=f"{identity}-title",
        aria_describedby=f"{identity}-desc" if description else None,
        viewBox=f"0 0 {_value(width)} {_value(height)}",
        width=width,
        height=height,
        class_=class_,
    )


def shorten(text: str, limit: int) -> str:
    """Cut a text to at most `limit` characters, with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return str(value)
