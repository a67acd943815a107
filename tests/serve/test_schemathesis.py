"""Schemathesis reads the OpenAPI document and asks what it describes: true or not?

Source: https://schemathesis.readthedocs.io
"""

from collections.abc import Iterator
from typing import Any

import psutil
import pytest
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
from tests.serve.beside import beside
from tests.serve.running import At, serving

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
GROWTH_BYTES = 64 * 2**20


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[At]:
    with beside(serving(tmp_path_factory.mktemp("asked"))) as here:
        yield here


def named(body: Any) -> Any:
    """The body with a model that is there: names made of chance would all be 404."""
    return {**body, "model": "echo"} if isinstance(body, dict) and "model" in body else body


def operations(at: At) -> list[Any]:
    schema = schemathesis.openapi.from_url(f"{at.url}/openapi.json")
    return [found.ok() for found in schema.get_all_operations()]


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.name)
def test_what_the_gateway_answers_is_in_its_document(at: At, mode: Any):
    before = psutil.Process().memory_info().rss
    statuses: set[int] = set()
    for operation in operations(at):
        if mode is POSITIVE or operation.body or operation.path_parameters:
            ask(operation, mode, statuses)
    assert 400 in statuses
    assert (200 in statuses) == (mode is POSITIVE)
    assert not at.gateway.ledger.open
    assert psutil.Process().memory_info().rss - before < GROWTH_BYTES


def ask(operation: Any, mode: Any, statuses: set[int]) -> None:
    @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def check(case: Any, real: bool) -> None:
        if real and mode is POSITIVE:
            case.body = named(case.body)
            if case.path_parameters:
                case.path_parameters["name"] = "echo"
        response = case.call_and_validate(checks=CHECKS, timeout=20)
        statuses.add(response.status_code)

    check()
