"""One file over HTTP into a `.partial` file, resumed where this run or an earlier one stopped."""

import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from sprat.errors import DownloadFailed, HashMismatch
from sprat.models.disk import CHUNK_BYTES, sync
from sprat.models.web import NothingLeft, Response, Unreachable, Web, shown

ATTEMPTS = 5
"""Tries in a row that bring nothing before a server is given up."""
PAUSE_S = 0.5
"""Seconds before the first of them; doubles."""
MAX_BYTES = 1 << 40
"""No file is larger: a server that never stops sending does not fill the disk unasked."""


class Remote(msgspec.Struct, frozen=True, kw_only=True):
    """A file to download. None is "the server did not say beforehand"."""

    url: str
    bytes: int | None = None
    sha256: str | None = None
    headers: dict[str, str] = {}


class Partial:
    """A file that grows, with the SHA-256 of what is in it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("r+b" if path.exists() else "w+b")
        self._digest = hashlib.sha256()
        self.size = 0
        self._read_up_to(None)

    def _read_up_to(self, end: int | None) -> None:
        self._file.seek(0)
        self._digest, self.size = hashlib.sha256(), 0
        while chunk := self._file.read(min(CHUNK_BYTES, (end or MAX_BYTES) - self.size)):
            self._digest.update(chunk)
            self.size += len(chunk)

    @property
    def sha256(self) -> str:
        """Of all bytes so far, in hex."""
        return self._digest.hexdigest()

    def append(self, chunk: bytes) -> None:
        """Add bytes at the end."""
        self._file.write(chunk)
        self._digest.update(chunk)
        self.size += len(chunk)

    def cut(self, size: int) -> None:
        """Keep only the first `size` bytes."""
        if size == self.size:
            return
        self._file.truncate(size)
        self._digest, self.size = hashlib.sha256(), 0
        if size:
            self._read_up_to(size)
        self._file.seek(self.size)

    def settle(self) -> None:
        """Put everything on the disk."""
        self._file.flush()
        sync(self._file.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._file.close()


def download(
    web: Web, remote: Remote, partial: Path, report: Callable[[int], None] = lambda _: None
) -> str:
    """Fetch `remote` into `partial`, going on from what is there; returns its SHA-256.

    Raises:
        HashMismatch: the bytes are not the ones promised; `partial` is deleted.
        DownloadFailed: the server cannot be asked, or stops giving.
    """
    resumed = partial.exists() and partial.stat().st_size > 0
    with Partial(partial) as out:
        _fill(web, remote, out, report)
        out.settle()
        seen, size = out.sha256, out.size
    if remote.sha256 in (None, seen):
        return seen
    partial.unlink()
    if resumed:  # what was there may have been the beginning of something else
        return download(web, remote, partial, report)
    raise HashMismatch(
        f"{shown(remote.url)} has SHA-256 {seen} over {size} bytes; {remote.sha256} was promised."
    )


def _fill(web: Web, remote: Remote, out: Partial, report: Callable[[int], None]) -> None:
    fruitless = 0
    while True:
        before = out.size
        try:
            if _fetch_rest(web, remote, out, report):
                return
            failure = Unreachable(f"{shown(remote.url)} stopped at {out.size} bytes")
        except Unreachable as error:
            failure = error
        fruitless = 0 if out.size > before else fruitless + 1
        if fruitless >= ATTEMPTS:
            raise failure
        time.sleep(failure.wait_s or PAUSE_S * 2**fruitless)


def _fetch_rest(web: Web, remote: Remote, out: Partial, report: Callable[[int], None]) -> bool:
    """One request for what is missing; whether the file is whole now."""
    if remote.bytes is not None and out.size > remote.bytes:
        out.cut(0)
    if out.size == remote.bytes:
        return True
    try:
        with web.open(remote.url, _headers(remote.headers, out.size)) as response:
            if response.status == 206 and not _fits(response, out.size):
                out.cut(0)
                return False
            if response.status != 206:
                out.cut(0)  # the server does not resume: from the beginning, then
            whole = remote.bytes or _announced(response, out.size)
            _copy(response, out, whole, report)
            return whole is None or out.size == whole
    except NothingLeft as error:
        if error.size != out.size:
            out.cut(0)
        return error.size == out.size


def _headers(given: Mapping[str, str], start: int) -> dict[str, str]:
    asked = {**given, "Accept-Encoding": "identity"}
    return {**asked, "Range": f"bytes={start}-"} if start else asked


def _fits(response: Response, start: int) -> bool:
    return (response.headers.get("Content-Range") or "").startswith(f"bytes {start}-")


def _announced(response: Response, start: int) -> int | None:
    length = response.headers.get("Content-Length") or ""
    return start + int(length) if length.isdigit() else None


def _copy(
    response: Response, out: Partial, whole: int | None, report: Callable[[int], None]
) -> None:
    limit = MAX_BYTES if whole is None else whole
    while chunk := response.read1(CHUNK_BYTES // 4):
        if out.size + len(chunk) > limit:
            out.cut(0)
            raise DownloadFailed(f"{response.url} sends more than the {limit} bytes it announced")
        out.append(chunk)
        report(out.size)
