"""A real gateway on a free port of the loopback, for the tests around it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from sprat.serve.gateway import Gateway
from sprat.serve.port import bind
from sprat.serve.server import Running
from sprat.settings import Endpoint, ServeSettings, Settings

ECHO = """
[[rule]]
contains = "slow"
text = "one two three four five six seven eight nine ten"
gap_ms = 40

[[rule]]
contains = "break"
text = "one two three"
error = { kind = "died", message = "The script says so.", after_chunks = 2 }

[[rule]]
contains = "refuse"
error = { kind = "refused", message = "The script says so.", status = 400 }

[[rule]]
text = "Hello there, friend."
logprobs = [-0.1, -0.2, -0.3]
"""


@dataclass
class At:
    """Where a gateway listens, and a client that asks it."""

    url: str
    running: Running
    client: aiohttp.ClientSession

    @property
    def gateway(self) -> Gateway:
        return self.running.gateway

    async def post(self, path: str, body: Any, **headers: str) -> aiohttp.ClientResponse:
        return await self.client.post(self.url + path, json=body, headers=headers)

    async def get(self, path: str, **headers: str) -> aiohttp.ClientResponse:
        return await self.client.get(self.url + path, headers=headers)

    async def chat(self, content: str = "Hello", model: str = "echo", **fields: Any) -> Any:
        """The answer to one message, parsed; a stream is read to its end as text."""
        messages = [{"role": "user", "content": content}]
        body = {"model": model, "messages": messages, **fields}
        async with await self.post("/v1/chat/completions", body) as response:
            return await (response.text() if fields.get("stream") else response.json())


def serving(
    folder: Path,
    scripts: Mapping[str, str] | None = None,
    endpoints: Mapping[str, str] | None = None,
    models: Mapping[str, str] | None = None,
    base: Settings | None = None,
    **fields: Any,
) -> Settings:
    """Settings of a gateway: `echo` and further scripts (name → TOML), endpoints (name → url)."""
    made: dict[str, str] = dict(models or {})
    for name, text in {"echo": ECHO, **(scripts or {})}.items():
        file = folder / f"{name}.toml"
        file.write_text(text, "utf-8")
        made[name] = f"scripted:{file}"
    serve = ServeSettings(port=0, models=made, **{"keep_free_bytes": 0, **fields})
    known = {name: Endpoint(url=url, timeout_s=20) for name, url in (endpoints or {}).items()}
    return msgspec.structs.replace(base or Settings(home=str(folder)), serve=serve, endpoints=known)


@asynccontextmanager
async def gateway(settings: Settings) -> AsyncIterator[At]:
    """A gateway that runs until the block ends."""
    bound = bind(settings.serve)
    host, port = bound.getsockname()[:2]
    running = Running(settings, bound)
    ready = asyncio.Event()
    task = asyncio.create_task(running.serve(ready.set))
    try:
        async with asyncio.timeout(60):
            await ready.wait()
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as client:
            yield At(f"http://{host}:{port}", running, client)
    finally:
        running.stop()
        running.stop()
        await task
