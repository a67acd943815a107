"""Every word of a request that a model is sent, wherever in it that stands."""

from collections.abc import Iterable, Iterator
from typing import Any, cast

import msgspec

from sprat.policies.shape import document
from sprat.types import ChatRequest

_OURS = {"model", "role", "kind", "logit_bias"}
"""Fields of structs that hold no words of the caller's: names, kinds, and numbers of tokens."""


def words_of(request: ChatRequest) -> Iterator[str]:
    """Every string of the request, and what those that are JSON hold, escapes undone.

    Of objects (schemas, functions, arguments of calls) the keys and the numbers too.
    """
    left: list[Any] = [request]
    while left:  # no recursion: how deep it is, the caller decides
        value = left.pop()
        if isinstance(value, str):
            yield value
            left += _within(value)
        elif isinstance(value, msgspec.Struct):
            left += _parts(value)
        elif isinstance(value, dict):
            fields = cast("dict[str, Any]", value)
            left += (*fields, *_told(fields.values()))
        elif isinstance(value, list | tuple):
            left += _told(cast("list[Any]", value))


def _parts(struct: msgspec.Struct) -> list[Any]:
    return [getattr(struct, name) for name in struct.__struct_fields__ if name not in _OURS]


def _within(text: str) -> list[Any]:
    parsed, value = document(text) if text.lstrip()[:1] in ("{", "[", '"') else (False, None)
    return [value] if parsed else []


def _told(values: Iterable[Any]) -> list[Any]:
    return [str(value) if isinstance(value, int | float) else value for value in values]
