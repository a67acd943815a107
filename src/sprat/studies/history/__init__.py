"""Runs beside each other: two of them in every respect, and all of them over time."""
