"""What one model's answers cost, by each of the ways in which that can be known."""

from typing import Protocol

import msgspec

from sprat.settings import CostSettings, TokenPrice
from sprat.types import Timing, Usage

YEAR_S = 365.25 * 86_400
"""31 557 600 s: a year of 365.25 days."""
KWH_JOULES = 3.6e6
"""A kilowatt-hour."""


class Rate(Protocol):
    """How the answers of one model are priced."""

    @property
    def basis(self) -> str:
        """What the price rests on, in words."""
        ...

    def usd(self, usage: Usage, timing: Timing | None, joules: float | None) -> float | None:
        """US dollars of one answer; None: it cannot be told."""
        ...


class NoRate(msgspec.Struct, frozen=True):
    """There is no price, and why."""

    basis: str

    def usd(self, usage: Usage, timing: Timing | None, joules: float | None) -> None:
        """Never known: that is not the same as nothing."""


class PerToken(msgspec.Struct, frozen=True):
    """Dollars per million tokens, as `[cost.models]` declares them."""

    price: TokenPrice

    @property
    def basis(self) -> str:
        """The declared prices."""
        price = self.price
        cached = price.cached_input_usd_per_mtok
        kept = "" if cached is None else f", {cached:g} for cached input"
        return (
            f"declared: {price.input_usd_per_mtok:g} USD per million tokens in, "
            f"{price.output_usd_per_mtok:g} out{kept}"
        )

    def usd(self, usage: Usage, timing: Timing | None, joules: float | None) -> float:
        """Cached tokens are a part of the input tokens."""
        price = self.price
        cached_usd = price.cached_input_usd_per_mtok
        if cached_usd is None:
            cached_usd = price.input_usd_per_mtok
        return (
            (usage.input_tokens - usage.cached_tokens) * price.input_usd_per_mtok
            + usage.cached_tokens * cached_usd
            + usage.output_tokens * price.output_usd_per_mtok
        ) / 1e6


class PerSecond(msgspec.Struct, frozen=True):
    """This machine: what it cost, per second that it computes, and its electricity."""

    cost: CostSettings

    @property
    def basis(self) -> str:
        """What was declared, and what is not in it."""
        return f"{self._machine}; {self._electricity}"

    @property
    def _machine(self) -> str:
        cost = self.cost
        if cost.machine_usd is None:
            return "this machine, whose own price is not declared"
        return (
            f"this machine: {cost.machine_usd:g} USD over {cost.machine_years:g} years, "
            f"busy {cost.busy_share:.0%} of the time"
        )

    @property
    def _electricity(self) -> str:
        cost = self.cost
        if cost.electricity_usd_per_kwh is None:
            return "without its electricity"
        price = (
            f"electricity at {cost.electricity_usd_per_kwh:g} USD per kWh of the joules measured"
        )
        if cost.watts is None:
            return price
        return f"{price}, or of {cost.watts:g} W declared where none were"

    def usd(self, usage: Usage, timing: Timing | None, joules: float | None) -> float | None:
        """The machine's share and the electricity; None where one of them cannot be told."""
        if timing is None:
            return None
        busy_s = busy(timing)
        electricity_usd = self._electricity_usd(busy_s, joules)
        return None if electricity_usd is None else self._machine_usd(busy_s) + electricity_usd

    def _machine_usd(self, busy_s: float) -> float:
        """The purchase, spread over the seconds in which the machine will have computed."""
        cost = self.cost
        if cost.machine_usd is None or cost.machine_years is None or cost.busy_share is None:
            return 0.0
        return busy_s * cost.machine_usd / (cost.machine_years * YEAR_S * cost.busy_share)

    def _electricity_usd(self, busy_s: float, joules: float | None) -> float | None:
        cost = self.cost
        if cost.electricity_usd_per_kwh is None:
            return 0.0
        if joules is None and cost.watts is not None:
            joules = cost.watts * busy_s
        if joules is None:
            return None
        return electricity_money(joules, cost.electricity_usd_per_kwh)


def electricity_money(joules: float, price_per_kwh: float) -> float:
    """What these joules cost, in the currency of the price."""
    return joules / KWH_JOULES * price_per_kwh


def busy(timing: Timing) -> float:
    """Seconds in which a model computed an answer: without the queue, and without its loading."""
    began_ns = max(timing.sent_ns, timing.loaded_ns or 0, timing.started_ns or 0)
    return (timing.done_ns - began_ns) / 1e9


def local_rate(cost: CostSettings) -> Rate:
    """The rate of models on this machine."""
    if cost.machine_usd is None and cost.electricity_usd_per_kwh is None:
        return NoRate("not priced: [cost] declares neither machine_usd nor electricity_usd_per_kwh")
    return PerSecond(cost)
