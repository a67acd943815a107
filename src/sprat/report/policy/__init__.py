"""A policy's evaluation, and what a calibration found, as something to read."""
