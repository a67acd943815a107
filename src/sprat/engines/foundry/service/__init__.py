"""Foundry Local as a service: where it is, what it has, and what is wrong with it."""

from sprat.engines.foundry.service.find import find_service

__all__ = ["find_service"]
