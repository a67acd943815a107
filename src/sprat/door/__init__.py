"""The one door: a model name → something that answers or embeds, and what makes it its own."""

from sprat.door.opening import embedder_of, open_embedder, open_engine, open_source

__all__ = ["embedder_of", "open_embedder", "open_engine", "open_source"]
