"""What the large model may cost in any 24 hours."""

from collections import deque

import msgspec

from sprat.measure.clock import Clock, now_ns

_MINUTE_NS = 60 * 10**9
_DAY_MINUTES = 24 * 60


class BudgetStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What was spent on the large model."""

    limit_usd: float | None
    """None: no limit."""
    spent_usd: float
    """In the last 24 hours, as far as prices are known."""
    unpriced: int
    """Answers in the last 24 hours whose price is not known."""


class Budget:
    """Adds up the last 24 hours, by the minute; kept in memory: it begins anew with the process."""

    def __init__(self, limit_usd: float | None, clock: Clock = now_ns) -> None:
        self._limit_usd = limit_usd
        self._clock = clock
        self._minutes: deque[_Minute] = deque()

    def spend(self, cost_usd: float | None) -> None:
        """An answer cost so much; None: nobody knows."""
        now = self._clock() // _MINUTE_NS
        if not self._minutes or self._minutes[-1].at != now:
            self._minutes.append(_Minute(now))
        if cost_usd is None:
            self._minutes[-1].unpriced += 1
        else:
            self._minutes[-1].spent_usd += cost_usd

    @property
    def used_up(self) -> str | None:
        """Why nothing more may be spent, in one line; None: it may.

        An answer of unknown price uses it up: a limit that cannot be watched is no limit.
        """
        if self._limit_usd is None:
            return None
        standing = self.standing
        if standing.unpriced:
            return (
                f"the budget of {self._limit_usd:g} USD a day cannot be watched: "
                "the large model's price is not known"
            )
        if standing.spent_usd >= self._limit_usd:
            return (
                f"the budget is used up: {standing.spent_usd:.4g} of {self._limit_usd:g} USD "
                "in 24 hours"
            )
        return None

    @property
    def standing(self) -> BudgetStanding:
        """What was spent."""
        since = self._clock() // _MINUTE_NS - _DAY_MINUTES
        while self._minutes and self._minutes[0].at <= since:
            self._minutes.popleft()
        return BudgetStanding(
            limit_usd=self._limit_usd,
            spent_usd=sum(minute.spent_usd for minute in self._minutes),
            unpriced=sum(minute.unpriced for minute in self._minutes),
        )


class _Minute:
    """What was spent in one minute."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.spent_usd = 0.0
        self.unpriced = 0
