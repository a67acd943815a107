"""Work that may take for ever, waited for only so long, in a thread that holds nobody up."""

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns, or raises, if that takes no longer than `seconds`.

    A socket's own time-out does not bound a name server that is silent, nor a server that drips:
    the thread is left to its fate, and does not keep the program from ending.

    Raises:
        TimeoutError: it takes longer.
    """
    answer: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()
    _start(work, lambda value, error: answer.put((value, error)))
    try:
        value, error = answer.get(timeout=max(0.0, seconds))
    except queue.Empty:
        raise TimeoutError(f"no answer within {seconds:.3g} s") from None
    if error is not None:
        raise error
    return value  # pyright: ignore[reportReturnType] -- None only where `work` returns it


async def aside(work: Callable[[], T]) -> T:
    """What `work` returns, or raises, while the loop goes on; cancelling it stops the waiting.

    Unlike a thread of `asyncio.to_thread` this one is not waited for when the program ends.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(value: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(value)  # pyright: ignore[reportArgumentType]

    def tell(value: T | None, error: BaseException | None) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, value, error)

    _start(work, tell)
    return await future


def _start(work: Callable[[], T], tell: Callable[[T | None, BaseException | None], None]) -> None:
    def run() -> None:
        try:
            value = work()
        except BaseException as error:  # noqa: BLE001 -- it is raised where it is waited for
            tell(None, error)
        else:
            tell(value, None)

    threading.Thread(target=run, daemon=True).start()
