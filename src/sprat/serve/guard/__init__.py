"""The gateway's one choke point: every request passes `Guard`, or gets no further."""

from sprat.serve.guard.guard import Guard

__all__ = ["Guard"]
