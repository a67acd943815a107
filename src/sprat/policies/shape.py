"""Is an answer of the form that was asked for?"""

import math
import re
from typing import Any, cast

from sprat.types import ResponseFormat

_DEEPEST = 64

_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "integer": (int,),
    "number": (int, float),
}


def asks_json(wanted: ResponseFormat | None) -> bool:
    """Say whether a JSON document was asked for."""
    return wanted is not None and wanted.kind in {"json_object", "json_schema"}


def document(text: str) -> tuple[bool, Any]:
    """Whether the whole text is one JSON document, and its value."""
    import json

    try:
        return True, json.loads(text)
    except (ValueError, RecursionError):
        return False, None


def has_shape(text: str, wanted: ResponseFormat) -> bool:
    """Say whether an answer has the form that was asked for.

    Of a JSON schema these are read: type, enum, const, properties, required,
    additionalProperties false, items, anyOf, oneOf (as anyOf). Others are taken to hold: engines
    that enforce a schema while decoding enforce those too, and where nothing enforces it, it is
    the form as a whole that goes wrong, not a bound.
    """
    if wanted.kind == "regex":
        return re.fullmatch(wanted.pattern or "", text) is not None
    parsed, value = document(text)
    if wanted.kind == "json_object":
        return parsed and isinstance(value, dict)
    return parsed and _holds(value, wanted.schema or {}, 0)


def _holds(value: object, schema: object, depth: int) -> bool:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return schema is not False
    rules = cast("dict[str, Any]", schema)
    choices: list[Any] = rules.get("anyOf") or rules.get("oneOf") or []
    return (
        _is_kind(value, rules.get("type"))
        and ("enum" not in rules or any(_same(value, one) for one in rules["enum"]))
        and ("const" not in rules or _same(value, rules["const"]))
        and (not choices or any(_holds(value, choice, depth + 1) for choice in choices))
        and _parts_hold(value, rules, depth)
    )


def _parts_hold(value: object, rules: dict[str, Any], depth: int) -> bool:
    if isinstance(value, list):
        entries = cast("list[Any]", value)
        return all(_holds(entry, rules.get("items", {}), depth + 1) for entry in entries)
    if not isinstance(value, dict):
        return True
    fields = cast("dict[str, Any]", value)
    known: dict[str, Any] = rules.get("properties", {})
    if not set(rules.get("required", ())) <= set(fields):
        return False
    if rules.get("additionalProperties") is False and not set(fields) <= set(known):
        return False
    return all(_holds(entry, known.get(name, {}), depth + 1) for name, entry in fields.items())


def _is_kind(value: object, wanted: object) -> bool:
    if wanted is None:
        return True
    names = cast("list[str]", wanted) if isinstance(wanted, list) else [str(wanted)]
    return any(_is(value, name) for name in names)


def _is(value: object, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if isinstance(value, float) and name == "integer":
        return math.isfinite(value) and value.is_integer()
    return isinstance(value, _KINDS.get(name, (object,)))


def _same(left: object, right: object) -> bool:
    return left == right and isinstance(left, bool) == isinstance(right, bool)
