"""Evaluations, to be read."""
