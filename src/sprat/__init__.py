"""Sprat shows with evidence where a small language model is good enough."""


def __getattr__(name: str) -> str:
    """Look the version up only when asked: reading package metadata costs start-up time."""
    if name == "__version__":
        from importlib.metadata import version

        return version("sprat")
    raise AttributeError(f"module 'sprat' has no attribute {name!r}")
