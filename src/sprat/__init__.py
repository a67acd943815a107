"""Sprat shows with evidence where a small language model is good enough."""

import os

# ONNX Runtime makes a device id and a store of events as it is imported, before any call could
# turn that off; this variable, which the worker inherits, is the only thing that comes in time.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def __getattr__(name: str) -> str:
    """Look the version up only when asked: reading package metadata costs start-up time."""
    if name == "__version__":
        from importlib.metadata import version

        return version("sprat")
    raise AttributeError(f"module 'sprat' has no attribute {name!r}")
