"""What a request costs on one machine, by how much of the time that machine is busy."""

from typing import TYPE_CHECKING

from sprat.cost.forecast import MONTH_S, Way, ledger

if TYPE_CHECKING:
    from sprat.cost.forecast import Floats, World

LEVELS = (0.01, 0.1, 0.5)


def requests_of(busy_s: "Floats", busy: float) -> float:
    """How many a month keep one machine computing this share of the time."""
    return busy * MONTH_S / max(float(busy_s[0]), 1e-9)


def usd_per_1000(way: Way, world: "World", requests: float, months: int) -> float:
    """A thousand requests, when every month has as many: the forecast itself, without growth."""
    import numpy as np

    flat = {name: np.zeros(1) for name in ("growth_pct", "tokens_growth_pct")}
    full = {"utilisation_ceiling_pct": np.full(1, 100.0)}
    steady = {**world, **flat, **full, "requests_per_month": np.full(1, requests)}
    return float(ledger(way, steady, months).usd_per_1000[0])
