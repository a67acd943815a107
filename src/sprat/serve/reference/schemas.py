"""The JSON schemas of everything that goes over the wire, with the words of its source."""

from collections.abc import Iterable, Iterator
from inspect import cleandoc
from typing import Any

import msgspec
from msgspec import inspect as kinds

from sprat.serve.reference.described import words_of

REF = "#/components/schemas/"
NOT_OFFERED = "Not offered here: absent, or null."

Schema = dict[str, Any]


def components(types: Iterable[Any]) -> dict[str, Schema]:
    """Every type that the given ones are made of: name → schema, each field described."""
    given = list(types)
    _, schemas = msgspec.json.schema_components(given, ref_template=REF + "{name}")
    for kind in {kind.cls for kind in _structs(kinds.multi_type_info(given))}:
        _describe(schemas[kind.__name__], kind)
    return schemas


def schema_of(kind: object) -> Schema:
    """The schema of a type, as a reference into `components` where it has a name."""
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=REF + "{name}")
    return schema


def _structs(found: Iterable[Any]) -> Iterator[kinds.StructType]:
    """The structs among types, and inside them, each once."""
    seen: set[type] = set()
    left = list(found)
    while left:
        one = left.pop()
        if isinstance(one, kinds.StructType):
            if one.cls in seen:
                continue
            seen.add(one.cls)
            yield one
        left += _inside(one)


def _inside(one: object) -> list[Any]:
    """The types and fields that a type is made of."""
    if not isinstance(one, (kinds.Type, kinds.Field)):
        return []
    parts: list[Any] = []
    for name in one.__struct_fields__:
        value = getattr(one, name)
        parts += value if isinstance(value, tuple) else [value]
    return parts


def _describe(schema: Schema, kind: type[msgspec.Struct]) -> None:
    said = words_of(kind)
    schema["description"] = cleandoc(schema.get("description", ""))
    for field in msgspec.structs.fields(kind):
        shown: Schema = schema["properties"][field.encode_name]
        own = said.get(field.name) or shown.get("description") or _of_the_one_value(shown)
        if own is None and shown.get("type") == "null":
            own = NOT_OFFERED
        if own is not None:
            shown["description"] = own
        _forget_null(shown)


def _of_the_one_value(shown: Schema) -> str | None:
    """The words that stand at the only value beside null: they are the field's."""
    beside_null = [one for one in shown.get("anyOf", ()) if one.get("type") != "null"]
    return beside_null[0].pop("description", None) if len(beside_null) == 1 else None


def _forget_null(shown: Schema) -> None:
    """A default of null says no more than that the field may be left out."""
    if shown.get("default", 0) is None:
        del shown["default"]
