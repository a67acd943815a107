"""Any OpenAI-compatible endpoint as an engine."""

from sprat.engines.openai.embedder import OpenAIEmbedder
from sprat.engines.openai.engine import OpenAIEngine
from sprat.engines.openai.limits import Limits

__all__ = ["Limits", "OpenAIEmbedder", "OpenAIEngine"]
