"""Analyses as pages, as data and in a terminal: a sentence first, then a picture, then a table."""
