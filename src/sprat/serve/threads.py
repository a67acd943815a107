"""Blocking work beside the event loop, in threads that do not hold up the program's end."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

R = TypeVar("R")


async def in_thread(work: Callable[[], R]) -> R:
    """Run `work` in a thread of its own.

    Unlike `asyncio.to_thread`, whose threads are joined when the program ends, a download that was
    given up does not keep the program alive: what was fetched of it is kept and resumed.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[R] = loop.create_future()

    def settle(result: R | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # pyright: ignore[reportArgumentType] - None only with an error

    def run() -> None:
        result: R | None = None
        error: BaseException | None = None
        try:
            result = work()
        except BaseException as raised:  # noqa: BLE001 - handed to whoever waits
            error = raised
        with suppress(RuntimeError):  # the loop has ended: nobody waits
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="sprat-blocking", daemon=True).start()
    return await future
