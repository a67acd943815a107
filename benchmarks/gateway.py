"""What a gateway adds: Sprat's, beside a naive one and, if asked for, LiteLLM's proxy.

A stub upstream of fixed delay, a load generator and each gateway run in processes of their own on
this machine; the first two are raw asyncio protocols, so that they cost little. Everything is
measured in turn within one run, the way without a gateway ("direct") included:

- one after another: how much later an answer comes than directly (median, 99th percentile);
- 64 at once: answers per second, and how many were not as expected;
- 100 streams of 50 tokens per second: how much longer the 99th percentile of the gaps between
  tokens is than directly, whether the text is the same, and the gateway's memory.

The naive gateway is Starlette with `openai`'s asynchronous client, in this file.

Run: python benchmarks/gateway.py [--requests 2000] [--seconds 5] [--litellm] [--json FILE]
"""

import argparse
import asyncio
import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

FIXED, BUSY = "fixed-2", "fixed-10"
"""Models of the stub: a whole answer after so many milliseconds."""
RATE, STREAMS, AT_ONCE = 50, 100, 64
TEXT = "The quick brown fox jumps over the lazy dog."
DESCRIBED = "one after another / 64 at once / 100 streams of 50 tokens per second"

# ---- the upstream: no framework, nothing of Sprat in it -----------------------------------------

ANSWER = json.dumps(
    {
        "id": "c",
        "object": "chat.completion",
        "created": 0,
        "model": "stub",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": TEXT},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 10, "total_tokens": 15},
    }
).encode()
WHOLE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(ANSWER)
    + ANSWER
)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
MODEL = re.compile(rb'"model":\s*"(fixed|paced)-(\d+)"')
STREAM = re.compile(rb'"stream":\s*true')
TOKEN = re.compile(rb'"content":\s*" w')


def event(delta: dict[str, str] | None, finish: str | None = None, **more: Any) -> bytes:
    """One chunk of a stream, framed."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    head = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "stub"}
    return framed(json.dumps({**head, "choices": choices, **more}))


def framed(text: str) -> bytes:
    data = f"data: {text}\n\n".encode()
    return b"%x\r\n%b\r\n" % (len(data), data)


COUNTED = {"prompt_tokens": 5, "completion_tokens": 10, "total_tokens": 15}
CLOSING = event({}, "stop") + event(None, usage=COUNTED) + framed("[DONE]") + b"0\r\n\r\n"
STREAMED = HEAD + event({"role": "assistant", "content": TEXT}) + CLOSING


def token(place: int) -> str:
    """No two of a stream are alike: a lost or doubled one shows."""
    return f" w{place}é"


class Upstream(asyncio.Protocol):
    """Answers `fixed-MS` whole after so long, `paced-N` with N tokens at a steady rate."""

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self.transport = transport
        self.raw = b""
        self.wanted = 0

    def data_received(self, data: bytes) -> None:
        """Gather a request."""
        self.raw += data
        if not self.wanted:
            end = self.raw.find(b"\r\n\r\n")
            if end < 0:
                return
            found = re.search(rb"(?i)content-length:\s*(\d+)", self.raw[:end])
            self.wanted = end + 4 + (int(found[1]) if found else 0)
        if len(self.raw) >= self.wanted:
            raw, self.raw, self.wanted = self.raw, b"", 0
            self.answer(raw)

    def answer(self, raw: bytes) -> None:
        """Answer it, later."""
        loop = asyncio.get_running_loop()
        found = MODEL.search(raw)
        kind, number = (found[1], int(found[2])) if found else (b"fixed", 0)
        if kind == b"fixed":
            data = STREAMED if STREAM.search(raw) else WHOLE
            loop.call_later(number / 1000, self.transport.write, data)
            return
        self.transport.write(HEAD + event({"role": "assistant", "content": ""}))
        self.next(loop, loop.time(), 1, number)

    def next(self, loop: asyncio.AbstractEventLoop, begun: float, place: int, last: int) -> None:
        """Send a token, and see to the next."""
        if self.transport.is_closing():
            return
        if place > last:
            self.transport.write(CLOSING)
            return
        self.transport.write(event({"content": token(place)}))
        loop.call_at(begun + place / RATE, self.next, loop, begun, place + 1, last)


async def upstream() -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


# ---- the naive gateway --------------------------------------------------------------------------


def naive(port: int, stub: int) -> None:
    """What one writes on an afternoon: Starlette in front, `openai`'s client behind."""
    import uvicorn
    from openai import AsyncOpenAI
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response, StreamingResponse
    from starlette.routing import Route

    client = AsyncOpenAI(base_url=f"http://127.0.0.1:{stub}/v1", api_key="none", max_retries=0)

    async def events(answer: Any) -> AsyncIterator[str]:
        async for chunk in answer:
            yield f"data: {chunk.model_dump_json(exclude_unset=True)}\n\n"
        yield "data: [DONE]\n\n"

    async def chat(request: Request) -> Response:
        body = await request.json()
        answer: Any = await client.chat.completions.create(**body)
        if body.get("stream"):
            return StreamingResponse(events(answer), media_type="text/event-stream")
        return JSONResponse(answer.model_dump())

    routes = [Route("/v1/chat/completions", chat, methods=["POST"])]
    uvicorn.run(Starlette(routes=routes), host="127.0.0.1", port=port, log_level="warning")


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
    """Each asked once per round, in an order that changes: what else runs here hits all alike."""
    order = random.Random(seed)
    clients = {name: await connected(target["port"]) for name, target in targets.items()}
    asked = {name: request(t["port"], t["prefix"] + FIXED) for name, t in targets.items()}
    took: dict[str, list[float]] = {name: [] for name in targets}
    wrong = dict.fromkeys(targets, 0)
    for number in range(-50, count):
        for name in order.sample(list(targets), len(targets)):
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


# ---- the run ------------------------------------------------------------------------------------


def loaded(**spec: Any) -> dict[str, Any]:
    """A part, in a process of its own."""
    made = subprocess.run(
        [sys.executable, __file__, "--role", "load"],
        input=json.dumps(spec),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(made.stdout)


@contextmanager
def process(command: list[str], log: Path, **env: str) -> Generator[subprocess.Popen[str]]:
    """A process that ends with the block."""
    with (
        log.open("w") as out,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=out, text=True, env={**os.environ, **env}
        ) as running,
    ):
        try:
            yield running
        finally:
            running.terminate()
            try:
                running.wait(15)
            except subprocess.TimeoutExpired:
                running.kill()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return bound.getsockname()[1]


def wait_for(port: int, running: subprocess.Popen[str], longest_s: float = 120) -> None:
    until = time.monotonic() + longest_s
    while time.monotonic() < until and running.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"{running.args!r} did not listen.")


Start = Callable[[Path, int, int], list[str]]


def sprat_command(folder: Path, port: int, stub: int) -> list[str]:
    """The gateway as a user runs it."""
    config = folder / "sprat.toml"
    config.write_text(f'[endpoints.stub]\nurl = "http://127.0.0.1:{stub}/v1"\n', "utf-8")
    args = ["serve", "--config", str(config), "--port", str(port)]
    return [sys.executable, "-m", "sprat", *args]


def naive_command(folder: Path, port: int, stub: int) -> list[str]:
    del folder
    return [sys.executable, __file__, "--role", "naive", "--port", str(port), "--stub", str(stub)]


def litellm_command(folder: Path, port: int, stub: int) -> list[str]:
    """LiteLLM's proxy in an environment of its own, made here and thrown away."""
    subprocess.run([sys.executable, "-m", "venv", str(folder / "litellm")], check=True)
    scripts = folder / "litellm" / ("Scripts" if os.name == "nt" else "bin")
    pip = [str(scripts / "python"), "-m", "pip", "install", "-q", "litellm[proxy]"]
    subprocess.run(pip, check=True, timeout=900)
    config = folder / "litellm.json"  # JSON is YAML
    params = {"model": "openai/*", "api_base": f"http://127.0.0.1:{stub}/v1", "api_key": "none"}
    listed = {"model_list": [{"model_name": "*", "litellm_params": params}]}
    config.write_text(json.dumps(listed), "utf-8")
    return [str(scripts / "litellm"), "--config", str(config), "--port", str(port)]


def run(chosen: argparse.Namespace) -> dict[str, Any]:
    """Start everything, measure in turn, stop everything."""
    from sprat.measure.environment import describe_environment
    from sprat.measure.memory import rss_bytes, tree_of

    commands: dict[str, tuple[str, Start]] = {
        "sprat": ("stub/", sprat_command),
        "naive": ("", naive_command),
    }
    if chosen.litellm:
        commands["litellm"] = ("", litellm_command)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stub = stack.enter_context(
            process([sys.executable, __file__, "--role", "stub"], folder / "stub.log")
        )
        assert stub.stdout is not None
        stub_port = int(stub.stdout.readline())
        targets: dict[str, Any] = {"direct": {"port": stub_port, "prefix": ""}}
        pids: dict[str, int] = {}
        litellm = "measured" if chosen.litellm else "not asked for (--litellm)"
        for name, (prefix, start) in commands.items():
            port = free_port()
            try:
                command = start(folder, port, stub_port)
                running = stack.enter_context(process(command, folder / f"{name}.log"))
                wait_for(port, running)
            except (subprocess.SubprocessError, TimeoutError) as error:
                if name != "litellm":
                    raise
                litellm = f"skipped: {error}"
                continue
            targets[name] = {"port": port, "prefix": prefix}
            pids[name] = running.pid
        one = loaded(part="sequential", targets=targets, count=chosen.requests, seed=chosen.seed)
        at_once: dict[str, Any] = {}
        paced: dict[str, Any] = {}
        for name, target in targets.items():
            at_once[name] = loaded(part="concurrent", target=target, count=chosen.requests)
        for name, target in targets.items():
            paced[name] = loaded(
                part="streams", target=target, seconds=chosen.seconds, seed=chosen.seed
            )
            if name in pids:
                paced[name]["rss_bytes"] = rss_bytes(tree_of([pids[name]]))
    return {
        "what": "gateway",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": describe_environment(providers=False),
        "sequential": with_added(one, "median_ms", "p99_ms"),
        "at_once": at_once,
        "streams": with_added(paced, "p99_ms"),
        "litellm": litellm,
    }


def with_added(rows: dict[str, Any], *fields: str) -> dict[str, Any]:
    """Each with what it adds to the direct way."""
    for row in rows.values():
        for field in fields:
            row[f"added_{field}"] = round(row[field] - rows["direct"][field], 3)
    return rows


def show(result: dict[str, Any]) -> None:
    one, many, paced = result["sequential"], result["at_once"], result["streams"]
    print(
        f"{'':<9}{'median ms':>10}{'added':>8}{'p99 ms':>9}{'added':>8}{'wrong':>6}"
        f" |{'per s':>8}{'p99 ms':>9}{'wrong':>6} |{'p99 gap':>9}{'added':>8}{'same':>6}{'MB':>7}"
    )
    for name in one:
        a, b, c = one[name], many[name], paced[name]
        rss = c.get("rss_bytes")
        print(
            f"{name:<9}{a['median_ms']:>10.3f}{a['added_median_ms']:>8.3f}{a['p99_ms']:>9.3f}"
            f"{a['added_p99_ms']:>8.3f}{a['wrong']:>6} |{b['per_s']:>8.0f}{b['p99_ms']:>9.1f}"
            f"{b['wrong']:>6} |{c['p99_ms']:>9.2f}{c['added_p99_ms']:>8.2f}"
            f"{'yes' if c['identical'] else 'NO':>6}{'' if rss is None else f'{rss / 1e6:.0f}':>7}"
        )
    for name in one:
        if name not in {"direct", "sprat"}:
            late = one[name]["added_median_ms"] / one["sprat"]["added_median_ms"]
            fast = many["sprat"]["per_s"] / many[name]["per_s"]
            print(f"{name} adds {late:.1f}x what Sprat adds; Sprat answers {fast:.1f}x as many.")
    print(f"({DESCRIBED}; load average {result['environment']['load_average_1min']}, "
          f"{os.cpu_count()} cores; LiteLLM: {result['litellm']})")  # fmt: skip


def main() -> None:
    """Read the options, run, print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=2000)
    options.add_argument("--seconds", type=float, default=5.0, help="of each stream")
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--litellm", action="store_true", help="install and measure it too")
    options.add_argument("--json", help="write the result here")
    options.add_argument("--role", choices=["stub", "naive", "load"], help=argparse.SUPPRESS)
    options.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options.add_argument("--stub", type=int, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    match chosen.role:
        case "stub":
            asyncio.run(upstream())
        case "naive":
            naive(chosen.port, chosen.stub)
        case "load":
            print(json.dumps(load(json.load(sys.stdin))))
        case _:
            result = run(chosen)
            show(result)
            if chosen.json:
                Path(chosen.json).write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
