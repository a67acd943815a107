"""The built page: read once, sent often. The runtime lies packed (`.wasm.gz`)."""

import asyncio
import gzip
import hashlib
import struct
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from sprat.errors import SpratError
from sprat.serve.asgi import Headers, Receive, Scope, Send, header
from sprat.serve.file import File, send_file, send_pieces

_KINDS = {
    ".html": b"text/html; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".mjs": b"text/javascript; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".png": b"image/png",
    ".txt": b"text/plain; charset=utf-8",
    ".wasm": b"application/wasm",
    ".webmanifest": b"application/manifest+json",
}
_POLICY = (
    b"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; "
    b"connect-src 'self'; style-src 'self'; img-src 'self' data:; manifest-src 'self'; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
ALONE = (
    (b"content-security-policy", _POLICY),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
    (b"x-dns-prefetch-control", b"off"),
)
"""Only our own files run and may be asked; and the page shares its process with no other site, for
which browsers allow threads. A worker has the headers of its own script, so every file bears them.
The policy does not govern names: a link in an answer would have its host looked up ahead.

Source: https://www.w3.org/TR/CSP3/, https://web.dev/articles/coop-coep,
https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/X-DNS-Prefetch-Control
"""
FOREVER = (b"cache-control", b"public, max-age=31536000, immutable")
ASK_AGAIN = (b"cache-control", b"no-cache")


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """Name → file, of what was built; the packed ones by their unpacked names."""

    plain: dict[str, File]
    packed: dict[str, File]

    @classmethod
    def read(cls, folder: Path) -> "Built":
        """Look at every file of a build.

        Raises:
            SpratError: there is no build.
        """
        if not (folder / "index.html").is_file():
            raise SpratError("The page was not built.", fix="In a checkout: make page")
        found = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".py"]
        named = {path.relative_to(folder).as_posix(): path for path in sorted(found)}
        packed = {name[:-3]: path for name, path in named.items() if name.endswith(".gz")}
        plain = {name: path for name, path in named.items() if not name.endswith(".gz")}
        return cls(
            plain={name: _file(name, path) for name, path in plain.items()},
            packed={name: _file(name, path) for name, path in packed.items()},
        )

    def has(self, name: str) -> bool:
        """Whether it is of the build."""
        return name in self.plain or name in self.packed

    async def send(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        name: str,
        cache_control: tuple[bytes, bytes],
    ) -> None:
        """Send one of them, with what makes the page its own world."""
        headers = (*ALONE, cache_control)
        if name in self.plain:
            await send_file(scope, receive, send, self.plain[name], headers)
        else:
            await _send_packed(scope, receive, send, self.packed[name], headers)


def _file(name: str, path: Path) -> File:
    kind = _KINDS.get(Path(name).suffix, b"application/octet-stream")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return File(path=path, size_bytes=path.stat().st_size, sha256=digest, kind=kind)


@cache
def built_page(folder: Path | None = None) -> Built:
    """The page that the package brings, or a build in `folder`; read once.

    Raises:
        SpratError: it was not built.
    """
    with as_file(files("sprat") / "page") as own:
        return Built.read(folder or own)


async def _send_packed(
    scope: Scope, receive: Receive, send: Send, file: File, headers: Headers
) -> None:
    """Packed where the client takes that, else unpacked on the way: nothing is kept of it."""
    vary = (b"vary", b"Accept-Encoding")
    if takes_gzip(header(scope, b"accept-encoding")):
        packed = (b"content-encoding", b"gzip")
        await send_file(scope, receive, send, file, (*headers, packed, vary))
        return
    size = await asyncio.to_thread(_unpacked_bytes, file.path)
    own = [
        (b"content-type", file.kind),
        (b"content-length", b"%d" % size),
        (b"etag", f'"{file.sha256}-unpacked"'.encode()),
        vary,
    ]
    await send({"type": "http.response.start", "status": 200, "headers": [*own, *headers]})
    with gzip.open(file.path) as source:
        left_bytes = 0 if scope["method"] == "HEAD" else size
        await send_pieces(scope, receive, send, cast("BinaryIO", source), left_bytes)


def _unpacked_bytes(path: Path) -> int:
    """As the last four bytes say. Source: RFC 1952, section 2.3.1."""
    with path.open("rb") as file:
        file.seek(-4, 2)
        return int(struct.unpack("<I", file.read(4))[0])


def takes_gzip(accepted: bytes | None) -> bool:
    """Whether a client takes gzip. Source: RFC 9110, section 12.5.3."""
    for one in (accepted or b"").lower().split(b","):
        coding, _, weight = one.partition(b";")
        if coding.strip() in {b"gzip", b"x-gzip", b"*"}:
            return weight.replace(b" ", b"") not in {b"q=0", b"q=0.0", b"q=0.00", b"q=0.000"}
    return False
