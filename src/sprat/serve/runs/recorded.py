"""The file of recorded runs as the gateway reads it: in threads, a few at a time."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sprat.errors import RunError, StoreError
from sprat.runs.browse import state_of
from sprat.runs.store import Store
from sprat.serve.problem import BadRequest

_AT_ONCE = 2
_KEPT = 4

_Found = TypeVar("_Found")


class Recorded:
    """One store for all who look. It is opened for each look: nothing is held meanwhile."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._reports: OrderedDict[str, tuple[object, str]] = OrderedDict()

    async def read(self, look: Callable[[Store], _Found], nothing: _Found | None = None) -> _Found:
        """What `look` finds; `nothing` where nothing was ever recorded.

        Raises:
            BadRequest: there is nothing of that name (404).
            StoreError: the file cannot be read.
        """
        async with self._places:
            return await asyncio.to_thread(self._read, look, nothing)

    def _read(self, look: Callable[[Store], _Found], nothing: _Found | None) -> _Found:
        if nothing is not None and not self._file.is_file():
            return nothing
        try:
            with Store(self._file) as store:
                return look(store)
        except StoreError:
            raise
        except RunError as error:
            line, fix = error.message, error.fix
            raise BadRequest(line, status=404, code="not_found", fix=fix) from error

    def report(self, store: Store, study: str, made: Callable[[Store, str], str]) -> str:
        """A study's page: one of the last few if nothing changed since, else made now."""
        state = state_of(store, study)
        known = self._reports.pop(study, None)
        html = known[1] if known and known[0] == state else made(store, study)
        self._reports[study] = (state, html)
        while len(self._reports) > _KEPT:
            self._reports.popitem(last=False)
        return html
