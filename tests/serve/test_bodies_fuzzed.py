"""Whatever a body holds, parsing it gives a request or a refusal, quickly, and nothing else."""

import json
import time
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from sprat.serve.problem import BadRequest, problem_of
from sprat.serve.wire import chat, completions, embeddings, responses

LONGEST_S = 10.0
"""Of one body; the bodies here take well under a millisecond."""
Parse = Callable[[bytes], Any]
APIS: dict[str, tuple[Any, Parse]] = {
    "chat": (chat.ChatBody, chat.parse),
    "completions": (completions.CompletionBody, completions.parse),
    "responses": (responses.ResponseBody, responses.parse),
    "embeddings": (embeddings.EmbeddingBody, embeddings.parse),
}
QUIET = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.integers(-3, 30)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["text", "function", "user", "tool", "json_schema", "auto", "a/../b", "\0"])
)
ANY = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def of_schema(schema: dict[str, Any], known: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a JSON schema of msgspec describes, near enough: most are valid, some are not."""
    if "$ref" in schema:
        return of_schema(known[schema["$ref"].rpartition("/")[2]], known)
    if "anyOf" in schema:
        return st.one_of([of_schema(one, known) for one in schema["anyOf"]])
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    if schema.get("type") == "object" and "properties" in schema:
        return _object(schema, known)
    if schema.get("type") == "array":
        return _list(schema, known)
    return _LEAVES.get(schema.get("type", ""), lambda _: ANY)(schema)


def _list(schema: dict[str, Any], known: dict[str, Any]) -> st.SearchStrategy[Any]:
    least, most = schema.get("minItems", 0), min(schema.get("maxItems", 3), 3)
    items = schema.get("items")
    inner = of_schema(items, known) if isinstance(items, dict) else ANY
    return st.lists(inner, min_size=min(least, most), max_size=most)


def _object(schema: dict[str, Any], known: dict[str, Any]) -> st.SearchStrategy[Any]:
    fields = {name: of_schema(inner, known) for name, inner in schema["properties"].items()}
    needed = set(schema.get("required", ()))
    optional = {name: inner for name, inner in fields.items() if name not in needed}
    few = st.sets(st.sampled_from(sorted(optional)), max_size=4) if optional else st.just(set())
    return few.flatmap(
        lambda names: st.fixed_dictionaries({name: fields[name] for name in {*needed, *names}})
    )


def _string(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True)
    return st.text(min_size=schema.get("minLength", 0), max_size=schema.get("maxLength", 8) and 8)


_LEAVES: dict[str, Callable[[dict[str, Any]], st.SearchStrategy[Any]]] = {
    "object": lambda _: st.dictionaries(st.text("09a", min_size=1, max_size=3), ANY, max_size=3),
    "string": _string,
    "integer": lambda schema: st.integers(schema.get("minimum", -5), schema.get("maximum", 50)),
    "number": lambda schema: st.floats(schema.get("minimum", -5), schema.get("maximum", 5)),
    "boolean": lambda _: st.booleans(),
    "null": lambda _: st.none(),
}


def bodies(api: str) -> st.SearchStrategy[Any]:
    (schema,), known = msgspec.json.schema_components([APIS[api][0]])
    return of_schema(schema, known)


@st.composite
def mutated(draw: st.DrawFn, api: str) -> Any:
    """A body with something in it replaced, added or taken away."""
    body = draw(bodies(api))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(list(_containers(body))))
        keys = list(range(len(place))) if isinstance(place, list) else list(place)
        if keys and draw(st.booleans()):
            place[draw(st.sampled_from(keys))] = draw(ANY)
        elif keys and draw(st.booleans()):
            del place[draw(st.sampled_from(keys))]
        elif isinstance(place, dict):
            place[draw(st.text(max_size=5))] = draw(ANY)
        else:
            place.append(draw(ANY))
    return body


def _containers(value: Any) -> list[Any]:
    if not isinstance(value, dict | list):
        return []
    inner = value.values() if isinstance(value, dict) else value
    return [value, *(found for one in inner for found in _containers(one))]


def parsed(api: str, raw: bytes) -> Any | None:
    """What parsing gives; None where it refused, as it should."""
    started = time.monotonic()
    try:
        return APIS[api][1](raw)
    except BadRequest as error:
        problem = problem_of(error)
        assert problem.status == 400
        assert problem.message
        json.dumps(problem.as_object())
        return None
    finally:
        assert time.monotonic() - started < LONGEST_S


@pytest.mark.parametrize("api", APIS)
def test_a_body_as_the_types_describe_it_is_read_or_refused(api: str):
    read = 0

    @QUIET
    @given(bodies(api))
    def one(body: Any) -> None:
        nonlocal read
        asked = parsed(api, json.dumps(body).encode())
        read += asked is not None
        if asked is not None and api != "embeddings":
            assert 1 <= len(asked.requests) <= 8
            msgspec.json.encode(asked.requests)

    one()
    assert read > 0  # else only refusals were tested


@pytest.mark.parametrize("api", APIS)
def test_a_body_with_anything_in_it_is_read_or_refused(api: str):
    @QUIET
    @given(mutated(api))
    def one(body: Any) -> None:
        parsed(api, json.dumps(body).encode())

    one()


@pytest.mark.parametrize("api", APIS)
def test_bytes_that_are_hardly_json_are_read_or_refused(api: str):
    @QUIET
    @given(bodies(api), st.data())
    def one(body: Any, data: st.DataObject) -> None:
        raw = bytearray(json.dumps(body).encode())
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(raw) - 1))
            raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
            if not raw:
                break
        parsed(api, bytes(raw))

    one()
