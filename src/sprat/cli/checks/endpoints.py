"""The endpoints of sprat.toml and the environment: each asked for its models, with its key."""

import os
from collections.abc import Iterable

import msgspec

from sprat.cli.checks.finding import Check, fault, note, ok
from sprat.engines.glance import Glance, glance
from sprat.settings import Endpoint, Settings

LOOK_S = 2.0


class _Model(msgspec.Struct):
    id: str


class _List(msgspec.Struct):
    data: list[_Model]


def check_endpoint(settings: Settings, *, name: str) -> Iterable[Check]:
    """It is reachable, at the right path, takes the key, and has the models that are asked for."""
    endpoint, label = settings.endpoints[name], f"Endpoint {name}"
    section = f"[endpoints.{name}]"
    key = _key(endpoint)
    if endpoint.key_env and not key:
        yield fault(
            label,
            f"{section} takes its key from {endpoint.key_env}, which is not set",
            fix=f"Set the environment variable {endpoint.key_env}.",
        )
        return
    seen = _models(endpoint.url, key)
    if seen.status is None:
        yield fault(
            label,
            f"nothing answers at {endpoint.url}: {seen.why}",
            fix="Start that server, or correct its address in sprat.toml or the environment.",
        )
    elif seen.status in {401, 403}:
        yield _locked(label, endpoint, seen.status)
    elif (models := _listed(seen)) is None:
        yield _no_list(label, name, endpoint, seen, key)
    else:
        yield from _with_models(label, name, settings, models)


def _key(endpoint: Endpoint) -> str | None:
    if endpoint.key_env:
        return os.environ.get(endpoint.key_env, "").strip() or None
    return endpoint.key


def _models(url: str, key: str | None) -> Glance:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return glance(f"{url.rstrip('/')}/models", within_s=LOOK_S, headers=headers)


def _listed(seen: Glance) -> list[str] | None:
    """The names that it lists; None when that is no list of models."""
    if seen.status != 200:
        return None
    try:
        return [model.id for model in msgspec.json.decode(seen.body, type=_List).data]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _locked(label: str, endpoint: Endpoint, status: int) -> Check:
    section = label.replace("Endpoint ", "[endpoints.") + "]"
    if endpoint.key_env or endpoint.key:
        where = endpoint.key_env or f"{section} key"
        return fault(
            label,
            f"{endpoint.url} does not take the key of {where} (HTTP {status})",
            fix=f"Correct the key in {where}.",
        )
    return fault(
        label,
        f"{endpoint.url} wants a key (HTTP {status})",
        fix=f"Set key_env under {section} in sprat.toml to the variable that holds your key.",
    )


def _no_list(label: str, name: str, endpoint: Endpoint, seen: Glance, key: str | None) -> Check:
    url = endpoint.url.rstrip("/")
    if not url.endswith("/v1") and _listed(_models(f"{url}/v1", key)) is not None:
        return fault(
            label,
            f"{url} lacks the /v1 at its end (HTTP {seen.status})",
            fix=f'Set [endpoints.{name}] url = "{url}/v1"',
        )
    if seen.status and 300 <= seen.status < 400:
        return fault(
            label,
            f"{url} sends elsewhere, which is not followed (HTTP {seen.status})",
            fix=f"Put the address {seen.headers.get('location', '')!r} (up to /v1) there.",
        )
    if seen.status in {429, 502, 503, 504}:
        return note(label, f"{url} is busy (HTTP {seen.status})", fix="Wait, then look again.")
    return note(
        label,
        f"{url} answers, and lists no models as OpenAI's API does (HTTP {seen.status})",
        fix=f"If {name}/MODEL gives no answer either, correct the url: up to and with /v1.",
    )


def _with_models(label: str, name: str, settings: Settings, models: list[str]) -> Iterable[Check]:
    from sprat.models.names import nearest

    url = settings.endpoints[name].url
    if not models:
        yield note(label, f"{url} answers, and has no model", fix="Load or fetch one there.")
        return
    lacking = False
    for role, wanted in (("small", settings.small), ("large", settings.large)):
        head, _, model = wanted.partition("/")
        if head == name and model and model not in models:
            lacking = True
            near = nearest(model, models) or models[:3]
            yield fault(
                label,
                f"it has no model {model!r}, which is the {role} one",
                fix=f"It offers: {', '.join(f'{name}/{one}' for one in near)}",
            )
    if not lacking:
        yield ok(label, f"{url} answers, {len(models)} model{'s' * (len(models) != 1)}")
