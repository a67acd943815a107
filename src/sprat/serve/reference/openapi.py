"""The OpenAPI document, made from the table of routes and the types of what goes over the wire.

Source: https://spec.openapis.org/oas/v3.1.1
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from sprat.serve.models.names import MOST_CHARACTERS, PATTERN
from sprat.serve.reference.examples import EXAMPLES, MODEL
from sprat.serve.reference.queries import QUERIES
from sprat.serve.reference.schemas import Schema, components, schema_of
from sprat.serve.routes.table import Route

GROUPS = {
    "openai": "OpenAI's API. What is not here is refused by name, never ignored.",
    "sprat": "Models: where each stands, load, unload. Policies: how each fares, reset.",
    "runs": "What was recorded: studies, answers, their history, as pages and as JSON.",
    "page": "The page at `/`, and the models that it computes in the browser.",
    "running": "For those who run the gateway: health, counters, this description.",
}

STATUSES = {
    200: "Done.",
    206: "The part that the header Range asked for.",
    304: "The file has not changed: If-None-Match names it.",
    400: "The request cannot be honoured: `param` names what is wrong with it.",
    401: "The key is missing or wrong.",
    403: "The Host, or the page's origin, is not on the list of those that may ask.",
    404: "There is no such model, or no such address.",
    405: "The address does not take this method.",
    408: "The request took too long to arrive.",
    409: "Not now: the model is in use.",
    413: "The body is too large.",
    414: "The address is too long.",
    416: "The file has no such part.",
    415: "The body is compressed, or not marked as application/json.",
    429: "Too many requests of yours wait already.",
    431: "The headers are too large.",
    500: "Something unforeseen; it is in the log.",
    502: "The model failed, or its endpoint said no.",
    503: "Too much at once, too little memory, a worker that died, or the gateway is stopping.",
    504: "The model's endpoint did not answer in time.",
}
"""What each status means here."""

_ANYWHERE = (400, 403, 405, 408, 413, 414, 415, 431, 500, 503)
"""What any address may answer, whatever its handler does."""
_WAITING = (429, 503)
"""Those that say when to ask again."""


class ErrorObject(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong, in OpenAI's words."""

    message: str
    """What happened, the value seen, and what to do about it."""
    type: str
    """`invalid_request_error`, `rate_limit_error`, `server_error` …"""
    param: str | None
    """The field of the body that is wrong, where it is one."""
    code: str | None
    """For programs: the table is in docs/serve.md."""


class ErrorReply(msgspec.Struct, frozen=True, kw_only=True):
    """Every error. In the middle of a stream it is an event of this form."""

    error: ErrorObject


def document(routes: Sequence[Route]) -> dict[str, Any]:
    """The OpenAPI document of `routes`, as JSON values."""
    from sprat import __version__

    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    types = [kind for route in routes for kind in _types(route)]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sprat's gateway",
            "version": __version__,
            "summary": "One OpenAI-compatible endpoint in front of every model.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "Where this document came from."}],
        "tags": [{"name": name, "description": words} for name, words in GROUPS.items()],
        "security": [{}, {"key": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components([*types, ErrorReply]).items())),
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Needed when the gateway was started with a key.",
                },
                "password": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "The key as password, for browsers; any user name.",
                },
            },
        },
    }


def _types(route: Route) -> list[Any]:
    given = (route.body, route.reply, route.event, route.failure)
    return [kind for kind in given if kind is not None]


def _operation(route: Route) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": _name(route),
        "summary": route.summary,
        "tags": [route.group],
        "responses": {str(status): _response(route, status) for status in statuses(route)},
    }
    parameters = [PARAMETERS[word] for word in WORD.findall(route.path)]
    parameters += [QUERIES[word] for word in route.query]
    if parameters:
        made["parameters"] = parameters
    if route.body is not None:
        content: Schema = {"schema": schema_of(route.body)}
        if (example := EXAMPLES.get(route.path)) is not None:
            content["example"] = example
        required = bool(example)
        made["requestBody"] = {"required": required, "content": {"application/json": content}}
    if route.open:
        made["security"] = []
    elif route.basic:
        made["security"] = [{}, {"key": []}, {"password": []}]
    return made


def _name(route: Route) -> str:
    words = re.sub(r"[{}]", "", route.path).strip("/").replace(".", "_").split("/")
    return "_".join([route.method.lower(), *filter(None, words)])


WORD = re.compile(r"\{([a-z]+)\}")
"""A `{word}` of a route's path."""


def _parameter(name: str, words: str, example: str, pattern: str, most: int) -> Schema:
    schema = {"type": "string", "pattern": pattern, "maxLength": most}
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": words,
        "schema": schema,
        "example": example,
    }


_FILE = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
_PATH = r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*){0,3}$"
PARAMETERS = {
    "name": _parameter(
        "name", "A model's name; a slash in it may be sent as it is, or as %2F.",
        MODEL, PATTERN, MOST_CHARACTERS,
    ),
    "model": _parameter("model", "A model that runs in the page.", MODEL, _FILE, MOST_CHARACTERS),
    "file": _parameter("file", "A file's name, with its hash.", "page.css", _FILE, MOST_CHARACTERS),
    "path": _parameter(
        "path", "A file's name in the manifest.", "config.json", _PATH, MOST_CHARACTERS
    ),
    "run": _parameter(
        "run", "A study's id, the beginning of one, or `latest`.",
        "latest", "^[A-Za-z0-9-]+$", 40,
    ),
    "question": _parameter(
        "question", "A question's id; a slash in it may be sent as it is, or as %2F.",
        "q0001", "^[A-Za-z0-9][A-Za-z0-9._/-]*$", 200,
    ),
}  # fmt: skip


def statuses(route: Route) -> list[int]:
    """Everything that a route may answer with."""
    found = {200, *_ANYWHERE, *route.errors}
    if "{name}" in route.path:
        found.add(404)
    if route.file:
        found |= {206, 304, 416}
    if not route.open:
        found.add(401)
    return sorted(found)


def _response(route: Route, status: int) -> dict[str, Any]:
    made: dict[str, Any] = {"description": STATUSES[status]}
    if status == 304:
        return made
    if status in {200, 206, 416} and route.file:
        made["content"] = _whole(route)
    elif status == 200:
        made["content"] = _whole(route)
        if _asks(route):
            made["headers"] = _SAID
    else:
        made["content"] = {"application/json": {"schema": _error(route, status)}}
        if route.basic and route.gives == "text/html":
            made["content"]["text/html"] = {"schema": {"type": "string"}}
        if status in _WAITING:
            made["headers"] = _WAIT
    return made


def _error(route: Route, status: int) -> Schema:
    usual = schema_of(ErrorReply)
    if route.failure is None or status not in route.errors:
        return usual
    return {"anyOf": [schema_of(route.failure), usual]}


def _whole(route: Route) -> dict[str, Any]:
    schema = {"type": "string"} if route.reply is None else schema_of(route.reply)
    content: dict[str, Any] = {route.gives: {"schema": schema}}
    if route.event is not None:
        content["text/event-stream"] = {"schema": _stream(route.event)}
    return content


def _stream(event: object) -> Schema:
    """Each event, in the way in which OpenAPI 3.2 describes them.

    Source: https://spec.openapis.org/oas/v3.2.0.html#server-sent-event-streams
    """
    data = {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": {"anyOf": [schema_of(event), schema_of(ErrorReply)]},
    }
    return {
        "type": "object",
        "description": "With `stream: true`: one of the server-sent events. An error ends the "
        "stream; chat and text completions end with `[DONE]`.",
        "properties": {
            "event": {"type": "string"},
            "data": {"anyOf": [{"const": "[DONE]"}, data]},
        },
        "required": ["data"],
    }


def _asks(route: Route) -> bool:
    """Whether a model answers: its reply says which."""
    fields = getattr(route.reply, "__struct_fields__", ())
    return "sprat" in fields


_SAID = {
    "X-Sprat-Model": {"description": "The model that answered.", "schema": {"type": "string"}},
    "X-Request-Id": {"description": "As the log names it.", "schema": {"type": "string"}},
    "Server-Timing": {
        "description": "Milliseconds so far: queue, load, first piece, total (not in a stream).",
        "schema": {"type": "string"},
    },
}
_WAIT = {
    "Retry-After": {
        "description": "Whole seconds after which asking again makes sense.",
        "schema": {"type": "integer", "minimum": 1},
    }
}
