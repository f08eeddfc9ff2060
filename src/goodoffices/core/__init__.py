"""What every other part may use: diagnostics and places in a text."""
