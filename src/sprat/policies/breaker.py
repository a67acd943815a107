"""A failing model is left alone for a while, then tried by one request."""

import msgspec

from sprat.errors import ContextTooLong, EngineError, EngineRefused, ModelError, SpratError
from sprat.measure.clock import Clock, now_ns

_ITS_OWN_FAULT = {400, 413, 422}
"""What the request is at fault for: another one may do."""

_LONGEST_S = 3600.0


class BreakerStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How a model fares."""

    failures: int
    """In a row, up to now."""
    left_alone_s: float | None = None
    """How much longer it is not asked; None: it is asked."""
    last_error: str | None = None


class Breaker:
    """Counts failures in a row; after `failures` of them nothing is asked for `cool_down_s`.

    A server that says how long to wait is left alone as long, after one refusal.

    Call `take` before asking, then exactly one of `worked`, `failed` and `released`. `by` is who
    asks: only the one request that tries a model can say that the try is over.
    """

    def __init__(self, failures: int, cool_down_s: float, clock: Clock = now_ns) -> None:
        self._most = failures
        self._cool_down_ns = round(cool_down_s * 1e9)
        self._clock = clock
        self._failures = 0
        self._until_ns: int | None = None
        self._trial: object | None = None
        """Who tries it; None: nobody does."""
        self._last: str | None = None

    def take(self, by: object) -> str | None:
        """None: ask it. Else why it is left alone, in one line."""
        if self._until_ns is None:
            return None
        left_s = self.left_alone_s
        if left_s or self._trial is not None:
            wait = f"for {left_s:.0f} s more" if left_s else "while one request tries it"
            times = "1 failure" if self._failures == 1 else f"{self._failures} failures in a row"
            return f"left alone {wait}: {times}, last: {self._last}"
        self._trial = by
        return None

    def worked(self) -> None:
        """It answered."""
        self.reset()

    def failed(self, error: SpratError, by: object) -> None:
        """It did not; errors that only this request is at fault for do not count."""
        self.released(by)
        if not counts(error):
            return
        self._failures += 1
        self._last = error.message
        wait_ns = self._cool_down_ns if self._failures >= self._most else 0
        wait_ns = max(wait_ns, _asked_ns(error))
        if wait_ns:
            self._until_ns = self._clock() + wait_ns

    def released(self, by: object, *, well: bool = False) -> None:
        """It was not seen how it ends: the caller left, or the policy had seen enough.

        `well`: the answer had begun, which is all that a try is for.
        """
        if self._trial is by:
            self._trial = None
            if well:
                self.reset()

    def reset(self) -> None:
        """As if nothing had ever failed."""
        self._failures, self._until_ns, self._trial, self._last = 0, None, None, None

    @property
    def left_alone_s(self) -> float | None:
        """Seconds until it may be tried; None when it may be asked, or tried, now."""
        if self._until_ns is None or self._until_ns <= self._clock():
            return None
        return (self._until_ns - self._clock()) / 1e9

    @property
    def standing(self) -> BreakerStanding:
        """How the model fares."""
        return BreakerStanding(
            failures=self._failures, left_alone_s=self.left_alone_s, last_error=self._last
        )


def _asked_ns(error: SpratError) -> int:
    """How long a server that is overloaded asks to be left alone; at most an hour is believed."""
    wait_s = error.retry_after_s if isinstance(error, EngineRefused) else None
    return round(min(wait_s or 0.0, _LONGEST_S) * 1e9)


def counts(error: SpratError) -> bool:
    """Whether an error says something about the model, not about this request or the moment."""
    if isinstance(error, ContextTooLong) or not isinstance(error, (EngineError, ModelError)):
        return False
    return not (isinstance(error, EngineRefused) and error.status in _ITS_OWN_FAULT)
