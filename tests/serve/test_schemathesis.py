"""Schemathesis reads the OpenAPI document and asks what it describes: true or not?

Source: https://schemathesis.readthedocs.io
"""

from collections.abc import Iterator
from typing import Any

import psutil
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import (
    content_type_conformance,
    negative_data_rejection,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.serve.beside import process

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
EXAMPLES = 12
POSITIVE = schemathesis.GenerationMode.POSITIVE
GROWTH_BYTES = 16 * 2**20


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, psutil.Process]]:
    with process(tmp_path_factory.mktemp("asked")) as here:
        yield here


def named(body: Any) -> Any:
    """The body with a model that is there: names made of chance would all be 404."""
    return {**body, "model": "echo"} if isinstance(body, dict) and "model" in body else body


def operations(url: str) -> list[Any]:
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    return [found.ok() for found in schema.get_all_operations()]


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.name)
def test_what_the_gateway_answers_is_in_its_document(
    running: tuple[str, psutil.Process], mode: Any
):
    url, gateway = running
    found = operations(url)
    statuses: set[int] = set()
    requests.get(f"{url}/docs", timeout=20)  # made once, and kept
    before = gateway.memory_info().rss
    for operation in found:
        if mode is POSITIVE or operation.body or operation.path_parameters:
            ask(operation, mode, statuses)
    assert 400 in statuses
    assert (200 in statuses) == (mode is POSITIVE)
    assert "sprat_requests_open 0.0" in requests.get(f"{url}/metrics", timeout=20).text
    assert gateway.memory_info().rss - before < GROWTH_BYTES


def ask(operation: Any, mode: Any, statuses: set[int]) -> None:
    @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def check(case: Any, real: bool) -> None:
        if real and mode is POSITIVE:
            case.body = named(case.body)
            if "name" in (case.path_parameters or {}):
                case.path_parameters["name"] = "echo"
        response = case.call_and_validate(checks=CHECKS, timeout=20)
        statuses.add(response.status_code)

    check()
