"""The kinds of values that bodies hold, each bounded, and how a wrong one is named."""

import re
from typing import Annotated, Any, TypeVar, cast

import msgspec
from msgspec import Meta

from sprat.serve.models.names import MOST_CHARACTERS, PATTERN
from sprat.serve.problem import BadRequest

MOST_CHOICES = 8
MOST_DEPTH = 32
"""Of nested objects and lists in a schema or a tool."""
MOST_TOKENS = 1_000_000
_SHOWN = 200

ModelName = Annotated[
    str,
    Meta(
        pattern=PATTERN,
        max_length=MOST_CHARACTERS,
        description="A name of GET /v1/models. Never a path.",
    ),
]
Tokens = Annotated[int, Meta(ge=1, le=MOST_TOKENS)]
Temperature = Annotated[float, Meta(ge=0, le=2, description="0 (the default here) is greedy.")]
Share = Annotated[
    float, Meta(ge=0, le=1, description="Choose among the likeliest tokens of this share; else 1.")
]
Penalty = Annotated[
    float, Meta(ge=-2, le=2, description="Above 0: what was said becomes less likely; else 0.")
]
Seed = Annotated[
    int, Meta(ge=0, le=2**53, description="The same seed, the same choices on the same machine.")
]
Choices = Annotated[int, Meta(ge=1, le=MOST_CHOICES, description="How many answers; else 1.")]
Top = Annotated[int, Meta(ge=0, le=20, description="So many alternatives to each token.")]
StopString = Annotated[str, Meta(min_length=1, max_length=512)]
Stops = Annotated[list[StopString], Meta(max_length=16)]
Bias = Annotated[
    dict[Annotated[str, Meta(pattern=r"^[0-9]{1,9}$")], Annotated[float, Meta(ge=-100, le=100)]],
    Meta(max_length=1024),
]
FunctionName = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
Description = Annotated[str, Meta(max_length=16_384)]
Effort = Annotated[
    str,
    Meta(max_length=32, description="How long to think, in the word of the model's endpoint."),
]
Caller = Annotated[
    str, Meta(max_length=256, description="Shares the queue fairly between those who ask.")
]

B = TypeVar("B")
_UNKNOWN = re.compile(r"unknown field `(?P<name>[^`]*)`")
_MISSING = re.compile(r"missing required field `(?P<name>[^`]*)`")
_AT = re.compile(r" - at (?:`key` in )?`(?P<path>[^`]*)`")
_NOTHING = re.compile(r"Expected `null`|Expected `object` of length <= 0")
"""What msgspec says where nothing at all is taken."""
_FIXES = (
    (re.compile(r"content\[\d+\]"), "Only text parts are taken."),
    (re.compile(r"^(prompt|input)\[\d+\]$"), "Only texts are taken, no token numbers."),
    (re.compile(r"tools\[\d+\](\.type)?$"), "Functions are the only tools."),
    (re.compile(r"^model$"), "Take a name of GET /v1/models; a path is none."),
    (
        re.compile(r"^(store|previous_response_id|conversation|background)$"),
        "Nothing is kept here: send the whole conversation, and leave this out.",
    ),
    (re.compile(r"logit_bias"), "Token numbers to -100…100, at most 1024 of them."),
)
"""What to send instead, by the place of what was wrong."""


def read(raw: bytes, body: type[B]) -> B:
    """A body of a request.

    Raises:
        BadRequest: it is no JSON, or a field is unknown, missing or out of bounds: it is named.
    """
    try:
        return msgspec.json.decode(raw, type=body)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(f"The body is no JSON: {error}.", code="invalid_json") from error
    except RecursionError as error:
        line = "The body is nested too deeply."
        raise BadRequest(line, code="invalid_json") from error


def _invalid(message: str) -> BadRequest:
    """What msgspec says of a wrong value, with its place in front."""
    at = _AT.search(message)
    path = at["path"].removeprefix("$").removeprefix(".") if at else ""
    field = _UNKNOWN.search(message) or _MISSING.search(message)
    if field is None:
        said = _shown(message[: at.start()] if at else message)
        line = f"{path}: {said}." if path else f"{said}."
        if path and _NOTHING.match(said):
            line = f"{path} is not offered here."
        if path == "model" and "matching regex" in said:
            line = "model is no model's name."
    else:
        path = f"{path}.{field['name']}" if path else field["name"]
        missing = field.re is _MISSING
        line = f"{_shown(path)} is {'missing' if missing else 'no parameter here'}."
    fix = next((fix for place, fix in _FIXES if place.search(path)), None)
    if fix is None and "Invalid enum value" in line:
        fix = "GET /docs lists what it may be."
    return BadRequest(line, param=path[:_SHOWN] or None, code="invalid_value", fix=fix)


def _shown(text: str) -> str:
    """A beginning of what a client sent: an error does not send it all back."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def refuse(param: str, message: str, *, fix: str | None = None) -> BadRequest:
    """A parameter that cannot be honoured."""
    return BadRequest(message, param=param, code="unsupported_value", fix=fix)


def only(param: str, value: object, *allowed: object) -> None:
    """Refuse a parameter unless it is absent or has a value that changes nothing here.

    Raises:
        BadRequest: it asks for something that this gateway does not do.
    """
    if value is None or value in allowed:
        return
    taken = " or ".join(_json(one) for one in allowed)
    fix = f"Leave it out, or send {taken}." if allowed else "Leave it out."
    raise refuse(param, f"{param} is {_json(value)[:80]}, which is not offered here.", fix=fix)


def _json(value: object) -> str:
    """A value as the client wrote it: `false`, not Python's `False`."""
    return msgspec.json.encode(value).decode()


def shallow(param: str, value: dict[str, Any]) -> dict[str, Any]:
    """A schema that is not nested beyond all use.

    Raises:
        BadRequest: it is.
    """
    layer: list[object] = [value]
    for _ in range(MOST_DEPTH):
        layer = [inner for outer in layer for inner in _inside(outer)]
        if not layer:
            return value
    raise refuse(param, f"{param} is nested more than {MOST_DEPTH} deep.")


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(cast("dict[str, object]", value).values())
    return list(cast("list[object]", value)) if isinstance(value, list) else []
