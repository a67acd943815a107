"""The chat's password, which cannot be guessed at speed."""

import asyncio
import hmac

_GUESS_S = 1.0
_MOST_WAITING = 4
"""More at once are refused unheard: they would only hold up everybody else."""


class Password:
    """One guess after the other; each answer takes as long, so that none is told by its haste."""

    def __init__(self, right: str) -> None:
        self._right = right.encode()
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def fits(self, guess: str) -> bool:
        """Whether that is it; False at once where others wait already."""
        if self._waiting >= _MOST_WAITING:
            return False
        self._waiting += 1
        try:
            async with self._turn:
                await asyncio.sleep(_GUESS_S)
        finally:
            self._waiting -= 1
        return hmac.compare_digest(guess.encode("utf-8", "replace"), self._right)
