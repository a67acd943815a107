"""Work on several pieces at once, handed back in order; numpy frees the interpreter meanwhile."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")

LANES = max(1, min(4, os.cpu_count() or 1))  # beyond four the disk is what is waited for


def in_order(work: Callable[[Piece], Result], pieces: Iterable[Piece]) -> Iterator[Result]:
    """Yield `work(piece)` for each piece, a few pieces ahead of the taker and no more."""
    with ThreadPoolExecutor(LANES) as pool:
        waiting: deque[Future[Result]] = deque()
        for piece in pieces:
            waiting.append(pool.submit(work, piece))
            if len(waiting) > 2 * LANES:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
