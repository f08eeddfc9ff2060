"""How the documentation is built: Sphinx, MyST and furo, from files on this machine only."""

from __future__ import annotations

project = "Good Offices"
author = "The Good Offices authors"
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
nitpicky = True
html_theme = "furo"
html_title = "Good Offices"
