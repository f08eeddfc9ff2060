"""How the documentation is built: Sphinx, MyST and furo, from files on this machine only."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

from goodoffices import __version__

project = "Good Offices"
author = "The Good Offices authors"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "mathml", "tables"]
html_math_renderer = "mathml"
exclude_patterns = ["_build", "reference/generated"]
nitpicky = True
language = "en_GB"
smartquotes = False
default_role = "code"
"""Names between single backticks, as docstrings have them."""

myst_enable_extensions = ["amsmath", "attrs_block", "colon_fence", "deflist", "dollarmath", "fieldlist"]
myst_heading_anchors = 3

autodoc_typehints = "none"
autodoc_member_order = "bysource"

html_theme = "furo"
html_title = "Good Offices"
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_static_path = ["_static"]
html_css_files = ["page.css"]
