"""Recorded studies and their answers as pages to walk through."""
