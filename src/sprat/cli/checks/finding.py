"""What a check finds."""

from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from sprat.settings import Settings

State = Literal["ok", "note", "fault"]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One finding."""

    name: str
    state: State
    """`note` is worth knowing and stops nothing."""
    found: str
    fix: str | None = None


Look = Callable[[Settings], Iterable[Check]]
"""One question: a function of the settings, which looks for a bounded time."""


def ok(name: str, found: str) -> Check:
    """Nothing to do."""
    return Check(name=name, state="ok", found=found)


def note(name: str, found: str, fix: str) -> Check:
    """Worth knowing; stops nothing."""
    return Check(name=name, state="note", found=found, fix=fix)


def fault(name: str, found: str, fix: str) -> Check:
    """Something that was asked for will not work."""
    return Check(name=name, state="fault", found=found, fix=fix)
