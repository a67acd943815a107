"""A model name and what its answer took → US dollars. Formulas and sources: docs/cost.md."""

import msgspec

from sprat.cost.listed import listed_rate
from sprat.cost.rates import NoRate, PerSecond, PerToken, Rate, local_rate
from sprat.settings import Endpoint, Settings
from sprat.types import Reply, Timing, Usage

_MOST_KEPT = 1000
"""Clients of a gateway can think of any number of names at an endpoint."""


class Prices:
    """What answers cost, as far as `settings` and the list of cloud prices tell it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._local = local_rate(settings.cost)
        self._rates: dict[str, Rate] = {}

    def of(
        self, model: str, usage: Usage, timing: Timing | None, joules: float | None = None
    ) -> float | None:
        """US dollars of one answer of `model`; None: not priced, which is not nothing."""
        return self._rate(model).usd(usage, timing, joules)

    def basis(self, model: str) -> str:
        """What its price rests on, or why it has none, in words."""
        return self._rate(model).basis

    def bought(self, model: str) -> bool:
        """Whether it is paid by the token, wherever it computes; else a machine here computes."""
        if model.startswith("policy:"):
            return False  # its attempts are asked about one by one
        rate = self._rate(model)
        return rate is not self._local and not isinstance(rate, PerSecond)

    def priced(self, model: str, reply: Reply, joules: float | None = None) -> Reply:
        """The reply with its cost; a policy has summed up that of its attempts already."""
        if reply.path is not None or reply.cost_usd is not None:
            return reply
        cost_usd = self.of(model, reply.usage, reply.timing, joules)
        return reply if cost_usd is None else msgspec.structs.replace(reply, cost_usd=cost_usd)

    def _rate(self, model: str) -> Rate:
        rate = self._rates.get(model)
        if rate is None:
            if len(self._rates) >= _MOST_KEPT:
                self._rates.clear()
            rate = self._rates[model] = self._found(model)
        return rate

    def _found(self, model: str) -> Rate:
        if model.startswith("policy:"):
            return NoRate("the sum of its attempts, each at the price of the model that was asked")
        label, name = _split(model)
        declared = self._settings.cost.models
        price = declared.get(model) or (declared.get(label) if name else None)
        if price is not None:
            return PerToken(price)
        endpoint: Endpoint | None = self._settings.endpoints.get(label) if name else None
        if endpoint is None or endpoint.is_here:
            return self._local
        return listed_rate(endpoint.url, name)


def _split(model: str) -> tuple[str, str]:
    """`ENDPOINT/MODEL` and `foundry:MODEL` in two; the second is empty where there is no such."""
    label, _, name = model.partition(":" if model.startswith("foundry:") else "/")
    return label, name
