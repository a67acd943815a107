"""The load generator of benchmarks/gateway.py: raw asyncio protocols, so that it costs little."""

import asyncio
import json
import random
import re
import statistics
import time
from itertools import pairwise
from typing import Any

from gateway_sides import AT_ONCE, BLOCK, BUSY, FIXED, RATE, STREAMS, TEXT, token

TOKEN = re.compile(rb'"content":\s*" w')

# ---- the load generator -------------------------------------------------------------------------


class Client(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self.raw = b""
        self.pieces: list[tuple[int, bytes]] | None = None
        self.done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Note when what came."""
        if self.pieces is not None:
            self.pieces.append((time.perf_counter_ns(), data))
        self.raw += data
        if not self.done.done() and complete(self.raw):
            self.done.set_result(self.raw)

    def connection_lost(self, exc: Exception | None) -> None:
        """Hand over what there is."""
        if not self.done.done():
            self.done.set_result(self.raw)

    async def ask(self, request: bytes, *, timed: bool = False) -> bytes:
        """Send a request and wait for its whole answer."""
        self.raw, self.pieces = b"", [] if timed else None
        self.done = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await asyncio.wait_for(self.done, 60)


def complete(raw: bytes) -> bool:
    end = raw.find(b"\r\n\r\n")
    if end < 0:
        return False
    found = re.search(rb"(?i)content-length:\s*(\d+)", raw[:end])
    if found:
        return len(raw) >= end + 4 + int(found[1])
    return raw.endswith(b"0\r\n\r\n")


def request(port: int, model: str, *, stream: bool = False) -> bytes:
    messages = [{"role": "user", "content": "Say something about a fox."}]
    fields: dict[str, Any] = {"model": model, "messages": messages}
    if stream:
        fields["stream"] = True
    body = json.dumps(fields, separators=(",", ":")).encode()
    return (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: application/json\r\nAuthorization: Bearer none\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


async def connected(port: int) -> Client:
    _, client = await asyncio.get_running_loop().create_connection(Client, "127.0.0.1", port)
    return client


def right(raw: bytes) -> bool:
    head, _, body = raw.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        return False
    try:
        said = json.loads(unchunked(head, body))["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError):
        return False
    return said == TEXT


def unchunked(head: bytes, body: bytes) -> bytes:
    if b"chunked" not in head.lower():
        return body
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        whole += rest[:length]
        body = rest[length + 2 :]
        if not length:
            break
    return whole


async def sequential(targets: dict[str, Any], count: int, seed: int) -> dict[str, Any]:
    """Each asked `BLOCK` times in a row, in changing order: what else runs hits all."""
    order = random.Random(seed)
    clients = {name: await connected(target["port"]) for name, target in targets.items()}
    asked = {name: request(t["port"], t["prefix"] + FIXED) for name, t in targets.items()}
    took: dict[str, list[float]] = {name: [] for name in targets}
    wrong = dict.fromkeys(targets, 0)
    for number in range(-1, -(-count // BLOCK)):
        for name in order.sample(list(targets), len(targets)):
            for _ in range(BLOCK):
                began = time.perf_counter_ns()
                raw = await clients[name].ask(asked[name])
                if number >= 0:
                    took[name].append((time.perf_counter_ns() - began) / 1e6)
                    wrong[name] += not right(raw)
    return {
        name: {"median_ms": median(v), "p99_ms": p99(v), "n": len(v), "wrong": wrong[name]}
        for name, v in took.items()
    }


async def concurrent(target: dict[str, Any], count: int) -> dict[str, Any]:
    clients = await asyncio.gather(*(connected(target["port"]) for _ in range(AT_ONCE)))
    asked = request(target["port"], target["prefix"] + BUSY)
    left, wrong = count, 0
    took: list[float] = []

    async def one(client: Client) -> None:
        nonlocal left, wrong
        while left > 0:
            left -= 1
            began = time.perf_counter_ns()
            raw = await client.ask(asked)
            took.append((time.perf_counter_ns() - began) / 1e6)
            wrong += not right(raw)

    await asyncio.gather(*(client.ask(asked) for client in clients))
    began = time.perf_counter()
    await asyncio.gather(*(one(client) for client in clients))
    seconds = time.perf_counter() - began
    return {"per_s": round(len(took) / seconds, 1), "p99_ms": p99(took), "wrong": wrong}


async def streams(target: dict[str, Any], seconds: float, seed: int) -> dict[str, Any]:
    """Streams that began at different moments, as people's do."""
    count, when = int(seconds * RATE), random.Random(seed)
    asked = request(target["port"], f"{target['prefix']}paced-{count}", stream=True)
    expected = "".join(token(place) for place in range(1, count + 1))
    clients = await asyncio.gather(*(connected(target["port"]) for _ in range(STREAMS)))

    async def one(client: Client, later_s: float) -> tuple[list[float], bool]:
        await asyncio.sleep(later_s)
        raw = await client.ask(asked, timed=True)
        at = arrivals(client.pieces or [])
        return [(b - a) / 1e6 for a, b in pairwise(at)], said(raw) == expected

    made = await asyncio.gather(*(one(client, when.random()) for client in clients))
    gaps = [gap for each, _ in made for gap in each]
    return {
        "median_ms": median(gaps),
        "p99_ms": p99(gaps),
        "n": len(gaps),
        "identical": all(same for _, same in made),
    }


def arrivals(pieces: list[tuple[int, bytes]]) -> list[int]:
    """When each token came; those that came together have no gap between them."""
    return [at for at, data in pieces for _ in TOKEN.findall(data)]


def said(raw: bytes) -> str:
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = unchunked(head, body).split(b"\n")
    events = [json.loads(x[6:]) for x in lines if x.startswith(b"data: {")]
    choices = [choice for one in events for choice in one.get("choices", [])]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def median(values: list[float]) -> float:
    return round(statistics.median(values), 3)


def p99(values: list[float]) -> float:
    return round(sorted(values)[max(0, -(-len(values) * 99 // 100) - 1)], 3)


def load(spec: dict[str, Any]) -> dict[str, Any]:
    """One part of the measurement, in this process."""
    match spec["part"]:
        case "sequential":
            return asyncio.run(sequential(spec["targets"], spec["count"], spec["seed"]))
        case "concurrent":
            return asyncio.run(concurrent(spec["target"], spec["count"]))
        case _:
            return asyncio.run(streams(spec["target"], spec["seconds"], spec["seed"]))
