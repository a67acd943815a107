"""Tokens, seconds and joules → money: `Prices`."""

from sprat.cost.prices import Prices

__all__ = ["Prices"]
