"""What models a service has, and which of them a name means."""

import re
from typing import Any, cast

import msgspec

from sprat.engines.foundry.service.seen import Answerer
from sprat.engines.glance import glance

LIST_S = 10.0
"""How long a list may take: without network the service tries its catalogue for 4 s first."""
_VERSION = re.compile(r":(\d+)$")
_DEVICE = re.compile(r"-[a-z0-9]+-(cpu|gpu|npu)$")
KINDS = ("-instruct", "-chat", "-it")
"""What a full name has after what is its alias."""


class ServiceModel(msgspec.Struct, frozen=True, kw_only=True):
    """One model of a service."""

    id: str
    """The full name, which answering wants: `Phi-4-mini-instruct-generic-cpu:5`."""
    alias: str | None = None
    """The short name: `phi-4-mini`; None when the service does not say."""
    device: str | None = None
    """`CPU`, `GPU` or `NPU`; None when the service does not say."""
    bytes: int | None = None
    """The size of its files; None when the service does not say."""
    cached: bool | None = None
    """Whether its files are on the service's disk; None when the service does not say."""
    loaded: bool = False
    """Whether it is in the service's memory."""

    @property
    def stem(self) -> str:
        """The id in lower case without version and device: `phi-4-mini-instruct`."""
        return _DEVICE.sub("", _VERSION.sub("", self.id.lower()))

    @property
    def short(self) -> str:
        """The alias, or what the service's aliases are mostly made like: `phi-4-mini`."""
        kind = next((kind for kind in KINDS if self.stem.endswith(kind)), "")
        return self.alias or self.stem.removesuffix(kind)

    @property
    def version(self) -> int:
        """The number after the colon; -1 without one."""
        found = _VERSION.search(self.id)
        return int(found[1]) if found else -1


def models_of(
    answerer: Answerer, *, within_s: float = LIST_S, key: str | None = None
) -> tuple[ServiceModel, ...] | None:
    """The models that a service lists, those on its disk first; None when it gives no list."""

    def listed(path: str) -> object:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return glance(answerer.root + path, within_s=within_s, headers=headers).json

    if answerer.kind == "service":
        return _older(
            _names(listed("/openai/models")),
            _names(listed("/openai/loadedmodels")),
            listed("/foundry/list"),
        )
    offered = _names(_field(listed("/v1/models"), "data"))
    loaded = _names(listed("/models/loaded")) if answerer.kind == "server" else []
    return None if offered is None else _newer(offered, loaded or [])


def pick(name: str, models: tuple[ServiceModel, ...]) -> ServiceModel | None:
    """The model that a name means; None when none of them is called so.

    A full id means itself, one without its version the newest, an alias the variant that is loaded,
    else one that is on disk, else the one that the service lists first: it sorts by device.

    Source: get_model_info of https://github.com/microsoft/Foundry-Local sdk/python (0.5), which
    `foundry model run` follows; there, what is loaded does not count.
    """
    key = name.lower()
    exact = [m for m in models if m.id.lower() == key]
    versions = [m for m in models if _VERSION.sub("", m.id.lower()) == key]
    newest = sorted(versions, key=lambda m: -m.version)
    called = [m for m in models if (m.alias or "").lower() == key] or [
        m for m in models if m.stem in {key, *(key + kind for kind in KINDS)}
    ]
    ready = sorted(called, key=lambda m: (not m.loaded, not m.cached))
    return next(iter((*exact, *newest, *ready)), None)


def names_like(name: str, models: tuple[ServiceModel, ...]) -> list[str]:
    """Up to three names that the service knows and that are near to `name`."""
    from sprat.models.names import nearest

    return nearest(name, dict.fromkeys(m.short for m in models))


def _newer(offered: list[str], loaded: list[str]) -> tuple[ServiceModel, ...]:
    names = dict.fromkeys([*loaded, *offered])
    return tuple(
        ServiceModel(
            id=name,
            device=_device_in(name),
            cached=True if name in loaded else None,
            loaded=name in loaded,
        )
        for name in names
    )


def _older(
    cached: list[str] | None, loaded: list[str] | None, catalogue: object
) -> tuple[ServiceModel, ...] | None:
    if cached is None and loaded is None and catalogue is None:
        return None
    on_disk, in_memory = cached or [], loaded or []
    known = {str(entry["name"]): entry for entry in _entries(catalogue)}
    names = dict.fromkeys([*_full(in_memory, known), *_full(on_disk, known), *known])
    return tuple(
        ServiceModel(
            id=name,
            alias=_text(known.get(name, {}).get("alias")),
            device=_device(known.get(name, {})) or _device_in(name),
            bytes=_bytes(known.get(name, {})),
            cached=None if cached is None else _is_in(name, on_disk),
            loaded=_is_in(name, in_memory),
        )
        for name in names
    )


def _full(names: list[str], known: dict[str, Any]) -> list[str]:
    """Names with the version that the catalogue gives them: the lists may leave it out."""
    return [next((k for k in known if _is_in(k, [name])), name) for name in names]


def _is_in(name: str, names: list[str]) -> bool:
    low = {n.lower() for n in names}
    return name.lower() in low or _VERSION.sub("", name.lower()) in low


def _entries(catalogue: object) -> list[dict[str, Any]]:
    """A list of models, or an object with one under `models`."""
    listed: object = _field(catalogue, "models") or catalogue
    entries = cast("list[object]", listed) if isinstance(listed, list) else []
    return [cast("dict[str, Any]", e) for e in entries if _text(_field(e, "name"))]


def _names(listed: object) -> list[str] | None:
    """Names, bare or as the `id` of objects; None when it is no list."""
    if not isinstance(listed, list):
        return None
    entries = cast("list[object]", listed)
    return [name for e in entries if (name := _text(e) or _text(_field(e, "id")))]


def _field(said: object, name: str) -> object:
    return cast("dict[str, object]", said).get(name) if isinstance(said, dict) else None


def _device(entry: dict[str, Any]) -> str | None:
    return _text(_field(entry.get("runtime"), "deviceType"))


def _device_in(name: str) -> str | None:
    found = _DEVICE.search(_VERSION.sub("", name.lower()))
    return found[1].upper() if found else None


def _bytes(entry: dict[str, Any]) -> int | None:
    size = entry.get("fileSizeMb")
    return size * 1_000_000 if isinstance(size, int) and size > 0 else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
