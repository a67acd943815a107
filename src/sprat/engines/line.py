"""The line before a model: who stands in it, and who is told how long a request stands there.

A policy must not blame a model for the wait before it, nor pay for that. What it asks may be an
engine behind an engine, so it is told by a context variable, not by an argument.
"""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, runtime_checkable

CALLER: ContextVar[str] = ContextVar("caller", default="")
"""Who asks: a policy is asked by many, and each stands in the line of its models as itself."""


class Waiter(Protocol):
    """Wants to know when its request waits."""

    def waits(self) -> None:
        """From now on: for a place, or until the model is loaded."""
        ...

    def waited(self, loaded_ns: int | None = None) -> None:
        """The model begins with it now. `loaded_ns`: when it was loaded; None: it had been."""
        ...


WAITER: ContextVar[Waiter | None] = ContextVar("waiter", default=None)


@contextmanager
def told(waiter: Waiter) -> Generator[None]:
    """Tell this one of what is waited for in the block."""
    before = WAITER.set(waiter)
    try:
        yield
    finally:
        WAITER.reset(before)


def waits() -> None:
    """Say that the request under way waits."""
    if (waiter := WAITER.get()) is not None:
        waiter.waits()


def waited(loaded_ns: int | None = None) -> None:
    """Say that it waits no longer."""
    if (waiter := WAITER.get()) is not None:
        waiter.waited(loaded_ns)


@runtime_checkable
class Lined(Protocol):
    """An engine with a line before it."""

    @property
    def crowded(self) -> bool:
        """Whether whoever asks now must wait."""
        ...


def crowded(engine: object) -> bool:
    """Whether one more question would have to wait, as far as that is known."""
    return isinstance(engine, Lined) and engine.crowded
