"""Local models that turn text into vectors, in a worker process of their own."""

from sprat.engines.embedding.embedder import OnnxEmbedder

__all__ = ["OnnxEmbedder"]
