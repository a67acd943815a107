"""Making a model of the service ready to answer: its full name found, its weights in memory."""

import time
from typing import NoReturn
from urllib.parse import quote

import msgspec

from sprat.engines.foundry.service import troubles
from sprat.engines.foundry.service.models import ServiceModel, models_of, pick
from sprat.engines.foundry.service.seen import Answerer
from sprat.engines.foundry.service.troubles import Trouble
from sprat.engines.glance import Glance, glance
from sprat.engines.openai.chunks import words
from sprat.errors import EngineDied, EngineRefused
from sprat.models.progress import Progress, remark, silent

LOAD_S = 600.0
"""The longest load: twenty billion parameters from a slow disk."""
KEEP_S = 600
"""How long the older service keeps an idle model in memory.

Source: `ttl` of load_model in https://github.com/microsoft/Foundry-Local sdk/python (0.5)."""


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """A model that is ready."""

    id: str
    """The name that chat completions take."""
    load_s: float | None = None
    """Seconds that the load took; None when it was in memory already."""


def make_ready(
    name: str, seen: Answerer, progress: Progress = silent, *, key: str | None = None
) -> Loaded:
    """The full id of the model that `name` means at a Foundry Local, loaded if it was not.

    Blocks while it loads, up to `LOAD_S`.

    Raises:
        EngineRefused: no such model, not on the service's disk, or it could not be loaded.
        EngineDied: the service went away meanwhile.
    """
    models = models_of(seen, key=key) or ()
    model = pick(name, models)
    if model and model.loaded:
        return Loaded(id=model.id)
    if model is None and seen.kind == "service" and models:
        raise refused(troubles.unknown_model(name, models, seen), status=404)
    if model and model.cached is False:
        raise refused(troubles.not_downloaded(name, model, seen), status=404)
    state = "is not in memory" if model else "is no name that is listed"
    remark(progress, f"{name} {state} at {seen.api}; loading it. The first answer waits.")
    return _load(name, model, models, seen, key)


def refused(trouble: Trouble, *, status: int | None = None) -> EngineRefused:
    """A trouble as the error of an engine."""
    return EngineRefused(trouble.what, status=status, fix=trouble.fix)


def _load(
    name: str,
    model: ServiceModel | None,
    models: tuple[ServiceModel, ...],
    seen: Answerer,
    key: str | None,
) -> Loaded:
    start = time.monotonic()
    for called in _names_to_load(name, model, seen):
        answer = _ask(called, seen, key)
        if answer.status != 404:
            break
    else:
        raise refused(troubles.unknown_model(name, models, seen), status=404)
    if answer.status != 200:
        _raise(name, model, answer, seen)
    return Loaded(id=_id_of(name, models, seen, key), load_s=time.monotonic() - start)


def _names_to_load(name: str, model: ServiceModel | None, seen: Answerer) -> list[str]:
    """The older service loads by full id; the newer by alias alone, though it answers by id."""
    if model is None:
        return [name]
    if seen.kind == "service":
        return [model.id]
    return list(dict.fromkeys([model.alias or name, model.short, model.stem]))


def _ask(called: str, seen: Answerer, key: str | None) -> Glance:
    path = "/openai/load/" if seen.kind == "service" else "/models/load/"
    query = f"?ttl={KEEP_S}" if seen.kind == "service" else ""
    url = f"{seen.root}{path}{quote(called, safe=':')}{query}"  # the newer one decodes no %3A
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return glance(url, within_s=LOAD_S, headers=headers)


def _raise(name: str, model: ServiceModel | None, answer: Glance, seen: Answerer) -> NoReturn:
    if answer.status is None:
        raise EngineDied(
            f"Foundry Local at {seen.api} went away while it loaded {name}: {answer.why}.",
            fix="See: sprat foundry status",
        )
    said = _words(answer)
    # The older service says so of a model whose files it does not have.
    if "not cached" in said.lower() or "No OpenAIService provider found" in said:
        missing = model or ServiceModel(id=name)
        raise refused(troubles.not_downloaded(name, missing, seen), status=answer.status)
    raise EngineRefused(
        f"Foundry Local at {seen.api} could not load {name}: HTTP {answer.status}, {said}.",
        status=answer.status,
        fix="It may be too large for its memory, or of a variant that its devices cannot run: "
        "sprat foundry models lists the others.",
    )


def _id_of(name: str, before: tuple[ServiceModel, ...], seen: Answerer, key: str | None) -> str:
    """The id of what was just loaded under `name`."""
    now = tuple(m for m in models_of(seen, key=key) or () if m.loaded)
    known = {m.id for m in before if m.loaded}
    new = tuple(m for m in now if m.id not in known)
    if model := pick(name, now):
        return model.id
    if len(new or now) == 1:
        return (new or now)[0].id
    listed = ", ".join(m.id for m in now) or "none"
    raise EngineRefused(
        f"{seen.api} loaded {name}, and does not say which of its models that is ({listed}).",
        fix="Give the full name: foundry:ID, as sprat foundry models lists it.",
    )


def _words(answer: Glance) -> str:
    """What a refusal says, in one line."""
    text = answer.body[:4096].decode("utf-8", "replace")
    try:
        said = words(msgspec.json.decode(answer.body))
    except (ValueError, RecursionError):
        said = words(text)
    return said or "no reason given"
