"""Sections of a report on what an argument hangs on: levers, what it would take, who learns what, and reasons."""
