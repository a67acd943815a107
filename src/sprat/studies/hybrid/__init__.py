"""Policies over recorded outcomes: learned, certified, and evaluated as they are served."""
