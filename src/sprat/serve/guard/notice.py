"""Lines of the log about what was refused: each at most once a minute, whoever makes noise."""

from sprat.measure.clock import now_ns
from sprat.serve.observe.log import LOG

_EVERY_NS = 60 * 10**9
_MOST = 64
"""Different lines remembered; while so many are fresh, further ones are only counted."""


class Notice:
    """Writes a line again only after a minute, with how often it was left out meanwhile."""

    def __init__(self) -> None:
        self._since: dict[str, tuple[int, int]] = {}
        """Line → (when it was written, how often it was left out since)."""

    def say(self, line: str) -> None:
        """Write the line, or count it."""
        now = now_ns()
        known = self._since.get(line)
        if known is not None and now - known[0] < _EVERY_NS:
            self._since[line] = (known[0], known[1] + 1)
            return
        if known is None and not self._room(now):
            return
        again = f" ({known[1]} more since it was last said)" if known and known[1] else ""
        self._since[line] = (now, 0)
        LOG.warning("%s%s", line, again)

    def _room(self, now: int) -> bool:
        if len(self._since) >= _MOST:
            fresh = {k: v for k, v in self._since.items() if now - v[0] < _EVERY_NS}
            self._since = fresh
        return len(self._since) < _MOST
