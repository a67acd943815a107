"""Foundry Local: its models in this process's own worker, or behind its service."""
