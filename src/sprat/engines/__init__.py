"""Something that answers, or embeds. `open_engine` and `open_embedder` are the one door."""

from sprat.engines.base import Embedder, Engine, Load, ask
from sprat.engines.door import open_embedder, open_engine

__all__ = ["Embedder", "Engine", "Load", "ask", "open_embedder", "open_engine"]
