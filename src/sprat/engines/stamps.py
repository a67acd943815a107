"""The one place that stamps time, so that every engine means the same by every number.

Definitions: docs/metrics.md, "Time".
"""

from sprat.measure.clock import Clock, now_ns
from sprat.types import ChatRequest, Delta, Timing


class Stamps:
    """Collects the moments of one request and makes its `Timing`.

    Make one when the request arrives, call `sent` when the work leaves the caller's hands, `piece`
    for every piece that comes back, and `done` once. Every method takes a moment measured
    elsewhere (the worker's own, on the same clock) as `at_ns`; None is "now".
    """

    def __init__(self, request: ChatRequest, clock: Clock = now_ns) -> None:
        self._clock = clock
        arrived = clock()
        self._scheduled = arrived if request.scheduled_ns is None else request.scheduled_ns
        self._sent: int | None = None
        self._loaded: int | None = None
        self._prepared: int | None = None
        self._started: int | None = None
        self._first_answer: int | None = None
        self._chunks: list[int] = []

    def sent(self, at_ns: int | None = None) -> None:
        """The request left for the engine; when it is sent again, the last time counts."""
        self._sent = self._or_now(at_ns)

    def loaded(self, at_ns: int | None = None) -> None:
        """The model that this request had to wait for became ready."""
        self._loaded = self._or_now(at_ns)

    def prepared(self, at_ns: int | None = None) -> None:
        """The prompt was rendered and turned into tokens."""
        self._prepared = self._or_now(at_ns)

    def started(self, at_ns: int | None = None) -> None:
        """The engine began to compute: the queue ended."""
        self._started = self._or_now(at_ns)

    def piece(self, delta: Delta, *, tool_call: bool = False, at_ns: int | None = None) -> None:
        """A piece arrived. One without text, reasoning or a tool call (a role only) is no piece.

        Reasoning counts for the first token, but not for the first token of the answer.
        """
        if not (delta.text or delta.reasoning or tool_call):
            return
        at = self._or_now(at_ns)
        self._chunks.append(at)
        if self._first_answer is None and (delta.text or tool_call):
            self._first_answer = at

    def done(self, at_ns: int | None = None) -> Timing:
        """The stream ended: everything that was stamped.

        Raises:
            RuntimeError: `sent` was never called (a fault of the engine's code).
        """
        if self._sent is None:
            raise RuntimeError("Stamps.done() before Stamps.sent()")
        return Timing(
            scheduled_ns=self._scheduled,
            sent_ns=self._sent,
            prepared_ns=self._prepared,
            started_ns=self._started,
            loaded_ns=self._loaded,
            first_token_ns=self._chunks[0] if self._chunks else None,
            first_answer_ns=self._first_answer,
            last_token_ns=self._chunks[-1] if self._chunks else None,
            done_ns=self._or_now(at_ns),
            chunks_ns=tuple(self._chunks),
        )

    def _or_now(self, at_ns: int | None) -> int:
        return self._clock() if at_ns is None else at_ns
