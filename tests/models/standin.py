"""A package index and a model hub on the loopback: as faithful as the fetching code needs.

Index: PEP 691 JSON or PEP 503 HTML by what is asked for, wheels with `Range`. Hub: `HEAD` and `GET`
of `/OWNER/REPO/resolve/REVISION/FILE` redirect to a file store with the headers of the real one.
Each file can be given faults, one per request: what a bad network or a bad server does.
"""

import asyncio
import contextlib
import hashlib
import io
import random
import re
import threading
import zipfile
from collections import defaultdict

from aiohttp import web

CHUNK = 32_768


def wheel(project: str, members: dict[str, bytes]) -> bytes:
    """A wheel's bytes: a zip with these members and its metadata."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        info = f"{project.replace('-', '_')}-1.0.dist-info"
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {project}\nVersion: 1.0\n"
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n")
        archive.writestr(f"{info}/RECORD", "")
    return out.getvalue()


def noise(size: int, seed: int = 1) -> bytes:
    """Bytes that look like weights: a GGUF magic, then what no compressor makes smaller."""
    return b"GGUF" + random.Random(seed).randbytes(size - 4)


class StandIn:
    """The server, in a thread of its own; everything it was asked is kept in `requests`."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[str]] = defaultdict(list)
        self.requests: list[tuple[str, str, str]] = []
        self.logins: list[tuple[str, str | None]] = []
        self.sent_bytes = 0
        self.sizes = True
        self.html = False
        self.pause_s = 0.0
        self.token: str | None = None
        self.hub_sha: dict[str, str] = {}
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._started.wait(10)

    @property
    def index(self) -> str:
        return f"{self.url}/simple"

    def add_wheel(self, project: str, members: dict[str, bytes]) -> bytes:
        """Publish version 1.0 of a project."""
        data = wheel(project, members)
        self.files[f"{project.replace('-', '_')}-1.0-py3-none-any.whl"] = data
        return data

    def paths(self, like: str = "") -> list[str]:
        """The paths asked for that contain `like`."""
        return [path for _, path, _ in self.requests if like in path]

    def authorised(self, path: str) -> list[str | None]:
        """The `Authorization` of each request for `path`."""
        return [login for asked, login in self.logins if asked == path]

    def close(self) -> None:
        if not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application()
        app.router.add_get("/simple/{project}/", self._project)
        app.router.add_get("/files/{name}", self._file)
        app.router.add_get("/{owner}/{repo}/resolve/{revision}/{file:.+}", self._resolve)
        app.router.add_get("/api/models/{owner}/{repo}/revision/{revision}", self._card)
        app.router.add_get("/login/simple/{project}/", self._guarded)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._started.set()
        await self._stop.wait()
        await runner.cleanup()

    def _log(self, request: web.Request) -> None:
        self.requests.append((request.method, request.path, request.headers.get("Range", "")))
        self.logins.append((request.path, request.headers.get("Authorization")))

    async def _guarded(self, request: web.Request) -> web.StreamResponse:
        if "Authorization" not in request.headers:
            return web.Response(status=401)
        return await self._project(request)

    async def _project(self, request: web.Request) -> web.StreamResponse:
        self._log(request)
        project = request.match_info["project"]
        if fault := self._next_fault(project):
            return web.Response(status=int(fault))
        prefix = project.replace("-", "_") + "-"
        found = {n: d for n, d in self.files.items() if n.startswith(prefix)}
        if not found:
            return web.Response(status=404)
        if self.html or "json" not in request.headers.get("Accept", ""):
            return self._html_page(found)
        entries = [self._entry(name, data) for name, data in found.items()]
        return web.json_response(
            {"meta": {"api-version": "1.1"}, "name": project, "files": entries},
            content_type="application/vnd.pypi.simple.v1+json",
        )

    def _entry(self, name: str, data: bytes) -> dict[str, object]:
        hashes = {"sha256": hashlib.sha256(data).hexdigest()}
        entry: dict[str, object] = {
            "filename": name,
            "url": f"/files/{name}",
            "hashes": hashes,
        }
        return {**entry, "size": len(data)} if self.sizes else entry

    def _html_page(self, found: dict[str, bytes]) -> web.Response:
        links = "".join(
            f'<a href="/files/{n}#sha256={hashlib.sha256(d).hexdigest()}">{n}</a>\n'
            for n, d in found.items()
        )
        return web.Response(text=f"<!DOCTYPE html><body>{links}</body>", content_type="text/html")

    def _next_fault(self, name: str) -> str | None:
        return self.faults[name].pop(0) if self.faults[name] else None

    async def _file(self, request: web.Request) -> web.StreamResponse:
        self._log(request)
        name = request.match_info["name"]
        data = self.files.get(name)
        if data is None:
            return web.Response(status=404)
        fault = self._next_fault(name)
        if fault and fault.isdigit():
            return web.Response(status=int(fault))
        if fault == "wrong byte":
            data = data[:-20] + bytes([data[-20] ^ 1]) + data[-19:]
        return await self._send(request, data, fault)

    async def _send(
        self, request: web.Request, data: bytes, fault: str | None
    ) -> web.StreamResponse:
        start = self._start(request) if fault != "ignore range" else 0
        if start >= len(data):
            return web.Response(status=416, headers={"Content-Range": f"bytes */{len(data)}"})
        body = data[start:]
        headers = {"Content-Length": str(len(body))}
        if fault == "lie":
            headers["Content-Length"] = str(len(body) + 1000)
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        if fault == "wrong range":
            headers["Content-Range"] = f"bytes {start + 1}-{len(data) - 1}/{len(data)}"
        response = web.StreamResponse(status=206 if start else 200, headers=headers)
        await response.prepare(request)
        end = len(body) // 2 if fault == "cut" else len(body)
        with contextlib.suppress(ConnectionError):  # the client went away
            await self._trickle(response, body[:end])
        if fault in ("cut", "lie") and request.transport:
            request.transport.abort() if fault == "cut" else request.transport.close()
        return response

    async def _trickle(self, response: web.StreamResponse, body: bytes) -> None:
        for at in range(0, len(body), CHUNK):
            piece = body[at : at + CHUNK]
            await response.write(piece)
            self.sent_bytes += len(piece)
            if self.pause_s:
                await asyncio.sleep(self.pause_s)

    def _start(self, request: web.Request) -> int:
        found = re.match(r"bytes=(\d+)-$", request.headers.get("Range", ""))
        return int(found[1]) if found else 0

    async def _resolve(self, request: web.Request) -> web.StreamResponse:
        self._log(request)
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401, headers={"X-Error-Code": "GatedRepo"})
        name = request.match_info["file"]
        data = self.files.get(name)
        if data is None:
            return web.Response(status=404, headers={"X-Error-Code": "EntryNotFound"})
        # The real hub sends its clients to another host for the bytes.
        sha = self.hub_sha.get(name, hashlib.sha256(data).hexdigest())
        headers = {
            "X-Repo-Commit": "c0ffee" + "0" * 34,
            "X-Linked-Etag": f'"{sha}"',
            "X-Linked-Size": str(len(data)),
            "Location": f"http://localhost:{self.port}/files/{name}",
        }
        return web.Response(status=302, headers=headers)

    async def _card(self, request: web.Request) -> web.StreamResponse:
        self._log(request)
        repo = f"{request.match_info['owner']}/{request.match_info['repo']}"
        card = {"license": "apache-2.0"}
        return web.json_response({"id": repo, "modelId": repo, "cardData": card, "siblings": []})
