"""The OpenAPI document as a person reads it: groups, addresses, fields in words."""

import json
import sys
from typing import Any, cast

import msgspec

from sprat.serve.reference.openapi import PARAMETERS, WORD
from sprat.serve.reference.schemas import REF, Schema

_SIGNS = {"integer": "integer", "number": "number", "string": "text", "boolean": "true or false"}


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A field of an object."""

    name: str
    kind: str
    """What it may be, in words."""
    links: tuple[str, ...]
    """The types that it is made of."""
    required: bool
    bounds: str
    words: str


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one address."""

    method: str
    path: str
    anchor: str
    summary: str
    open: bool
    body: str | None
    fields: tuple[Field, ...]
    gives: tuple[tuple[str, str | None], ...]
    """Content type and the type of what is in it; None: text."""
    statuses: tuple[tuple[str, str], ...]
    curl: str


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses that belong together."""

    name: str
    words: str
    operations: tuple[Operation, ...]


def groups_of(document: dict[str, Any], base: str) -> list[Group]:
    """Every operation by group; `base` is the address that the examples ask."""
    found = [
        (operation["tags"][0], _operation(document, method, path, operation, base))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return [
        Group(
            name=tag["name"],
            words=tag["description"],
            operations=tuple(one for name, one in found if name == tag["name"]),
        )
        for tag in document["tags"]
    ]


def types_of(document: dict[str, Any]) -> list[tuple[str, str, tuple[Field, ...]]]:
    """Every type: its name, what it is, its fields."""
    schemas = document["components"]["schemas"]
    return [
        (name, schema.get("description", ""), fields_of(schema)) for name, schema in schemas.items()
    ]


def fields_of(schema: Schema) -> tuple[Field, ...]:
    """An object's fields, the required ones first, those that are not offered last."""
    required = schema.get("required", ())
    fields = [_field(name, one, name in required) for name, one in schema["properties"].items()]
    return tuple(sorted(fields, key=lambda one: (not one.required, one.kind == "null")))


def _operation(
    document: dict[str, Any], method: str, path: str, operation: dict[str, Any], base: str
) -> Operation:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    body = _name(content["schema"]) if content else None
    schemas = document["components"]["schemas"]
    return Operation(
        method=method.upper(),
        path=path,
        anchor=operation["operationId"],
        summary=operation["summary"],
        open=operation.get("security") == [],
        body=body,
        fields=fields_of(schemas[body]) if body else (),
        gives=tuple(_gives(operation["responses"]["200"]["content"])),
        statuses=tuple((code, one["description"]) for code, one in operation["responses"].items()),
        curl=curl(base, method, path, content.get("example")),
    )


def _gives(content: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [
        (kind, _name(_in_event(one["schema"]) or one["schema"])) for kind, one in content.items()
    ]


def _in_event(schema: Schema) -> Schema | None:
    """What an event's data holds, if `schema` is one's."""
    if (data := schema.get("properties", {}).get("data")) is None:
        return None
    return cast("Schema", data["anyOf"][1]["contentSchema"]["anyOf"][0])


def _name(schema: Schema) -> str | None:
    """The type that a schema points at; None: it has no name of its own, or several."""
    return schema["$ref"].removeprefix(REF) if "$ref" in schema else None


def curl(base: str, method: str, path: str, example: dict[str, Any] | None) -> str:
    """A command line that asks."""
    address = base + WORD.sub(lambda word: PARAMETERS[word[1]]["example"], path)
    if method.lower() == "get":
        return f"curl {address}"
    body = json.dumps(example or {})
    quoted = '"' + body.replace('"', '\\"') + '"' if sys.platform == "win32" else f"'{body}'"
    return f'curl {address} -H "Content-Type: application/json" -d {quoted}'


def _field(name: str, schema: Schema, required: bool) -> Field:
    return Field(
        name=name,
        kind=kind_of(schema),
        links=tuple(dict.fromkeys(_links(schema))),
        required=required,
        bounds="; ".join(dict.fromkeys(_bounds(schema))),
        words=schema.get("description", ""),
    )


def kind_of(schema: Schema) -> str:
    """What a value may be, in words; that it may be null is left to `required`."""
    if "anyOf" in schema:
        kinds = [kind_of(one) for one in schema["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if (name := _name(schema)) is not None:
        return name
    if "enum" in schema:
        return " or ".join(json.dumps(value) for value in schema["enum"])
    return _plain(schema)


def _plain(schema: Schema) -> str:
    kind = schema.get("type")
    if kind == "array":
        return f"list of {kind_of(schema['items'])}" if schema.get("items") else "list"
    if kind == "object":
        inner = schema.get("additionalProperties")
        known = cast("Schema", inner) if isinstance(inner, dict) else {}
        return f"object of {kind_of(known)}" if known else "object"
    if kind is None and "const" in schema:
        return json.dumps(schema["const"])
    return _SIGNS.get(str(kind), str(kind or "anything"))


def _links(schema: Schema) -> list[str]:
    found = [name] if (name := _name(schema)) else []
    for one in (*schema.get("anyOf", ()), schema.get("items"), schema.get("additionalProperties")):
        if isinstance(one, dict):
            found += _links(one)  # pyright: ignore[reportUnknownArgumentType]
    return found


def _bounds(schema: Schema) -> list[str]:
    found: list[str] = []
    for least, most, unit in (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
        ("minProperties", "maxProperties", " entries"),
    ):
        if least in schema or most in schema:
            found.append(_span(schema.get(least), schema.get(most), unit))
    if "default" in schema:
        found.append(f"else {json.dumps(schema['default'])}")
    for one in (*schema.get("anyOf", ()), schema.get("items")):
        if isinstance(one, dict):
            found += _bounds(one)  # pyright: ignore[reportUnknownArgumentType]
    return found


def _span(least: float | None, most: float | None, unit: str) -> str:
    if least is None:
        return "empty" if most == 0 else f"at most {most}{unit}"
    return f"at least {least}{unit}" if most is None else f"{least} to {most}{unit}"
