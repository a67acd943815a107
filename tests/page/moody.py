"""A server for the page that can cut, corrupt, pause, ignore ranges and change its ETags."""

import hashlib
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.page.wire import is_look

from sprat.serve.page.built import ALONE

MODEL = "/api/web/models/tiny/"
_KINDS = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".wasm": "application/wasm",
}
_PIECE_BYTES = 64 * 1024
_LONGEST_HOLD_S = 120.0


@dataclass
class Moods:
    """What the server has, does and has seen; the tests change it while it runs."""

    page: Path
    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    etag: str = '"first"'
    hold_at: int | None = None
    """Answers stop after so many bytes of the file, until `go`."""
    cut_at: int | None = None
    """The next answer breaks off after so many bytes of the file."""
    go: threading.Event = field(default_factory=threading.Event)
    held: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and `Range` of every request for a model's file."""
    seen: list[str] = field(default_factory=list)
    """Method and path of every request, but for the browser's own look for a newer service worker:
    it comes some time after a page was opened, whatever the page does."""
    url: str = ""

    def serve(self, name: str, content: bytes) -> dict[str, Any]:
        """Have a file; its entry in a manifest."""
        self.files[name] = content
        digest = hashlib.sha256(content).hexdigest()
        return {"name": name, "bytes": len(content), "sha256": digest}

    def ranges_asked(self) -> list[int]:
        """Where each request for a model's file began."""
        return [int(asked[6:-1]) if asked else 0 for _, asked in self.asked]


@contextmanager
def moody(page: Path, host: str = "127.0.0.1") -> Iterator[Moods]:
    """Serve the build `page` at `/`, and the moods' files as those of the model `tiny`."""
    moods = Moods(page=page)
    server = _Server((host, 0), _Handler)
    server.moods = moods
    moods.url = f"http://{host}:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield moods
    finally:
        moods.go.set()
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    moods: Moods
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if not is_look(self.path, self.headers.get("service-worker")):
            self.server.moods.seen.append(f"GET {path}")
        if path.startswith(MODEL):
            self._model_file(path.removeprefix(MODEL))
        else:
            self._page_file(path.removeprefix("/") or "index.html")

    def do_POST(self) -> None:
        self.server.moods.seen.append(f"POST {self.path.partition('?')[0]}")
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self._head(200, {"content-type": "text/plain"}, 0)

    def _page_file(self, name: str) -> None:
        page = self.server.moods.page
        known = {path.relative_to(page).as_posix(): path for path in page.rglob("*.*")}
        file = known.get(name)
        if file is None:
            self._head(404, {}, 0)
            return
        kind = _KINDS.get(file.suffix, "application/octet-stream")
        content = file.read_bytes()
        self._head(200, {"content-type": kind, "cache-control": "no-cache"}, len(content))
        self.wfile.write(content)

    def _model_file(self, name: str) -> None:
        asked = self.headers.get("range")
        self.server.moods.asked.append((name, asked))
        content = self.server.moods.files.get(name)
        if content is None:
            self._head(404, {}, 0)
            return
        start = self._start(asked)
        headers = {"etag": self.server.moods.etag}
        if start:
            headers["content-range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self._head(206 if start else 200, headers, len(content) - start)
        self._send(content, start)

    def _start(self, asked: str | None) -> int:
        found = re.fullmatch(r"bytes=(\d+)-", asked or "")
        same = self.headers.get("if-range") in (None, self.server.moods.etag)
        return int(found[1]) if found and self.server.moods.ranges and same else 0

    def _send(self, content: bytes, start: int) -> None:
        moods = self.server.moods
        cut, moods.cut_at = moods.cut_at, None
        for at in range(start, len(content), _PIECE_BYTES):
            if cut is not None and at >= cut:
                time.sleep(1)  # a browser throws away what it has not handed over by then
                self.close_connection = True
                return
            if moods.hold_at is not None and at >= moods.hold_at:
                moods.held.set()
                moods.go.wait(_LONGEST_HOLD_S)
            try:
                self.wfile.write(content[at : at + _PIECE_BYTES])
            except OSError:
                self.close_connection = True
                return

    def _head(self, status: int, headers: dict[str, str], length: int) -> None:
        self.send_response(status)
        for name, value in ALONE:
            self.send_header(name.decode(), value.decode())
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing on the terminal."""
