"""Templates, style sheet and script of the report."""
