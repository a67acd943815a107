"""Clocks, memory, energy, and the machine they were read on."""
