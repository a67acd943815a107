"""Does a JSON value fit a JSON schema? The part of the vocabulary that answers are held to.

Unknown keywords (formats, `if`, `not`, …) are passed over: where this finds a fault there is one,
where it finds none there may still be one.

Source: https://json-schema.org/draft/2020-12/json-schema-validation
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from sprat.questions.scorers.base import Json

_DEEPEST = 64


def misfit(value: Json, schema: Mapping[str, Any]) -> str | None:
    """The first thing that does not fit, in a few words; None: nothing was found."""
    return next(_faults(value, schema, schema, "it", 0), None)


def _faults(value: Json, schema: Json, root: Json, at: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST or schema is True or not isinstance(schema, (dict, bool)):
        return
    if schema is False:
        yield f"{at} must not be there"
        return
    rules = cast("dict[str, Any]", schema)
    if "$ref" in rules:
        yield from _faults(value, _referred(rules["$ref"], root), root, at, depth + 1)
    yield from _of_value(value, rules, at)
    if isinstance(value, dict):
        yield from _of_object(cast("dict[str, Any]", value), rules, root, depth)
    if isinstance(value, list):
        yield from _of_list(cast("list[Any]", value), rules, root, at, depth)
    yield from _of_choices(value, rules, root, at, depth)


def _referred(reference: Json, root: Json) -> Json:
    """The part of the schema that `#/…` points to; anything goes where it points elsewhere."""
    found = root
    if not isinstance(reference, str) or not reference.startswith("#"):
        return True
    for name in reference.lstrip("#").strip("/").split("/"):
        key = name.replace("~1", "/").replace("~0", "~")
        if key:
            found = cast("Any", found).get(key, True) if isinstance(found, dict) else True
    return found


_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "number": (int, float),
    "integer": (int,),
}


def _is(value: Json, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES.get(kind, (object,)))


def _same(left: Json, right: Json) -> bool:
    """Equality of JSON: `true` is not 1."""
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _of_value(value: Json, rules: dict[str, Any], at: str) -> Iterator[str]:
    kinds = rules.get("type")
    wanted = cast("list[str]", kinds if isinstance(kinds, list) else [kinds] if kinds else [])
    if wanted and not any(_is(value, kind) for kind in wanted):
        yield f"{at} is no {' or '.join(wanted)}"
    if "enum" in rules and not any(_same(value, one) for one in rules["enum"]):
        yield f"{at} is none of {rules['enum']}"[:120]
    if "const" in rules and not _same(value, rules["const"]):
        yield f"{at} is not {rules['const']!r}"[:120]
    if isinstance(value, str):
        yield from _of_text(value, rules, at)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from _of_number(value, rules, at)


def _of_text(value: str, rules: dict[str, Any], at: str) -> Iterator[str]:
    if len(value) < rules.get("minLength", 0):
        yield f"{at} is too short"
    if len(value) > rules.get("maxLength", len(value)):
        yield f"{at} is too long"
    pattern = rules.get("pattern")
    if isinstance(pattern, str) and not _matches(pattern, value):
        yield f"{at} does not match {pattern!r}"


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.search(pattern, value) is not None
    except re.error:  # a regular expression of another kind than Python's
        return True


def _of_number(value: float, rules: dict[str, Any], at: str) -> Iterator[str]:
    if value < rules.get("minimum", value) or value > rules.get("maximum", value):
        yield f"{at} is out of range"
    least, most = rules.get("exclusiveMinimum"), rules.get("exclusiveMaximum")
    if (least is not None and value <= least) or (most is not None and value >= most):
        yield f"{at} is out of range"


def _of_object(
    value: dict[str, Any], rules: dict[str, Any], root: Json, depth: int
) -> Iterator[str]:
    for name in rules.get("required", ()):
        if name not in value:
            yield f"{name!r} is missing"
    known: dict[str, Any] = rules.get("properties", {})
    rest = rules.get("additionalProperties", True)
    for name, inner in value.items():
        if name in known:
            yield from _faults(inner, known[name], root, repr(name), depth + 1)
        elif not any(_matches(one, name) for one in rules.get("patternProperties", {})):
            yield from _faults(inner, rest, root, repr(name), depth + 1)


def _of_list(
    value: list[Any], rules: dict[str, Any], root: Json, at: str, depth: int
) -> Iterator[str]:
    if len(value) < rules.get("minItems", 0) or len(value) > rules.get("maxItems", len(value)):
        yield f"{at} has {len(value)} items"
    first: list[Any] = rules.get("prefixItems", [])
    for place, inner in enumerate(value):
        schema = first[place] if place < len(first) else rules.get("items", True)
        yield from _faults(inner, schema, root, f"{at}[{place}]", depth + 1)


def _of_choices(
    value: Json, rules: dict[str, Any], root: Json, at: str, depth: int
) -> Iterator[str]:
    for one in rules.get("allOf", ()):
        yield from _faults(value, one, root, at, depth + 1)
    for word in ("anyOf", "oneOf"):
        ways = rules.get(word)
        if ways and not any(
            next(_faults(value, one, root, at, depth + 1), None) is None for one in ways
        ):
            yield f"{at} fits none of {word}"
