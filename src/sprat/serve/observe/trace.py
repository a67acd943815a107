"""One span per request, by OpenTelemetry, where the operator asks for it. Never a prompt.

Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
"""

import asyncio
import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sprat.engines.patience import aside
from sprat.measure.clock import now_ns
from sprat.serve.observe.figures import figures
from sprat.serve.observe.log import LOG

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

    from sprat.serve.ledger import Record

_FLUSH_S = 5.0
"""How long a stop waits for the collector."""
_ASKED_BY = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_EXPORTER = "OTEL_TRACES_EXPORTER"
_OPERATIONS = {"/v1/completions": "text_completion", "/v1/embeddings": "embeddings"}
Attributes = dict[str, str | int | float | bool | list[str]]


def asked_for(setting: bool, environ: Mapping[str, str] | None = None) -> bool:
    """Whether spans are wanted: by `[serve] traces`, or by OpenTelemetry's own variables."""
    env = os.environ if environ is None else environ
    if env.get("OTEL_SDK_DISABLED", "").lower() == "true" or env.get(_EXPORTER) == "none":
        return False
    return setting or any(env.get(name) for name in _ASKED_BY)


def open_traces(setting: bool, environ: Mapping[str, str] | None = None) -> "Traces | None":
    """Spans to the collector that the environment names; None where nobody asked for them."""
    if not asked_for(setting, environ):
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        LOG.warning("Traces are asked for, but cannot be sent: pip install 'sprat[otel]'")
        return None
    exporter: SpanExporter = OTLPSpanExporter()
    return Traces(provider_of(BatchSpanProcessor(exporter)))


def provider_of(processor: Any) -> "TracerProvider":  # noqa: ANN401 - the extra may be missing
    """A provider of its own: nothing of the process-wide one is touched."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    own = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": "sprat"}
    provider = TracerProvider(resource=Resource.create(own), shutdown_on_exit=False)
    provider.add_span_processor(processor)
    return provider


class Traces:
    """Writes a span when a request has ended."""

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer = provider.get_tracer("sprat.serve")
        self._read = TraceContextTextMapPropagator().extract

    def heard(self, record: "Record") -> None:
        """Write the span of a request that ended: a listener of the ledger."""
        from opentelemetry.trace import SpanKind, Status, StatusCode

        ended_ns = time.time_ns() - (now_ns() - (record.done_ns or now_ns()))
        operation = _OPERATIONS.get(record.route, "chat")
        span = self._tracer.start_span(
            f"{operation} {record.model}".strip(),
            context=self._read({"traceparent": record.traceparent or ""}),
            kind=SpanKind.SERVER,
            attributes=attributes_of(record) | {"gen_ai.operation.name": operation},
            start_time=ended_ns - ((record.done_ns or record.arrived_ns) - record.arrived_ns),
        )
        if record.outcome != "completed":
            span.set_status(Status(StatusCode.ERROR))
        span.end(ended_ns)

    async def aclose(self) -> None:
        """Send what is left; a collector that does not answer is not waited for."""
        try:
            async with asyncio.timeout(_FLUSH_S):
                await aside(self._provider.shutdown)
        except TimeoutError:
            LOG.warning("The last traces could not be sent in %g s.", _FLUSH_S)


def attributes_of(record: "Record") -> Attributes:
    """What a span says; names by the conventions, times of our own in seconds under `sprat`."""
    found = figures(record)
    replies = record.replies
    said: Attributes = {
        "gen_ai.provider.name": "sprat",
        "http.request.method": "POST",
        "http.route": record.route,
        "gen_ai.request.stream": record.stream,
        "sprat.request.id": record.id,
        "sprat.outcome": record.outcome or "",
    }
    optional: dict[str, str | int | float | None] = {
        "gen_ai.request.model": record.model or None,
        "gen_ai.response.model": replies[0].model if replies else None,
        "gen_ai.usage.input_tokens": found.input_tokens if replies else None,
        "gen_ai.usage.output_tokens": found.output_tokens if replies else None,
        "http.response.status_code": record.status,
        "error.type": found.code,
        "sprat.queue_s": found.queue_s,
        "sprat.load_s": found.load_s,
        "sprat.first_piece_s": found.first_s,
        "sprat.path": found.path,
        "sprat.paid.input_tokens": found.paid.input_tokens if found.paid else None,
        "sprat.paid.output_tokens": found.paid.output_tokens if found.paid else None,
        "sprat.cost_usd": found.cost_usd,
    }
    said |= {name: value for name, value in optional.items() if value is not None}
    if found.engines:
        said["sprat.engines"] = list(found.engines)
    if replies:
        said["gen_ai.response.finish_reasons"] = [reply.finish for reply in replies]
    return said | _asked(record)


def _asked(record: "Record") -> Attributes:
    if not record.requests:
        return {}
    first = record.requests[0]
    said: Attributes = {"gen_ai.request.temperature": first.temperature}
    if first.max_tokens is not None:
        said["gen_ai.request.max_tokens"] = first.max_tokens
    if len(record.requests) > 1:
        said["gen_ai.request.choice.count"] = len(record.requests)
    return said
