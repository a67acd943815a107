"""Runs beside each other and over time, written: terminal, page, Markdown."""
