"""Every request that asks a model, from its acceptance to exactly one outcome."""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from sprat.measure.clock import now_ns
from sprat.serve.observe.log import LOG
from sprat.serve.problem import Problem
from sprat.types import ChatRequest, Reply

if TYPE_CHECKING:
    from sprat.policies.trail import Trail

Outcome = Literal["completed", "failed", "cancelled"]
Reason = Literal["gone", "stopping", "stalled"]


class Record(msgspec.Struct, kw_only=True, eq=False):
    """One request, filled in as it goes. Moments are monotonic nanoseconds."""

    id: str
    route: str
    arrived_ns: int
    model: str = ""
    """As the client named it; empty until the name proved to be one."""
    policy: bool = False
    """Whether that is a policy."""
    stream: bool = False
    traceparent: str | None = None
    """W3C's header of that name: the trace that the request belongs to."""
    requests: tuple[ChatRequest, ...] = ()
    taken_ns: int | None = None
    ready_ns: int | None = None
    first_ns: int | None = None
    """The first piece of an answer reached the gateway."""
    done_ns: int | None = None
    replies: tuple[Reply, ...] = ()
    trails: "tuple[Trail, ...]" = ()
    """What a policy did for it, whatever its end: one per answer that was begun."""
    outcome: Outcome | None = None
    reason: Reason | None = None
    """Why it was cancelled."""
    problem: Problem | None = None
    """Why it failed."""
    status: int | None = None
    """What HTTP was told; None when nothing was sent."""
    sending_since_ns: int | None = None
    """Since when the client has not taken what is being sent."""


Listener = Callable[[Record], None]
Soon = Callable[[Callable[[], None]], object]
"""Calls what it is given, now or a moment later."""

TELL_AFTER_S = 0.001


def a_moment_later(tell: Callable[[], None]) -> None:
    """Call it when whoever has its answer has asked again: lines and counters take time."""
    asyncio.get_running_loop().call_later(TELL_AFTER_S, tell)


class Ledger:
    """accepted = completed + failed + cancelled + those under way, always."""

    def __init__(self, soon: Soon = lambda tell: tell()) -> None:
        """`soon` says when listeners hear of an outcome; the ledger's own sums never wait."""
        self.accepted = 0
        self.outcomes: dict[Outcome, int] = {"completed": 0, "failed": 0, "cancelled": 0}
        self.open: dict[Record, asyncio.Task[Any]] = {}
        self.empty = asyncio.Event()
        """Nothing is under way."""
        self.empty.set()
        self.listeners: list[Listener] = []
        self._soon = soon
        self._untold: deque[Record] = deque()
        self._numbers = itertools.count(1)

    def accept(self, route: str, task: asyncio.Task[Any]) -> Record:
        """Enter a request; `task` is what answers it."""
        self.accepted += 1
        self.empty.clear()
        record = Record(id=f"req-{next(self._numbers)}", route=route, arrived_ns=now_ns())
        self.open[record] = task
        return record

    def close(self, record: Record, outcome: Outcome) -> None:
        """Enter its outcome; whoever listens is told soon."""
        record.done_ns = now_ns()
        record.outcome = outcome
        del self.open[record]
        self.outcomes[outcome] += 1
        if not self.open:
            self.empty.set()
        self._untold.append(record)
        self._soon(self.tell)

    def tell(self) -> None:
        """Tell the listeners what they have not heard yet."""
        while self._untold:
            record = self._untold.popleft()
            for listener in self.listeners:
                try:
                    listener(record)
                except Exception:  # noqa: BLE001
                    LOG.exception("a listener failed")  # the request has its outcome all the same

    def cancel(self, record: Record, reason: Reason) -> None:
        """Stop a request that is under way."""
        task = self.open.get(record)
        if task is not None and record.reason is None:
            record.reason = reason
            task.cancel()

    def cancel_all(self, reason: Reason) -> None:
        """Stop every request that is under way."""
        for record in list(self.open):
            self.cancel(record, reason)

    def cancel_stalled(self, longest_ns: int) -> None:
        """Stop those whose clients have not taken anything for so long."""
        now = now_ns()
        for record in list(self.open):
            since = record.sending_since_ns
            if since is not None and now - since > longest_ns:
                self.cancel(record, "stalled")
