"""The OpenAPI document, held against its own standard and against what the gateway answers."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31
from tests.serve.policies import policed
from tests.serve.running import At

from sprat.serve.reference.openapi import STATUSES, document
from sprat.serve.routes import ROUTES

OBVIOUS = {
    "arguments", "content", "description", "function", "id", "name", "output", "parameters",
    "role", "schema", "status", "strict", "summary", "text", "type", "call_id", "annotations",
    "logprobs", "json_schema", "format", "effort", "async",
}  # fmt: skip


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return json.loads(json.dumps(document(ROUTES)))


def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]


def validator(described: dict[str, Any], schema: dict[str, Any]) -> Any:
    """For values of `schema`, which may point into the document."""
    return jsonschema_rs.Draft202012Validator({**schema, "components": described["components"]})


def test_it_is_an_openapi_document(described: dict[str, Any]):
    faults = jsonschema_rs.Draft202012Validator(OPENAPI_31).iter_errors(described)
    assert [(fault.message, fault.instance_path) for fault in faults] == []


def test_every_schema_is_one_and_every_reference_leads_somewhere(described: dict[str, Any]):
    for name, schema in described["components"]["schemas"].items():
        jsonschema_rs.meta.validate(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
        )
        validator(described, schema)
        assert schema["title"] == name  # two types of one name would be told apart by their module


def test_every_route_is_in_it_and_nothing_else(described: dict[str, Any]):
    found = {(method.upper(), path) for method, path, _ in operations(described)}
    assert found == {(route.method, route.path) for route in ROUTES}
    names = [operation["operationId"] for *_, operation in operations(described)]
    assert len(set(names)) == len(names)


def test_every_field_of_a_body_is_explained(described: dict[str, Any]):
    schemas = described["components"]["schemas"]
    left = [route.body.__name__ for route in ROUTES if route.body is not None]
    seen: set[str] = set()
    silent: list[str] = []
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        for field, schema in schemas[name]["properties"].items():
            if "description" not in schema and field not in OBVIOUS:
                silent.append(f"{name}.{field}")
        left += [part.split("/")[-1] for part in references(schemas[name])]
    assert len(seen) > 10
    assert silent == []


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [found for inner in value.values() for found in references(inner)]
    return (
        [found for inner in value for found in references(inner)] if isinstance(value, list) else []
    )


def test_every_error_says_what_it_means_and_when_to_ask_again(described: dict[str, Any]):
    for _, path, operation in operations(described):
        for code, response in operation["responses"].items():
            assert response["description"] == STATUSES[int(code)]
            assert ("Retry-After" in response.get("headers", {})) == (code in {"429", "503"}), path


def test_only_open_addresses_do_without_the_key(described: dict[str, Any]):
    keyless = {
        path for _, path, operation in operations(described) if operation.get("security") == []
    }
    assert keyless == {route.path for route in ROUTES if route.open}
    asking = {route.path for route in ROUTES if not route.open or 401 in route.errors}
    assert all(
        ("401" in operation["responses"]) == (path in asking)
        for _, path, operation in operations(described)
    )


async def test_it_is_served_and_the_same_every_time(at: At, described: dict[str, Any]):
    texts = [await (await at.get("/openapi.json")).text() for _ in range(2)]
    assert texts[0] == texts[1]
    assert json.loads(texts[0]) == described


async def test_its_examples_are_answered_as_it_says(tmp_path: Path, described: dict[str, Any]):
    async with policed(tmp_path) as at:
        for method, path, operation in operations(described):
            if method != "post" or path == "/v1/embeddings":  # vectors need a real model
                continue
            content = operation["requestBody"]["content"]["application/json"]
            assert (
                list(validator(described, content["schema"]).iter_errors(content["example"])) == []
            )
            body = content["example"]
            if "model" in body:
                body = body | {"model": "echo"}
            name = "good" if "policies" in path else "echo"
            response = await at.post(path.replace("{name}", name), body)
            said = await response.json()
            assert response.status == 200, (path, said)
            schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
            assert list(validator(described, schema).iter_errors(said)) == []


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions", "/v1/responses"])
@pytest.mark.parametrize("content", ["Hello", "break it"])
async def test_every_event_of_a_stream_is_one_that_it_describes(
    at: At, described: dict[str, Any], path: str, content: str
):
    body = described["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"]
    asked = {"messages": [{"role": "user", "content": content}]} if "messages" in body else {}
    asked |= {key: content for key in ("prompt", "input") if key in body}
    response = await at.post(path, {**body, **asked, "model": "echo", "stream": True})
    text = await response.text()
    assert response.content_type == "text/event-stream", text
    schema = described["paths"][path]["post"]["responses"]["200"]["content"]["text/event-stream"]
    held = schema["schema"]["properties"]["data"]["anyOf"][1]["contentSchema"]
    holds = validator(described, held)
    data = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    events = [json.loads(one) for one in data if one != "[DONE]"]
    assert len(events) > 2
    for event in events:
        assert list(holds.iter_errors(event)) == [], event
