"""So many answers at once; the rest wait, callers in rotation, and too many are turned away."""

import asyncio
from collections import OrderedDict, deque

from sprat.measure.clock import now_ns
from sprat.serve.problem import Busy

_SHORTEST_WAIT_S, _LONGEST_WAIT_S = 1, 60
_WEIGHT = 0.2
"""Of the newest answer in the running mean of their durations."""


class Places:
    """The places of one model and the line in front of them.

    Whoever waits is served in rotation over callers, first come first served within each: one
    caller's hundred requests do not keep another's one waiting.
    """

    def __init__(self, most: int, most_waiting: int, longest_wait_s: float) -> None:
        self._most = most
        self._most_waiting = most_waiting
        self._longest_wait_s = longest_wait_s
        self._line: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._mean_s = 0.0
        self.taken = 0
        """Answers under way."""
        self.waiting = 0
        """Requests in line."""

    async def take(self, caller: str) -> int:
        """Wait for a place; `give` it back. Cancelling the wait leaves the line.

        Returns:
            The monotonic moment at which it was taken, in nanoseconds.

        Raises:
            Busy: the line is full (429 to whoever has a request in it, 503 to others), this was the
                newest of the caller that fills it (429), or the wait was too long (503).
        """
        if not self.full:
            self.taken += 1
            return now_ns()
        self._make_room(caller)
        turn = asyncio.get_running_loop().create_future()
        self._line.setdefault(caller, deque()).append(turn)
        self.waiting += 1
        try:
            async with asyncio.timeout(self._longest_wait_s):
                await turn
        except BaseException as error:
            self._leave(caller, turn)
            if isinstance(error, TimeoutError):
                raise self._too_long() from error
            raise
        return now_ns()

    @property
    def full(self) -> bool:
        """Whether whoever comes now must wait."""
        return self.taken >= self._most or self.waiting > 0

    def give(self, taken_ns: int) -> None:
        """Give a place back: the next caller's first request gets it."""
        self._mean_s += _WEIGHT * ((now_ns() - taken_ns) / 1e9 - self._mean_s)
        self._pass_on()

    def _pass_on(self) -> None:
        self.taken -= 1
        while self._line and self.taken < self._most:
            caller, turns = self._line.popitem(last=False)
            turn = turns.popleft()
            if turns:
                self._line[caller] = turns  # at the end: the others come first
            self.waiting -= 1
            if not turn.done():
                self.taken += 1
                turn.set_result(None)

    def _leave(self, caller: str, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():
            if turn.exception() is None:  # it was given a place as it left
                self._pass_on()
            return
        turns = self._line.get(caller)
        if turns and turn in turns:
            turns.remove(turn)
            self.waiting -= 1
            if not turns:
                del self._line[caller]

    @property
    def retry_after_s(self) -> int:
        """Whole seconds after which asking again makes sense: the line's length in answers."""
        wait = self._mean_s * (self.waiting + 1) / self._most
        return round(min(max(wait, _SHORTEST_WAIT_S), _LONGEST_WAIT_S))

    def _make_room(self, caller: str) -> None:
        """In a full line, whoever holds more of it than `caller` would makes room."""
        if self.waiting < self._most_waiting:
            return
        own = len(self._line.get(caller, ()))
        longest = max(self._line, key=lambda one: len(self._line[one]), default=caller)
        if len(self._line.get(longest, ())) > own + 1:
            self._push_out(longest)
        elif own:
            raise self._yours(own)
        else:
            line = f"{self.waiting} requests wait for this model already."
            raise Busy(line, status=503, retry_after_s=self.retry_after_s)

    def _push_out(self, caller: str) -> None:
        turns = self._line[caller]
        turn = turns.pop()  # the newest; there was more than one
        self.waiting -= 1
        if not turn.done():
            turn.set_exception(self._yours(len(turns)))

    def _yours(self, waiting: int) -> Busy:
        line = f"{waiting} of your requests wait for this model already."
        return Busy(line, status=429, retry_after_s=self.retry_after_s)

    def _too_long(self) -> Busy:
        line = f"No place became free in {self._longest_wait_s:g} s."
        return Busy(line, status=503, retry_after_s=self.retry_after_s)
