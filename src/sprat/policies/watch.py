"""What a shadow sees: whether the small model still answers as it did.

It looks for as long as the policy serves, and every look could be a false alarm. So answers are
looked at window by window, none in two of them, and each window has less to spend than the last:
together no more than the level.
"""

from collections import deque

import msgspec

from sprat.policies.drift import against, same_distribution, spent
from sprat.policies.spec import Shadow

_LEAST = 10
"""Shadowed answers before anything is concluded."""
DISAGREE_LEVEL = 0.05
"""The probability that an allowed share of disagreement ever raises the alarm."""
DRIFT_LEVEL = 0.001
"""That confidences which are distributed as they were ever do."""


class ShadowStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What a shadow has seen since it was reset."""

    compared: int
    """Answers that both models gave."""
    disagreed: int
    """Of the latest `of`."""
    of: int
    skipped: int
    """Chosen, but too many were under way, or the large model gave no answer."""
    running: int
    alarm: str | None
    """Why the large model answers everything now; None: it does not."""


class Watch:
    """The latest comparisons and confidences, and the alarm that they raise."""

    def __init__(self, shadow: Shadow) -> None:
        self._shadow = shadow
        self._baseline = sorted(shadow.baseline)
        self.reset()

    def reset(self) -> None:
        """Forget everything, the alarm too."""
        self.alarm: str | None = None
        self.compared = 0
        self._seen = 0
        self._differs: deque[bool] = deque(maxlen=self._shadow.window)
        self._confidences: deque[float] = deque(maxlen=self._shadow.window)

    @property
    def disagreed(self) -> tuple[int, int]:
        """How many of how many of the latest answers differ."""
        return sum(self._differs), len(self._differs)

    def compare(self, agreement: float) -> None:
        """Both answered; `agreement` is their token F1."""
        before, n = divmod(self.compared, self._shadow.window)
        self.compared, n = self.compared + 1, n + 1
        self._differs.append(agreement < self._shadow.agree_f1)
        hits = sum([*self._differs][-n:])
        odds = against(hits, n, self._shadow.most_disagreement)
        if n >= _LEAST and odds >= 1 / spent(DISAGREE_LEVEL, before + 1):
            self._raise(f"{hits} of the latest {n} answers differ from the large model's")

    def see(self, confidence: float) -> None:
        """The small model answered, as surely as that."""
        self._confidences.append(confidence)
        self._seen += 1
        looks, begun = divmod(self._seen, self._shadow.window)
        if begun or not self._baseline:
            return
        p = same_distribution(sorted(self._confidences), self._baseline)
        if p < spent(DRIFT_LEVEL, looks):
            self._raise(
                f"the latest {self._shadow.window} confidences are distributed unlike those of its "
                f"calibration (p = {p:.1g})"
            )

    def _raise(self, why: str) -> None:
        self.alarm = self.alarm or why
