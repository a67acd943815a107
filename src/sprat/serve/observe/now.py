"""What is true at the moment of looking: places, queues, memory. Nothing of it is kept."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from sprat.measure.memory import rss_bytes, tree_of

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from sprat.serve.ledger import Ledger
    from sprat.serve.models.slot import Standing


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One look."""

    standings: "Sequence[Standing]" = ()
    memory: Sequence[int | None] = ()
    """Resident bytes of each of them; None: it has no process here."""
    own_memory: int | None = None
    connections: int = 0
    ready: bool = False


def memory_of(standings: "Sequence[Standing]") -> tuple[list[int | None], int | None]:
    """Resident bytes of each model's processes and of this one: asks the system, blocks."""
    import psutil

    return [rss_bytes(tree_of(one.pids)) for one in standings], rss_bytes((psutil.Process(),))


class Now(Collector):
    """Gauges of the latest snapshot, and the ledger's own count."""

    def __init__(self, ledger: "Ledger", named: Callable[[str], str]) -> None:
        """`named` turns a model's name into its label: several may share one."""
        self.snapshot = Snapshot()
        self._ledger = ledger
        self._named = named

    def collect(self) -> "Iterator[Metric]":
        """Every gauge."""
        yield from self._of_the_gateway()
        yield from self._of_models()

    def _of_the_gateway(self) -> "Iterator[Metric]":
        ledger, snapshot = self._ledger, self.snapshot
        yield CounterMetricFamily(
            "sprat_requests_accepted", "Requests that asked a model.", ledger.accepted
        )
        yield _gauge("sprat_requests_open", "Requests under way.", len(ledger.open))
        yield _gauge("sprat_connections", "Connections.", snapshot.connections)
        yield _gauge("sprat_ready", "1 when /readyz says 200.", int(snapshot.ready))
        loaded = sum(standing.state == "loaded" for standing in snapshot.standings)
        yield _gauge("sprat_models_loaded", "Models that are loaded.", loaded)
        if snapshot.own_memory is not None:
            size = snapshot.own_memory
            yield _gauge("sprat_gateway_memory_bytes", "Resident, without the models.", size)

    def _of_models(self) -> "Iterator[Metric]":
        taken: Counter[str] = Counter()
        waiting: Counter[str] = Counter()
        memory: Counter[str] = Counter()
        for standing, size in zip(self.snapshot.standings, self.snapshot.memory, strict=True):
            label = self._named(standing.name)
            taken[label] += standing.answering
            waiting[label] += standing.waiting
            if size is not None:
                memory[label] += size
        yield _per_model("sprat_places_taken", "Requests that have a place at a model.", taken)
        yield _per_model("sprat_queue_length", "Requests in line for a model.", waiting)
        yield _per_model("sprat_model_memory_bytes", "Resident, of a model's processes.", memory)


def _gauge(name: str, explained: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, explained, value)


def _per_model(name: str, explained: str, values: "Counter[str]") -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, explained, labels=["model"])
    for model, value in values.items():
        family.add_metric([model], value)
    return family
