"""Tokens, seconds and joules → money."""
