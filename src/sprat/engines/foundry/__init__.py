"""Foundry Local's native runtime, in a worker process of its own.

Nothing here but `native` touches `foundry-local-sdk`, and only the worker and the errand import it.
"""
