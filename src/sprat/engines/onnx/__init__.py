"""Local models: ONNX Runtime in a worker process for each."""

from sprat.engines.onnx.engine import OnnxEngine

__all__ = ["OnnxEngine"]
