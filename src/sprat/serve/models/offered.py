"""What can be asked for: names from here, and what endpoints say they have."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module

import msgspec

from sprat.engines.foundry.place import place_of
from sprat.engines.foundry.service import find_service
from sprat.errors import SpratError, UnknownModel
from sprat.models.catalog import catalog
from sprat.models.names import EndpointModel, FoundryModel
from sprat.models.ready import describe
from sprat.serve.models.foundry import held, usable
from sprat.serve.models.names import Names, Served, Where
from sprat.settings import Endpoint, Settings

_KEPT_S = 30.0
"""How long an endpoint's list is believed, or that there is a service of Foundry Local."""
_RETRIED_S = 2.0
"""After how long an endpoint that listed nothing is asked again."""
_PATIENCE_S = 2.0
"""An endpoint that does not answer for so long is left out of the list."""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A model by name."""

    name: str
    source: str
    """What the name stands for; the same for all names of one model."""
    owner: str
    """`sprat`, or the endpoint's name."""
    where: Where
    embeds: bool
    on_disk: bool | None
    """Whether its weights are on this machine; None for an endpoint's, or a service's. Of a policy:
    whether it can be used as it stands."""


class Offered:
    """The list of models, endpoints included."""

    def __init__(self, names: Names, settings: Settings) -> None:
        self._names = names
        self._settings = settings
        self._heard: dict[str, tuple[float, asyncio.Task[list[str]]]] = {}
        """When each endpoint was asked, and its answer."""
        self.usable: Callable[[Served], bool] = lambda _policy: True
        """Whether a policy can be used."""
        self._looked = (float("-inf"), False)
        """When a service of Foundry Local was looked for, and whether there was one."""
        if settings.endpoints:  # not in the middle of the first request for the list
            import_module("sprat.engines.openai.engine")

    def of(self, served: Served) -> Offer:
        """One model."""
        remote = served.where == "endpoint"
        return Offer(
            name=served.name,
            source=served.source,
            owner=served.owner,
            where=served.where,
            embeds=served.embeds,
            on_disk=None if remote else self.on_disk(served),
        )

    async def all(self) -> list[Offer]:
        """Every model: aliases, the catalogue, and what each endpoint offers now."""
        lists, known = await asyncio.gather(
            asyncio.gather(*(self._list_of(label) for label in self._settings.endpoints)),
            asyncio.to_thread(self._known),  # looks at the disk
        )
        names = {offer.name for offer in known}
        remote = [
            self.of(served)
            for label, listed in zip(self._settings.endpoints, lists, strict=True)
            for served in self._named(label, listed)
            if served.name not in names
        ]
        return [*known, *remote]

    def _known(self) -> list[Offer]:
        return [self._told(served) for served in self._names.listed()]

    def _told(self, served: Served) -> Offer:
        offer = self.of(served)
        if offer.on_disk is False and self._elsewhere(served):
            return msgspec.structs.replace(offer, on_disk=None)
        return offer

    def _elsewhere(self, served: Served) -> bool:
        """Whether a service of Foundry Local would be asked for it. Blocks for a second at most."""
        if not isinstance(served.found, FoundryModel):
            return False
        with suppress(UnknownModel):
            return held(served.found.alias, self._settings) is None and self._service()
        return False

    def _service(self) -> bool:
        at_s, there = self._looked
        if time.monotonic() - at_s >= _KEPT_S:
            there = find_service(self._settings) is not None
            self._looked = (time.monotonic(), there)
        return there

    def _named(self, label: str, models: list[str]) -> Iterator[Served]:
        """Those that can be asked for by a name of this API."""
        for model in models:
            with suppress(UnknownModel):
                yield self._names.find(f"{label}/{model}")

    async def _list_of(self, label: str) -> list[str]:
        """What an endpoint has, asked once for all who want to know."""
        heard = self._heard.get(label)
        if heard is None or _stale(*heard):
            asking = asyncio.create_task(self._ask(label, self._settings.endpoints[label]))
            heard = self._heard[label] = (time.monotonic(), asking)
        return await asyncio.shield(heard[1])

    async def _ask(self, label: str, endpoint: Endpoint) -> list[str]:
        # It takes a while to import: a gateway without endpoints starts sooner.
        from sprat.engines.openai.engine import OpenAIEngine

        try:
            asking = OpenAIEngine(label, endpoint, "", label=label)
        except SpratError:  # its key is not set: said when it is asked for an answer
            return []
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await asking.models()
        except TimeoutError:
            return []
        finally:
            await asking.aclose()

    def refuse_unfetched(self, served: Served) -> None:
        """Refuse a model whose weights are not here, where the gateway may not fetch them.

        Blocks for a second at most, where a service of Foundry Local is looked for.

        Raises:
            UnknownModel: they are not.
        """
        if isinstance(served.found, FoundryModel):
            allowed = self._may_open(served, served.found)
        else:
            pull = self._settings.serve.pull
            allowed = pull or served.where != "local" or self.on_disk(served)
        if allowed:
            return
        raise UnknownModel(
            f"The weights of {served.name} are not on this machine.",
            fix=f"Fetch them first: sprat {_fetching(served)}",
        )

    def _may_open(self, served: Served, found: FoundryModel) -> bool:
        """A name of a client's own fetches nothing, though it was here when it was asked for."""
        if held(found.alias, self._settings) is not None:
            return True
        if not self._names.is_set(served):
            return False
        there = isinstance(place_of(found, self._settings), EndpointModel)
        return there or self._settings.serve.pull

    def on_disk(self, served: Served) -> bool:
        """Whether its weights are here; an endpoint's need not be; of a policy: whether it works.

        Blocks: it looks at the disk.
        """
        if served.where == "policy":
            return self.usable(served)
        if isinstance(served.found, FoundryModel):
            return usable(served.found.alias, self._settings) is not None
        model = catalog().get(served.source)
        return model is None or describe(model, self._settings).on_disk


def _fetching(served: Served) -> str:
    foreign = isinstance(served.found, FoundryModel)
    return f"ask {served.source} Hello" if foreign else f"models pull {served.source}"


def _stale(at_s: float, asking: asyncio.Task[list[str]]) -> bool:
    if not asking.done():
        return False
    kept_s = _KEPT_S if not asking.cancelled() and asking.result() else _RETRIED_S
    return time.monotonic() - at_s >= kept_s
