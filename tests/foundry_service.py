"""A stand-in of Foundry Local's service: its routes and its quirks, without its models.

What is replayed, and from where:
- The routes and words of the newer generation: sdk_v2/cpp/src/service of
  https://github.com/microsoft/Foundry-Local; `tests/engines/test_foundry_real.py` holds them
  against the real service that the SDK starts. It answers by full id and loads by alias alone.
- Those of the older one: https://learn.microsoft.com/azure/ai-foundry/foundry-local/reference/
  reference-rest, and sdk/python/foundry_local of the same repository. Its camelCase status, its 400
  without a body for a name that it does not know: issues 92 and 286 there.
- Of both: no CORS headers, no preflight, no check of Host, another port at each start; a chunk
  with the role and no text comes first; counts only where they were asked for; a client that
  leaves is not noticed: the answer is computed to its end.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PHI = "Phi-4-mini-instruct-generic-cpu:5"
PHI_GPU = "Phi-4-mini-instruct-cuda-gpu:5"
QWEN = "qwen2.5-0.5b-instruct-generic-cpu:4"
DEEPSEEK = "deepseek-r1-distill-qwen-7b-generic-cpu:3"
ALIASES = {
    PHI_GPU: "phi-4-mini",
    PHI: "phi-4-mini",
    QWEN: "qwen2.5-0.5b",
    DEEPSEEK: "deepseek-r1-7b",
}


@dataclass
class Service:
    """What the service has, what it shall answer, and what it was asked."""

    generation: str
    cached: set[str] = field(default_factory=lambda: {PHI, QWEN})
    loaded: set[str] = field(default_factory=set)
    says: tuple[str, ...] = ("Hello", " from", " Foundry.")
    gap_s: float = 0.0
    cache_folder: str = "C:\\Users\\me\\.foundry\\cache\\models"
    asked: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    loading: threading.Event = field(default_factory=threading.Event)
    """Set when a load has begun."""
    computed: threading.Event = field(default_factory=threading.Event)
    """Set when an answer was computed to its end, heard or not."""
    root: str = ""

    @property
    def url(self) -> str:
        return f"{self.root}/v1"

    @property
    def port(self) -> int:
        return int(self.root.rsplit(":", 1)[1])

    def of_alias(self, name: str) -> str | None:
        """The newer one's lookup by alias: the variant on disk, else the first."""
        of = [model for model, alias in ALIASES.items() if alias == name]
        return next((m for m in of if m in self.cached), of[0] if of else None)

    def of_id(self, name: str) -> str | None:
        if self.generation == "server":
            return name if name in ALIASES else None
        return next((m for m in ALIASES if name.lower() in {m.lower(), m.lower()[:-2]}), None)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service: Service

    def log_message(self, *_: object) -> None:
        pass

    def version_string(self) -> str:
        return "oatpp/1.3.0" if self.service.generation == "server" else "Kestrel"

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        self.service.asked.append(self.path)
        getattr(self, f"_get_{self.service.generation}")(path, query)

    def _get_server(self, path: str, _: dict[str, list[str]]) -> None:
        own = self.service
        if path == "/status":
            said = {"endpoints": [own.root], "modelCachePath": own.cache_folder, "pid": 4711}
            self._json(said)
        elif path == "/v1/models":
            self._json({"object": "list", "data": [self._entry(m) for m in ALIASES]})
        elif path == "/models/loaded":
            self._json(sorted(own.loaded))
        elif path.startswith("/models/load/"):
            self._load_newer(path.removeprefix("/models/load/"))
        else:
            self._nowhere()

    def _load_newer(self, alias: str) -> None:
        model = self.service.of_alias(alias)
        if model is None:
            self._error(404, f"Model not found: No model matching '{alias}'")
        elif model in self.service.loaded:
            self._json({"status": "already_loaded"})
        elif model not in self.service.cached:
            self._error(400, "Model not cached: Model must be downloaded before loading")
        else:
            self._load(model)
            self._json({"status": "loaded"})

    def _get_service(self, path: str, query: dict[str, list[str]]) -> None:
        own = self.service
        if path == "/openai/status":
            said = {
                "endpoints": [own.root],
                "modelDirPath": own.cache_folder,
                "pipeName": "inference_agent",
                "isAutoRegistrationResolved": True,
            }
            self._json(said)
        elif path in {"/openai/models", "/v1/models"}:
            names = sorted(own.cached)
            listed = {"data": [self._entry(m) for m in names], "object": "list", "IsDelta": False}
            self._json(names if path == "/openai/models" else listed)
        elif path == "/openai/loadedmodels":
            self._json(sorted(own.loaded))
        elif path == "/foundry/list":
            self._json([self._catalogued(m) for m in ALIASES])
        elif path.startswith("/openai/load/"):
            self._load_older(path.removeprefix("/openai/load/"), query)
        else:
            self._nowhere()

    def _load_older(self, name: str, query: dict[str, list[str]]) -> None:
        model = self.service.of_id(name)
        if model not in self.service.cached:
            self._send(500, b"No OpenAIService provider found for modelName:" + name.encode())
        elif int(query.get("ttl", ["0"])[0]) < 0:
            self._send(400, b"")
        else:
            self._load(str(model))
            self._json({})

    def _load(self, model: str) -> None:
        self.service.loading.set()
        time.sleep(self.service.gap_s)
        self.service.loaded.add(model)

    def _entry(self, model: str) -> dict[str, Any]:
        return {"id": model, "object": "model", "created": 1765000000, "owned_by": "Microsoft"}

    def _catalogued(self, model: str) -> dict[str, Any]:
        device = model.rsplit("-", 1)[1].partition(":")[0].upper()
        return {
            "name": model,
            "displayName": model,
            "alias": ALIASES[model],
            "fileSizeMb": 3686,
            "license": "MIT",
            "runtime": {"deviceType": device, "executionProvider": "CPUExecutionProvider"},
        }

    def do_POST(self) -> None:
        own, path = self.service, urlsplit(self.path).path
        own.asked.append(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if path != "/v1/chat/completions":
            self._nowhere()
            return
        body = json.loads(raw)
        own.bodies.append(body)
        model = own.of_id(body["model"])
        if own.generation == "server" and model is None:
            self._error(404, f"Model not found: No model matching '{body['model']}'")
        elif own.generation == "server" and model not in own.loaded:
            why = f"Model '{body['model']}' must be loaded before inference"
            self._error(400, f"Model not loaded: {why}")
        elif model is None or model not in own.cached:
            self._send(400, b"")  # its log alone says: No OpenAIService provider found
        else:
            own.loaded.add(model)
            self._stream(model, body)

    def _stream(self, model: str, body: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        pieces = self.service.says[: body.get("max_tokens") or None]
        cut = len(pieces) < len(self.service.says)
        self._chunk(model, {"role": "assistant", "content": ""})
        for piece in pieces:
            time.sleep(self.service.gap_s)
            self._chunk(model, {"content": piece})
        self._chunk(model, {}, "length" if cut else "stop")
        if body.get("stream_options", {}).get("include_usage"):
            usage = {"prompt_tokens": 12, "completion_tokens": len(pieces)}
            self._event(json.dumps({**self._head(model), "choices": [], "usage": usage}))
        self._event("[DONE]")
        self._raw(b"0\r\n\r\n")
        self.service.computed.set()

    def _head(self, model: str) -> dict[str, Any]:
        kind = "chat.completion.chunk"
        return {"id": "chatcmpl-1", "object": kind, "created": 1765000000, "model": model}

    def _chunk(self, model: str, delta: dict[str, Any], finish: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        self._event(json.dumps({**self._head(model), "choices": [choice]}))

    def _event(self, data: str) -> None:
        line = f"data: {data}\n\n".encode()
        self._raw(f"{len(line):x}\r\n".encode() + line + b"\r\n")

    def _raw(self, data: bytes) -> None:
        with suppress(OSError):  # nobody listens: it goes on all the same
            self.wfile.write(data)

    def _error(self, status: int, message: str) -> None:
        kind = "server_error" if status >= 500 else "invalid_request_error"
        error = {"message": message, "type": kind, "param": None, "code": None}
        self._json({"error": error}, status)

    def _nowhere(self) -> None:
        newer = self.service.generation == "server"
        line = f"No mapping for HTTP-method: '{self.command}', URL: '{self.path}'"
        text = f"server=oatpp/1.3.0\ncode=404\ndescription=Not Found\nmessage={line}\n"
        self._send(404, text.encode() if newer else b"", "text/plain")

    def do_OPTIONS(self) -> None:
        self._nowhere()

    def _json(self, said: object, status: int = 200) -> None:
        self._send(status, json.dumps(said).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self._raw(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is no error of the service."""


@contextmanager
def foundry_service(generation: str = "server", **fields: Any) -> Iterator[Service]:
    """A service at a free port, until the block ends: `server` (newer) or `service` (older)."""
    service = Service(generation, **fields)
    handler = type("Handler", (_Handler,), {"service": service})
    with _Server(("127.0.0.1", 0), handler) as server:
        service.root = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
