"""Analyses: what an argument hangs on, on top of batches of solved games."""
