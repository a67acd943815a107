"""Spans: one per request, in the words of OpenTelemetry's conventions, without a prompt."""

import asyncio
import importlib
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as words
from opentelemetry.trace import SpanKind, StatusCode
from tests.serve.running import At, gateway, serving

from sprat.serve.observe import trace
from sprat.serve.observe.trace import Traces, asked_for, open_traces, provider_of

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


Spans = Callable[[], Sequence[ReadableSpan]]


@pytest.fixture
def spans(at: At) -> Iterator[Spans]:
    exporter, ledger = InMemorySpanExporter(), at.gateway.ledger
    ledger.listeners.append(Traces(provider_of(SimpleSpanProcessor(exporter))).heard)

    def finished() -> Sequence[ReadableSpan]:
        ledger.tell()
        return exporter.get_finished_spans()

    yield finished
    exporter.shutdown()


def one(spans: Spans) -> ReadableSpan:
    (span,) = spans()
    return span


async def test_a_request_is_one_span_in_the_conventions_words(at: At, spans: Spans):
    answer = await at.chat("A secret prompt", max_tokens=50)
    span = one(spans)
    assert (span.name, span.kind) == ("chat echo", SpanKind.SERVER)
    said = dict(span.attributes or {})
    assert said[words.GEN_AI_OPERATION_NAME] == "chat"
    assert said[words.GEN_AI_REQUEST_MODEL] == "echo"
    assert said[words.GEN_AI_RESPONSE_MODEL]
    assert said[words.GEN_AI_REQUEST_MAX_TOKENS] == 50
    assert said[words.GEN_AI_USAGE_INPUT_TOKENS] == answer["usage"]["prompt_tokens"]
    assert said[words.GEN_AI_USAGE_OUTPUT_TOKENS] == answer["usage"]["completion_tokens"]
    assert said[words.GEN_AI_RESPONSE_FINISH_REASONS] == ("stop",)
    assert "error.type" not in said
    assert "secret" not in span.to_json()
    assert "friend" not in span.to_json()


async def test_the_span_is_as_long_as_the_request(at: At, spans: Spans):
    await at.chat("slow")
    span = one(spans)
    assert span.start_time is not None
    assert span.end_time is not None
    assert (span.end_time - span.start_time) / 1e9 >= 9 * 0.04


async def test_the_callers_trace_goes_on(at: At, spans: Spans):
    body = {"model": "echo", "messages": [{"role": "user", "content": "Hello"}]}
    async with await at.post("/v1/chat/completions", body, traceparent=PARENT) as response:
        assert response.status == 200
    span = one(spans)
    assert f"{span.context.trace_id:032x}" == PARENT.split("-")[1]
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == PARENT.split("-")[2]


async def test_a_broken_trace_header_starts_a_trace_of_its_own(at: At, spans: Spans):
    body = {"model": "echo", "messages": [{"role": "user", "content": "Hello"}]}
    async with await at.post("/v1/chat/completions", body, traceparent="\xff-no") as response:
        assert response.status == 200
    assert one(spans).parent is None


async def test_a_failure_has_its_type(at: At, spans: Spans):
    await at.chat("break it", stream=True)
    span = one(spans)
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "engine_died"


@pytest.mark.parametrize(
    ("setting", "environ", "wanted"),
    [
        (False, {}, False),
        (True, {}, True),
        (False, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        (False, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1/v1/traces"}, True),
        (True, {"OTEL_SDK_DISABLED": "true"}, False),
        (True, {"OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_spans_are_sent_only_where_somebody_asked_for_them(setting, environ, wanted):
    assert asked_for(setting, environ) is wanted


def test_without_the_extra_a_line_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    for name in [name for name in sys.modules if name.startswith("opentelemetry")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with caplog.at_level(logging.WARNING):
        assert open_traces(True, {}) is None
    assert "pip install 'sprat[otel]'" in caplog.text


def test_the_gateway_does_not_load_what_nobody_asked_for():
    importlib.reload(trace)
    assert open_traces(False, {}) is None


async def test_what_is_left_is_sent_when_the_gateway_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    sent: list[bytes] = []
    arrived = asyncio.Event()

    async def collect(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        sent.append(await reader.readexactly(length))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        arrived.set()

    server = await asyncio.start_server(collect, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
    async with server, gateway(serving(tmp_path)) as at:
        await at.chat("A secret prompt")
        at.running.stop()
        await asyncio.wait_for(arrived.wait(), 10)
    assert b"chat echo" in b"".join(sent)
    assert b"secret" not in b"".join(sent)
