"""Asks again what a worker that was gone never read."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TypeVar

from sprat.errors import EngineDied


class NeverTaken(EngineDied):
    """The worker was gone before it read the request: another one can be asked."""


T = TypeVar("T")


async def asked_again(ask: Callable[[], AsyncGenerator[T]]) -> AsyncGenerator[T]:
    """What `ask` yields; it is called once more when the worker turns out to be gone.

    That an idle worker died is noticed a moment later: who asks in that moment asks a dead one.

    Raises:
        NeverTaken: the next one was gone too.
    """
    for last in (False, True):
        try:
            async with aclosing(ask()) as yielded:
                async for one in yielded:
                    yield one
        except NeverTaken:
            if last:
                raise
        else:
            return
