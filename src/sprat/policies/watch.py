"""What a shadow sees: whether the small model still answers as it did."""

from bisect import insort
from collections import deque

import msgspec

from sprat.policies.drift import at_least, same_distribution
from sprat.policies.spec import Shadow

_LEAST = 10
"""Shadowed answers before anything is concluded."""
_DISAGREE_P = 0.05
_DRIFT_P = 0.001


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
        self._new = 0
        self._differs: deque[bool] = deque(maxlen=self._shadow.window)
        self._confidences: deque[float] = deque(maxlen=self._shadow.window)

    @property
    def disagreed(self) -> tuple[int, int]:
        """How many of how many of the latest answers differ."""
        return sum(self._differs), len(self._differs)

    def compare(self, agreement: float) -> None:
        """Both answered; `agreement` is their token F1."""
        self.compared += 1
        self._differs.append(agreement < self._shadow.agree_f1)
        hits, n = self.disagreed
        most = self._shadow.most_disagreement
        if n >= _LEAST and hits / n > most and at_least(hits, n, most) < _DISAGREE_P:
            self._raise(f"{hits} of the latest {n} answers differ from the large model's")

    def see(self, confidence: float) -> None:
        """The small model answered, as surely as that."""
        self._confidences.append(confidence)
        self._new += 1
        window = self._shadow.window
        if not self._baseline or len(self._confidences) < window or self._new < window / 10:
            return
        self._new = 0
        latest: list[float] = []
        for value in self._confidences:
            insort(latest, value)
        p = same_distribution(latest, self._baseline)
        if p < _DRIFT_P:
            self._raise(
                f"the latest {window} confidences are distributed unlike those of its "
                f"calibration (p = {p:.1g})"
            )

    def _raise(self, why: str) -> None:
        self.alarm = self.alarm or why
