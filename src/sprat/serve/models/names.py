"""Which names the API answers to. Never a path: files are served under names from `sprat.toml`."""

import re
from typing import TYPE_CHECKING, Literal

import msgspec

from sprat.engines.foundry.registry import Registered
from sprat.errors import UnknownModel, UsageError
from sprat.models.catalog import CatalogModel, catalog
from sprat.models.kept import kept_policies
from sprat.models.names import (
    EndpointModel,
    FoundryModel,
    PolicyFile,
    Source,
    nearest,
    resolve,
)
from sprat.serve.models.foundry import FOUNDRY, all_held, held, need_bytes, usable
from sprat.settings import Settings
from sprat.types import ChatRequest

if TYPE_CHECKING:
    from pathlib import Path

PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:@+-]*(/[A-Za-z0-9][A-Za-z0-9._:@+-]*){0,3}$"
MOST_CHARACTERS = 200
_NAME = re.compile(PATTERN)
_SHOWN = 80

POLICY = "policy:"
_POLICY = re.compile(r"policy:([A-Za-z0-9][A-Za-z0-9._-]*)")
"""Only a kept policy's name: what a path looks like means nothing here."""

Where = Literal["local", "endpoint", "policy"]


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """A name of the API and what stands behind it."""

    name: str
    source: str
    """The model name that it stands for; names with the same one share a model."""
    found: Source
    """What that is. Names from clients are never resolved again: a file might bear one."""
    where: Where
    embeds: bool = False
    """Whether it turns texts into vectors. Endpoints' models do not say: the route decides."""
    need_bytes: int = 0
    """About what it takes in memory once loaded; 0: not known, or elsewhere."""

    @property
    def owner(self) -> str:
        """Who gives its answers: `sprat`, or an endpoint by its name in `sprat.toml`."""
        return self.found.endpoint_name if isinstance(self.found, EndpointModel) else "sprat"


def completed(
    request: ChatRequest, served: Served, most_tokens: int, scheduled_ns: int
) -> ChatRequest:
    """The request with what only the gateway knows: its arrival, and a local answer's longest."""
    most = request.max_tokens
    if most is None and served.where == "local":
        most = most_tokens
    return msgspec.structs.replace(request, max_tokens=most, scheduled_ns=scheduled_ns)


class Names:
    """The names in front of `settings`."""

    def __init__(self, settings: Settings) -> None:
        """Check the aliases.

        Raises:
            SpratError: an alias is no name, or stands for nothing.
        """
        self._settings = settings
        self._catalogue = {
            name: self._served(name, name, model if not model.foundry else resolve(name, settings))
            for name, model in catalog().items()
            if not model.foundry or "foundry" in settings.endpoints
        }
        self._aliases = {
            alias: self._alias(alias, source) for alias, source in settings.serve.models.items()
        }

    def find(self, name: str) -> Served:
        """What `name` means; only names from the catalogue and from local settings mean anything.

        Raises:
            UnknownModel: nothing of that name.
        """
        if len(name) > MOST_CHARACTERS or not _NAME.fullmatch(name):
            raise UnknownModel(
                f"{name[:_SHOWN]!r} is no model name.",
                fix="See GET /v1/models. A file is served under a name: [serve.models] in "
                "sprat.toml.",
            )
        found = (
            self._aliases.get(name)
            or self._catalogue.get(name.lower())
            or self._at_endpoint(name)
            or self._in_foundry(name)
            or self._kept(name)
        )
        if found is None:
            raise UnknownModel(f"There is no model {name[:_SHOWN]!r} here.", fix=self._fix(name))
        return found

    def is_set(self, served: Served) -> bool:
        """Whether `[serve.models]` names it: the owner wants it here, whatever it takes."""
        return any(alias.source == served.source for alias in self._aliases.values())

    def listed(self) -> list[Served]:
        """The catalogue, what is in Foundry Local here, policies, aliases.

        Endpoints say themselves what they offer.
        """
        here = self._catalogue | self._foundry() | self._policies()
        return list({**here, **self._aliases}.values())

    def behind(self, source: str, otherwise: str) -> Served:
        """One of a policy's models, which may be a file: the owner of this machine named it.

        `otherwise` is the name that clients are told where it has none of the API's own.

        Raises:
            UnknownModel: nothing of that name.
            UsageError: a policy is no model of a policy.
        """
        found = resolve(source, self._settings)
        if isinstance(found, PolicyFile):
            raise UsageError(f"{source} is a policy itself.", fix="Name a model.")
        served = self._owners(otherwise, source)
        if served.embeds:
            raise UsageError(f"{source} turns texts into vectors.", fix="Name one that answers.")
        return msgspec.structs.replace(served, name=self._shown(served))

    def _shown(self, served: Served) -> str:
        """The API's name of a model: paths are nobody else's business."""
        if served.source in self._catalogue or isinstance(served.found, EndpointModel):
            return served.source
        if isinstance(served.found, FoundryModel):
            return served.source
        aliases = (a.name for a in self._aliases.values() if a.source == served.source)
        return next(aliases, served.name)

    def _alias(self, alias: str, source: str) -> Served:
        if not _NAME.fullmatch(alias):
            raise UsageError(f"[serve.models] {alias!r} is no name.", fix="Use letters and digits.")
        return self._owners(alias, source)

    def _owners(self, name: str, source: str) -> Served:
        """What the owner of this machine means: `source` may be any model name, a path too."""
        found = resolve(source, self._settings)
        if not isinstance(found, FoundryModel):
            return self._served(name, found.name, found)
        if model := usable(found.alias, self._settings):
            return self._of_foundry(model, name)
        return self._served(name, f"{FOUNDRY}{found.alias.lower()}", found)

    def _kept(self, name: str) -> Served | None:
        """A policy among those that are kept; a file of another name is none."""
        if not (match := _POLICY.fullmatch(name)):
            return None
        path = self._settings.policies_dir / f"{match[1]}.json"
        return self._served(name, name, PolicyFile(path, name)) if path.is_file() else None

    def _policies(self) -> dict[str, Served]:
        kept = kept_policies(self._settings).items()
        named = ((f"{POLICY}{name}", path) for name, path in kept)
        return {name: self._served(name, name, PolicyFile(path, name)) for name, path in named}

    def _at_endpoint(self, name: str) -> Served | None:
        head, _, model = name.partition(":" if name.startswith("foundry:") else "/")
        endpoint = self._settings.endpoints.get(head)
        if not model or endpoint is None:
            return None
        return self._served(name, name, EndpointModel(head, endpoint, model, name))

    def _in_foundry(self, name: str) -> Served | None:
        """Only what is here already: no client has gigabytes fetched by a name of its own."""
        if not name.startswith(FOUNDRY) or "foundry" in self._settings.endpoints:
            return None
        model = held(name.removeprefix(FOUNDRY), self._settings)
        return self._of_foundry(model) if model else None

    def _foundry(self) -> dict[str, Served]:
        if "foundry" in self._settings.endpoints:
            return {}
        found = [self._of_foundry(model) for model in all_held(self._settings)]
        return {served.name: served for served in found}

    def _of_foundry(self, model: Registered, name: str | None = None) -> Served:
        """One name however a client spells it: each source is a worker with the whole model."""
        own = f"{FOUNDRY}{model.alias}"
        return Served(
            name=name or own,
            source=own,
            found=FoundryModel(model.alias, own),
            where="local",
            need_bytes=need_bytes(model),
        )

    def _fix(self, name: str) -> str:
        head, slash, model = name.partition("/")
        if head.startswith("foundry"):
            return (
                "Put it into Foundry Local: sprat foundry register NAME. A service is reached by "
                "the variable FOUNDRY_LOCAL_ENDPOINT."
            )
        if slash and model and head not in self._settings.endpoints:
            head = head[:_SHOWN]
            return f'Add [endpoints.{head}] url = "http://…/v1" to sprat.toml, if that was meant.'
        near = nearest(name, [served.name for served in self.listed()])
        return f"Did you mean {', '.join(near)}?" if near else "See GET /v1/models."

    def _served(self, name: str, source: str, found: Source) -> Served:
        if isinstance(found, EndpointModel):
            return Served(name=name, source=source, found=found, where="endpoint")
        if isinstance(found, PolicyFile):
            return Served(name=name, source=source, found=found, where="policy")
        embeds = isinstance(found, CatalogModel) and found.task == "embedding"
        return Served(
            name=name,
            source=source,
            found=found,
            where="local",
            embeds=embeds,
            need_bytes=_weight_bytes(found) * 3 // 2,
        )


def _weight_bytes(found: Source) -> int:
    """Half as much again is taken for the cache and what the runtime packs anew; 0: not known."""
    if isinstance(found, CatalogModel):
        return found.bytes or 0
    path: Path | None = getattr(found, "path", None)
    if path is None:
        return 0
    files = [path] if path.is_file() else path.iterdir()
    return sum(file.stat().st_size for file in files if file.is_file())
