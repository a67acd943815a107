"""What the large model may cost in any 24 hours."""

from collections import deque

import msgspec

from sprat.measure.clock import Clock, now_ns

_DAY_NS = 24 * 3600 * 10**9


class BudgetStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What was spent on the large model."""

    limit_usd: float | None
    """None: no limit."""
    spent_usd: float
    """In the last 24 hours, as far as prices are known."""
    unpriced: int
    """Answers in the last 24 hours whose price is not known."""


class Budget:
    """Adds up the last 24 hours; kept in memory, so it begins anew with the process."""

    def __init__(self, limit_usd: float | None, clock: Clock = now_ns) -> None:
        self._limit_usd = limit_usd
        self._clock = clock
        self._spent: deque[tuple[int, float | None]] = deque()

    def spend(self, cost_usd: float | None) -> None:
        """An answer cost so much; None: nobody knows."""
        self._spent.append((self._clock(), cost_usd))

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
        self._forget()
        known = [cost for _, cost in self._spent if cost is not None]
        return BudgetStanding(
            limit_usd=self._limit_usd,
            spent_usd=sum(known),
            unpriced=len(self._spent) - len(known),
        )

    def _forget(self) -> None:
        since = self._clock() - _DAY_NS
        while self._spent and self._spent[0][0] <= since:
            self._spent.popleft()
