"""Something that answers: one protocol, several ways. `open_engine` is the one door."""

from sprat.engines.base import Engine, Load, ask

__all__ = ["Engine", "Load", "ask"]
