"""What can be asked for: names from here, and what endpoints say they have."""

import asyncio
import time

import msgspec

from sprat.engines.openai.engine import OpenAIEngine
from sprat.errors import SpratError, UnknownModel
from sprat.models.catalog import catalog
from sprat.models.ready import describe
from sprat.serve.names import Names, Served, Where
from sprat.settings import Endpoint, Settings

_KEPT_S = 30.0
"""How long an endpoint's list is believed."""
_PATIENCE_S = 2.0
"""An endpoint that does not answer for so long is left out of the list."""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A model by name."""

    name: str
    owner: str
    """`sprat`, or the endpoint's name."""
    where: Where
    embeds: bool
    on_disk: bool | None
    """Whether its weights are on this machine; None for an endpoint's."""


class Offered:
    """The list of models, endpoints included."""

    def __init__(self, names: Names, settings: Settings) -> None:
        self._names = names
        self._settings = settings
        self._heard: dict[str, tuple[float, list[str]]] = {}

    def of(self, served: Served) -> Offer:
        """One model."""
        remote = served.where == "endpoint"
        return Offer(
            name=served.name,
            owner=served.name.partition("/")[0] if remote else "sprat",
            where=served.where,
            embeds=served.embeds,
            on_disk=None if remote else self._on_disk(served),
        )

    async def all(self) -> list[Offer]:
        """Every model: aliases, the catalogue, and what each endpoint offers now."""
        known = [self.of(served) for served in self._names.listed()]
        lists = await asyncio.gather(
            *(self._ask(label, url) for label, url in self._settings.endpoints.items())
        )
        names = {offer.name for offer in known}
        remote = [
            Offer(name=name, owner=label, where="endpoint", embeds=False, on_disk=None)
            for label, listed in zip(self._settings.endpoints, lists, strict=True)
            for name in (f"{label}/{model}" for model in listed)
            if name not in names
        ]
        return [*known, *remote]

    async def _ask(self, label: str, endpoint: Endpoint) -> list[str]:
        at_s, models = self._heard.get(label, (float("-inf"), []))
        if time.monotonic() - at_s < _KEPT_S:
            return models
        try:
            asking = OpenAIEngine(label, endpoint, "", label=label)
        except SpratError:  # its key is not set: said when it is asked for an answer
            return []
        try:
            async with asyncio.timeout(_PATIENCE_S):
                models = await asking.models()
        except TimeoutError:
            models = []
        finally:
            await asking.aclose()
        self._heard[label] = (time.monotonic(), models)
        return models

    def refuse_unfetched(self, served: Served) -> None:
        """Refuse a model whose weights are not here, where the gateway may not fetch them.

        Raises:
            UnknownModel: they are not.
        """
        if self._settings.serve.pull or served.where != "local" or self._on_disk(served):
            return
        raise UnknownModel(
            f"The weights of {served.name} are not on this machine.",
            fix=f"Fetch them first: sprat models pull {served.source}",
        )

    def _on_disk(self, served: Served) -> bool:
        model = catalog().get(served.source)
        return model is None or describe(model, self._settings).on_disk
