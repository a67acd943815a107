"""Who answers at an address: Foundry Local, of which generation, or somebody else.

Foundry Local's service has had two sets of routes. Up to CLI 0.8 (`foundry service`):
`/openai/status` with `modelDirPath`, `/openai/models`, `/openai/loadedmodels`, `/openai/load/{id}`,
`/foundry/list`. Since CLI 0.10 (`foundry server`) and in the SDK 2: `/status` with
`modelCachePath`, `/models/loaded`, `/models/load/{alias}`; the older ones are 404. `/v1/…` is in
both.

Source: https://learn.microsoft.com/azure/ai-foundry/foundry-local/reference/reference-rest (older);
https://github.com/microsoft/Foundry-Local, sdk_v2/cpp/src/service/web_service.cc (newer); and the
newer one itself, which tests/engines/test_foundry_real.py starts.
"""

import time
from typing import Any, Literal, cast

import msgspec

from sprat.engines.glance import Glance, glance
from sprat.settings import root_of

Kind = Literal["service", "server", "sprat", "openai", "other", "nothing"]
"""Foundry Local's older and newer generation; Sprat's own gateway; another OpenAI-compatible
server; something that answers and is none of them; nothing."""


class Answerer(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers at an address."""

    root: str
    """The address before `/v1`."""
    kind: Kind
    why: str = ""
    """Of `nothing`: why; of `other`: what it answered."""
    cache_folder: str | None = None
    """Where the service keeps models, on its own machine; None when it does not say."""
    pid: int | None = None
    """The service's process there; None when it does not say."""

    @property
    def is_foundry(self) -> bool:
        """Whether it is Foundry Local."""
        return self.kind in {"service", "server"}

    @property
    def api(self) -> str:
        """Its OpenAI-compatible address."""
        return f"{self.root}/v1"


def look(url: str, *, within_s: float = 1.0, key: str | None = None) -> Answerer:
    """Who answers at `url`, in at most `within_s` seconds."""
    root, ends_at = root_of(url), time.monotonic() + within_s
    headers = {"Authorization": f"Bearer {key}"} if key else {}

    def ask(path: str) -> Glance:
        left_s = max(0.05, ends_at - time.monotonic())
        return glance(root + path, within_s=left_s, headers=headers)

    first = ask("/openai/status")
    if first.status is None:
        return Answerer(root=root, kind="nothing", why=first.why)
    if found := _older(root, first.json) or _newer(root, ask("/status").json):
        return found
    if _fields(ask("/healthz").json).get("server") == "sprat":
        return Answerer(root=root, kind="sprat")
    listed = ask("/v1/models")
    if isinstance(_fields(listed.json).get("data"), list):
        return Answerer(root=root, kind="openai")
    status = listed.status or first.status
    return Answerer(root=root, kind="other", why=f"HTTP {status} for /v1/models")


def _older(root: str, said: object) -> Answerer | None:
    fields = {name.lower(): value for name, value in _fields(said).items()}
    if "modeldirpath" not in fields:
        return None
    return Answerer(root=root, kind="service", cache_folder=_text(fields["modeldirpath"]))


def _newer(root: str, said: object) -> Answerer | None:
    fields = _fields(said)
    if "modelCachePath" not in fields:
        return None
    pid = fields.get("pid")
    return Answerer(
        root=root,
        kind="server",
        cache_folder=_text(fields["modelCachePath"]),
        pid=pid if isinstance(pid, int) else None,
    )


def _fields(said: object) -> dict[str, Any]:
    return cast("dict[str, Any]", said) if isinstance(said, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
