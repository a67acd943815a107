"""Something that answers: one protocol, several ways. `open_engine` is the one door."""

from sprat.engines.base import Engine, Load, ask
from sprat.engines.door import open_engine

__all__ = ["Engine", "Load", "ask", "open_engine"]
