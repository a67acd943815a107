"""Something that answers, or embeds. A name becomes one in `sprat.door`."""

from sprat.engines.base import Embedder, Engine, Load, ask

__all__ = ["Embedder", "Engine", "Load", "ask"]
