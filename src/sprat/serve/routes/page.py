"""The page: `/`, `/assets/…`, `/sw.js`; and the models that it computes: `/api/web/…`."""

import asyncio
from urllib.parse import parse_qs

import msgspec

from sprat.models.web_ready import WebModel
from sprat.serve.asgi import header, respond
from sprat.serve.file import File, send_file
from sprat.serve.guard.key import Key, key_of
from sprat.serve.page.built import ASK_AGAIN, FOREVER
from sprat.serve.page.shelf import MANIFEST, Shelf
from sprat.serve.problem import BadRequest
from sprat.serve.routes.table import Call
from sprat.serve.wire.form import encode

_MARK_CHARACTERS = 16
_MOST_FIELDS = 8


class WebModels(msgspec.Struct, frozen=True, kw_only=True):
    """What can run in the page."""

    models: tuple[WebModel, ...]


async def index(call: Call) -> None:
    """The page itself."""
    await _send(call, "index.html", ASK_AGAIN)


async def service_worker(call: Call) -> None:
    """What keeps the page when there is no network."""
    await _send(call, "sw.js", ASK_AGAIN)


async def asset(call: Call) -> None:
    """A file of the page, under a name that is never another file's."""
    await _send(call, f"assets/{call.word('file')}", FOREVER)


async def _send(call: Call, name: str, cache_control: tuple[bytes, bytes]) -> None:
    built = await asyncio.to_thread(call.gateway.built)
    if not built.has(name):
        raise _nothing(name)
    await built.send(call.scope, call.receive, call.send, name, cache_control)


async def list_models(call: Call) -> None:
    """The models that run in the page."""
    models = tuple(await call.gateway.shelves.models())
    await respond(call.send, 200, encode(WebModels(models=models)))


async def manifest(call: Call) -> None:
    """What a model's files are; it is exported now, if it never was."""
    shelf = await call.gateway.shelves.of(call.word("model"))
    await send_file(call.scope, call.receive, call.send, shelf[MANIFEST], (ASK_AGAIN,))


async def model_file(call: Call) -> None:
    """A file of a model, by the name and the hash that its manifest has for it."""
    mark = _mark(call)
    file = (await _shelf(call, mark)).get(call.word("path"))
    if file is None:
        raise _nothing(call.word("path"))
    if mark is not None and not _is_of(mark, file):
        line = f"{call.word('path')} is another file now than {mark}."
        fix = "Ask for the manifest again."
        raise BadRequest(line, status=404, code="not_found", fix=fix)
    cache_control = ASK_AGAIN if mark is None else FOREVER
    await send_file(call.scope, call.receive, call.send, file, (cache_control,))


async def _shelf(call: Call, mark: str | None) -> Shelf:
    """The model's files, for those who have the key, or know a file's hash from its manifest."""
    shelves, name = call.gateway.shelves, call.word("model")
    if (key := key_of(call.gateway.settings)) is None:
        return await shelves.of(name)
    file = (await shelves.known(name) or {}).get(call.word("path"))
    if mark is None or file is None or not _is_of(mark, file):
        Key(key).check(header(call.scope, b"authorization"))
    return await shelves.of(name)


def _mark(call: Call) -> str | None:
    """`?v=`: the first characters of the file's SHA-256."""
    query = call.scope["query_string"].decode("latin-1")
    try:
        return parse_qs(query, max_num_fields=_MOST_FIELDS).get("v", [None])[0]
    except ValueError:
        line = f"A query of more than {_MOST_FIELDS} fields."
        raise BadRequest(line, fix="Ask with ?v= alone, or with no query.") from None


def _is_of(mark: str, file: File) -> bool:
    return mark == file.sha256[:_MARK_CHARACTERS]


def _nothing(name: str) -> BadRequest:
    line = f"There is nothing called {name[:100]!r} here."
    return BadRequest(line, status=404, code="not_found")
