"""A failing model is left alone for a while, then tried by one request."""

import msgspec

from sprat.errors import ContextTooLong, EngineError, EngineRefused, ModelError, SpratError
from sprat.measure.clock import Clock, now_ns

_ITS_OWN_FAULT = {400, 413, 422}
"""What the request is at fault for: another one may do."""


class BreakerStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How a model fares."""

    failures: int
    """In a row, up to now."""
    left_alone_s: float | None = None
    """How much longer it is not asked; None: it is asked."""
    last_error: str | None = None


class Breaker:
    """Counts failures in a row; after `failures` of them nothing is asked for `cool_down_s`.

    Call `take` before asking, then exactly one of `worked`, `failed` and `released`.
    """

    def __init__(self, failures: int, cool_down_s: float, clock: Clock = now_ns) -> None:
        self._most = failures
        self._cool_down_ns = round(cool_down_s * 1e9)
        self._clock = clock
        self._failures = 0
        self._until_ns: int | None = None
        self._trying = False
        self._last: str | None = None

    def take(self) -> str | None:
        """None: ask it. Else why it is left alone, in one line."""
        if self._until_ns is None:
            return None
        left_s = self.left_alone_s
        if left_s or self._trying:
            wait = f"for {left_s:.0f} s more" if left_s else "while one request tries it"
            return f"left alone {wait}: {self._failures} failures in a row, last: {self._last}"
        self._trying = True
        return None

    def worked(self) -> None:
        """It answered."""
        self.reset()

    def failed(self, error: SpratError) -> None:
        """It did not; errors that only this request is at fault for do not count."""
        if not counts(error):
            self.released()
            return
        self._trying = False
        self._failures += 1
        self._last = error.message
        if self._failures >= self._most:
            self._until_ns = self._clock() + self._cool_down_ns

    def released(self) -> None:
        """It was not seen how it ends: the caller left."""
        self._trying = False

    def reset(self) -> None:
        """As if nothing had ever failed."""
        self._failures, self._until_ns, self._trying, self._last = 0, None, False, None

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


def counts(error: SpratError) -> bool:
    """Whether an error says something about the model, not about this request or the moment."""
    if isinstance(error, ContextTooLong) or not isinstance(error, (EngineError, ModelError)):
        return False
    return not (isinstance(error, EngineRefused) and error.status in _ITS_OWN_FAULT)
