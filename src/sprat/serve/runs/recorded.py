"""The file of recorded runs as the gateway reads it: in threads, a few at a time."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from sprat.errors import RunError, StoreError
from sprat.runs.store import Store
from sprat.serve.problem import BadRequest

_AT_ONCE = 2
_KEPT = 6

_Found = TypeVar("_Found")


class Recorded:
    """One store for all who look. It is opened for each look: nothing is held meanwhile."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._made: OrderedDict[object, tuple[object, Any]] = OrderedDict()
        self._one = threading.Lock()

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
        except StopIteration as error:  # no future can hold one: whoever waits would for ever
            raise RuntimeError("Something is missing in a recorded study.") from error

    def stamp(self) -> tuple[object, ...]:
        """What changes with every write to the file, by whomever."""
        found: list[object] = []
        for file in (self._file, self._file.with_name(f"{self._file.name}-wal")):
            with suppress(OSError):
                seen = file.stat()
                # An empty log is there for as long as anyone looks: that is no write.
                found += [seen.st_mtime_ns, seen.st_size] if seen.st_size else []
        return tuple(found)

    def kept(self, name: object, state: object, made: Callable[[], _Found]) -> _Found:
        """What has that name: one of the last few, if made of the same state; else made now."""
        with self._one:
            known = self._made.pop(name, None)
        found: _Found = known[1] if known and known[0] == state else made()
        with self._one:
            self._made[name] = (state, found)
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)
        return found
