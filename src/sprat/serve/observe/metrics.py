"""What the gateway counts, for Prometheus. Every name is explained in docs/operations.md.

Source: https://prometheus.io/docs/practices/naming/
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar, cast

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from sprat.serve.observe.figures import figures
from sprat.serve.observe.now import Now, Snapshot

if TYPE_CHECKING:
    from sprat.serve.asgi import App, Message, Receive, Scope, Send
    from sprat.serve.ledger import Ledger, Record
    from sprat.serve.models.pool import Change
    from sprat.types import Usage

M = TypeVar("M", Counter, Histogram)

CONTENT_TYPE = CONTENT_TYPE_LATEST.encode()
MOST_LABELS = 100
"""Endpoints' models that get a label of their own: clients can think of any number of names."""
OTHER = "other"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_SPEEDS = (1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000)


class Metrics:
    """The counters of one gateway, in a registry of their own."""

    def __init__(self, known: Iterable[str], ledger: "Ledger") -> None:
        """`known` are the names that always get a label: the catalogue's and the aliases."""
        self.registry = registry = CollectorRegistry()
        self._labels = set(known)
        self._children: dict[tuple[object, ...], Counter | Histogram] = {}
        self._most = len(self._labels) + MOST_LABELS
        self._now = Now(ledger, self._named)
        registry.register(self._now)
        self._requests = Counter(
            "sprat_requests", "Requests that ended.",
            ("route", "model", "outcome", "status"), registry=registry,
        )  # fmt: skip
        self._errors = Counter(
            "sprat_errors", "Requests that failed or were cancelled.",
            ("model", "code"), registry=registry,
        )  # fmt: skip
        self._responses = Counter(
            "sprat_http_responses", "Answers of HTTP to any request, refusals included.",
            ("status",), registry=registry,
        )  # fmt: skip
        self._input = Counter(
            "sprat_input_tokens", "Tokens of prompts.", ("model",), registry=registry
        )
        self._output = Counter(
            "sprat_output_tokens", "Tokens of answers.", ("model",), registry=registry
        )
        self._paths = Counter(
            "sprat_policy_answers", "Answers of policies.", ("model", "path"), registry=registry
        )
        self._engine_input = Counter(
            "sprat_engine_input_tokens", "Tokens that a model read, discarded drafts included.",
            ("engine",), registry=registry,
        )  # fmt: skip
        self._engine_output = Counter(
            "sprat_engine_output_tokens", "Tokens that a model wrote, discarded drafts included.",
            ("engine",), registry=registry,
        )  # fmt: skip
        self._cost = Counter(
            "sprat_engine_cost_usd", "What a model's priced answers cost.",
            ("engine",), registry=registry,
        )  # fmt: skip
        self._queue = self._seconds("queue_wait", "From arrival to a place at the model.", "model")
        self._first = self._seconds("first_token", "From arrival to the first piece.", "model")
        self._total = self._seconds("request", "From arrival to the end.", "model", "outcome")
        self._load = self._seconds("model_load", "Loading a model, fetching included.", "model")
        self._speed = Histogram(
            "sprat_output_tokens_per_second", "After the first token, per answer.",
            ("model",), buckets=_SPEEDS, registry=registry,
        )  # fmt: skip
        self._changes = Counter(
            "sprat_model_changes", "Models loaded, unloaded, restarted, or not to be loaded.",
            ("model", "change"), registry=registry,
        )  # fmt: skip

    def _seconds(self, name: str, explained: str, *labels: str) -> Histogram:
        return Histogram(
            f"sprat_{name}_seconds", explained, labels, buckets=_SECONDS, registry=self.registry
        )

    def counting(self, app: "App") -> "App":
        """The application, with every answer of HTTP counted."""

        async def counted(scope: "Scope", receive: "Receive", send: "Send") -> None:
            async def sending(message: "Message") -> None:
                if message["type"] == "http.response.start":
                    self._of(self._responses, str(message["status"])).inc()
                await send(message)

            await app(scope, receive, sending)

        return counted

    def heard(self, record: "Record") -> None:
        """Count a request that ended: a listener of the ledger."""
        found, model = figures(record), self._label(record)
        outcome, status = record.outcome or "", str(record.status or "none")
        self._of(self._requests, record.route, model, outcome, status).inc()
        self._of(self._total, model, outcome).observe(found.total_s)
        if found.code is not None:
            self._of(self._errors, model, found.code).inc()
        if found.queue_s is not None:
            self._of(self._queue, model).observe(found.queue_s)
        if found.first_s is not None:
            self._of(self._first, model).observe(found.first_s)
        if record.replies:
            self._of(self._input, model).inc(found.input_tokens)
            self._of(self._output, model).inc(found.output_tokens)
        for reply in record.replies:
            if reply.path is not None:
                self._of(self._paths, model, reply.path).inc()
            else:
                self._add(model, reply.usage, reply.cost_usd)
            if (speed := reply.decode_tokens_per_s) is not None:
                self._of(self._speed, model).observe(speed)

    def spent(self, engine: str, usage: "Usage", cost_usd: float | None) -> None:
        """Count what one of a policy's models did, whatever became of it."""
        self._labels.add(engine)  # it stands in a file of the operator's: these are few
        self._add(engine, usage, cost_usd)

    def _add(self, engine: str, usage: "Usage", cost_usd: float | None) -> None:
        self._of(self._engine_input, engine).inc(usage.input_tokens)
        self._of(self._engine_output, engine).inc(usage.output_tokens)
        if cost_usd:
            self._of(self._cost, engine).inc(max(cost_usd, 0.0))

    def _of(self, metric: M, *labels: str) -> M:
        """The metric with these labels, found faster than it finds itself."""
        key = (metric, *labels)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = metric.labels(*labels)
        return cast("M", child)

    def restarted(self, model: str) -> None:
        """A model's process had ended, and was started again."""
        self._changes.labels(self._named(model), "restarted").inc()

    def changed(self, model: str, change: "Change") -> None:
        """Count a model that was loaded, unloaded, or could not be loaded."""
        label = self._named(model)
        if isinstance(change, float):
            self._load.labels(label).observe(change)
            self._changes.labels(label, "loaded").inc()
        else:
            self._changes.labels(label, "unloaded" if change is None else "failed").inc()

    def text(self, snapshot: Snapshot) -> bytes:
        """Everything in Prometheus' text format."""
        self._now.snapshot = snapshot
        return generate_latest(self.registry)

    def _label(self, record: "Record") -> str:
        """The model's name; an endpoint's gets a label once it has answered."""
        room = len(self._labels) < self._most
        if record.outcome == "completed" and record.model and room:
            self._labels.add(record.model)
        return self._named(record.model)

    def _named(self, model: str) -> str:
        return model if not model or model in self._labels else OTHER
