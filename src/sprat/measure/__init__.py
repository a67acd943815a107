"""Clocks, memory, energy, and the machine they were read on. Definitions: docs/metrics.md.

Nothing is imported here: take what you need from `clock`, `memory`, `energy`, `meter` and
`environment`.
"""
