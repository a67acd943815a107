"""Models that run in the page: which there are, and the files of each, by its manifest alone."""

import asyncio
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from sprat.errors import ModelError, SpratError, UnknownModel
from sprat.models.export.web.manifest import MANIFEST, FileEntry
from sprat.models.names import GgufFile
from sprat.models.web_ready import WebModel, kept_folder, web_models
from sprat.serve.file import File
from sprat.serve.models.names import Names, Served
from sprat.serve.models.offered import Offered
from sprat.serve.observe.lines import fetching
from sprat.serve.observe.log import LOG
from sprat.serve.page.making import made_folder
from sprat.serve.problem import Busy
from sprat.settings import Settings

_KINDS = {".json": b"application/json", ".txt": b"text/plain; charset=utf-8"}
_BYTES = b"application/octet-stream"


class _Variant(msgspec.Struct, frozen=True):
    model: FileEntry
    data: tuple[FileEntry, ...] = ()


class _Named(msgspec.Struct, frozen=True):
    """As much of a manifest as it takes to send what it names, whoever wrote it."""

    files: tuple[FileEntry, ...]
    variants: tuple[_Variant, ...]

    def entries(self) -> list[FileEntry]:
        return [*self.files, *(one for v in self.variants for one in (v.model, *v.data))]


Shelf = Mapping[str, File]
"""A model's files by the names that its manifest has for them, and the manifest."""


class Shelves:
    """One shelf for each model that was asked for; it is made at need, once for all who wait."""

    def __init__(self, names: Names, offered: Offered, settings: Settings) -> None:
        self._names = names
        self._offered = offered
        self._settings = settings
        self._making: dict[str, asyncio.Task[Shelf]] = {}
        self._made: dict[str, Shelf] = {}
        self._one = asyncio.Semaphore(1)
        self._closed = False

    async def models(self) -> list[WebModel]:
        """What can run in the page. A name with a slash could not be told from a file's."""
        found = await asyncio.to_thread(web_models, self._settings)
        return [model for model in found if "/" not in model.name]

    async def known(self, name: str) -> Shelf | None:
        """A shelf that is there already, or was before a restart; nothing is made."""
        if name not in self._made:
            kept = await asyncio.to_thread(self._kept, name)
            if kept is not None:
                self._made[name] = kept
        return self._made.get(name)

    def _kept(self, name: str) -> Shelf | None:
        folder = kept_folder(name, self._settings)
        return None if folder is None else read_shelf(folder)

    async def of(self, name: str) -> Shelf:
        """A model's shelf: exported now, if it never was. Whoever leaves does not stop that.

        Raises:
            UnknownModel: no such model runs in the page.
            Busy: the gateway stops.
            SpratError: its weights cannot be had or exported.
        """
        if name in self._made and await asyncio.to_thread(_is_there, self._made[name]):
            return self._made[name]
        if name not in {model.name for model in await self.models()}:
            raise UnknownModel(
                f"No model of the page is called {name[:80]!r}.", fix="See: GET /api/web/models"
            )
        making = None if self._closed else self._begun(name)
        if making is not None:
            await asyncio.wait(
                [making]
            )  # and not itself: who leaves does not end it for the others
        if making is None or making.cancelled():
            raise Busy("The gateway is stopping.", status=503, retry_after_s=5, code="stopping")
        return making.result()

    def _begun(self, name: str) -> asyncio.Task[Shelf]:
        making = self._making.get(name)
        if making is None:
            making = self._making[name] = asyncio.create_task(self._make(name))
            making.add_done_callback(lambda done: self._ended(name, done))
        return making

    async def _make(self, name: str) -> Shelf:
        served = self._names.find(name)
        await asyncio.to_thread(self._offered.refuse_unfetched, served)
        if kept := await asyncio.to_thread(self._kept, name):
            return kept
        async with self._one:  # each computes with all processors
            folder = await self._folder(served)
        return await asyncio.to_thread(read_shelf, folder)

    async def _folder(self, served: Served) -> Path:
        try:
            return await made_folder(served.name, self._settings, fetching(served.name))
        except SpratError as error:  # clients are told no path
            LOG.warning("could not be made", extra={"model": served.name, "error": str(error)})
            kind, fix = type(error), error.fix and self._pathless(error.fix, served)
            raise kind(self._pathless(error.message, served), fix=fix) from error

    def _pathless(self, text: str, served: Served) -> str:
        folders = [self._settings.exports_dir, self._settings.models_dir]
        if isinstance(served.found, GgufFile):
            folders.append(served.found.path.parent)
        for folder in folders:
            text = text.replace(f"{folder}{os.sep}", "").replace(str(folder), folder.name)
        return text

    def _ended(self, name: str, making: asyncio.Task[Shelf]) -> None:
        del self._making[name]
        if not making.cancelled() and making.exception() is None:
            self._made[name] = making.result()

    async def aclose(self) -> None:
        """Make no more; end what is being made, and its process."""
        self._closed = True
        making = list(self._making.values())
        for one in making:
            one.cancel()
        await asyncio.gather(*making, return_exceptions=True)


def read_shelf(folder: Path) -> Shelf:
    """What `folder`'s manifest names. Blocks.

    Raises:
        ModelError: there is no manifest, or it is none.
    """
    path = folder / MANIFEST
    try:
        raw = path.read_bytes()
        named = msgspec.json.decode(raw, type=_Named).entries()
    except (OSError, msgspec.DecodeError) as error:
        line = f"{folder.name}/{MANIFEST} is no manifest of a model for the page."
        fix = "Remove that folder of the gateway's exports: it is made again."
        raise ModelError(line, fix=fix) from error
    own = FileEntry(name=MANIFEST, bytes=len(raw), sha256=hashlib.sha256(raw).hexdigest())
    return {one.name: _file(folder, one) for one in (*named, own)}


def _file(folder: Path, entry: FileEntry) -> File:
    path = folder / entry.name
    kind = _KINDS.get(path.suffix, _BYTES)
    return File(path=path, size_bytes=entry.bytes, sha256=entry.sha256, kind=kind)


def _is_there(shelf: Shelf) -> bool:
    try:
        return all(file.path.stat().st_size == file.size_bytes for file in shelf.values())
    except OSError:
        return False
