"""The chat's password, which cannot be guessed at speed."""

import asyncio
import hmac

_GUESS_S = 1.0
_MOST_WAITING = 4
"""Of one caller; more at once are refused unheard: they would only hold up the others there."""
_MOST_CALLERS = 256


class _Queue:
    """One caller's guesses."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.waiting = 0


class Password:
    """One guess of a caller after the other, so that who guesses holds up nobody elsewhere.

    Each answer takes as long, so that none is told by its haste.
    """

    def __init__(self, right: str) -> None:
        self._right = right.encode()
        self._queues: dict[str, _Queue] = {}

    async def fits(self, guess: str, caller: str) -> bool:
        """Whether that is it; False at once where too many of the same `caller` wait already."""
        if caller not in self._queues and len(self._queues) >= _MOST_CALLERS:
            return False
        queue = self._queues.setdefault(caller, _Queue())
        if queue.waiting >= _MOST_WAITING:
            return False
        queue.waiting += 1
        try:
            async with queue.turn:
                await asyncio.sleep(_GUESS_S)
        finally:
            queue.waiting -= 1
            if not queue.waiting:
                del self._queues[caller]
        return hmac.compare_digest(guess.encode("utf-8", "replace"), self._right)
