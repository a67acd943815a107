"""What Sprat's own measuring adds to a time whose length is known.

A server in a process of its own, on the loopback, streams an answer with pauses and notes when it
hands each piece to its socket, on the clock that Sprat stamps with (it is one clock for all
processes of a machine). What Sprat measured, less what the server did, is the error:

- first token: (first piece arrived - request sent) - (first piece left - request read);
- between tokens: (last - first) / (n - 1), Sprat's less the server's;
- one gap: the same for each single gap, where errors do not average out.

Run: python benchmarks/overhead.py [--rounds 100] [--json FILE]
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

FIRST_S, GAP_S, TOKENS = 0.050, 0.010, 32
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


# ---- the server: blocking sockets, no framework, nothing of Sprat in it -------------------------


def serve() -> None:
    """Answer one request after another; print one line of stamps for each."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection:
                while read_request(connection):
                    print(json.dumps(answer(connection)), flush=True)


def read_request(connection: socket.socket) -> bool:
    raw = b""
    while b"\r\n\r\n" not in raw:
        more = connection.recv(65536)
        if not more:
            return False
        raw += more
    head, _, body = raw.partition(b"\r\n\r\n")
    fields = [line.split(b":", 1) for line in head.split(b"\r\n")[1:]]
    wanted = next(int(value) for name, value in fields if name.lower() == b"content-length")
    while len(body) < wanted:
        body += connection.recv(65536)
    return True


def answer(connection: socket.socket) -> list[int]:
    """Stream the answer; the moments: request read, then each piece handed over."""
    stamps = [time.perf_counter_ns()]
    connection.sendall(HEAD + chunk({"role": "assistant", "content": ""}))
    pause = FIRST_S
    for _ in range(TOKENS):
        time.sleep(pause)
        data = chunk({"content": "word "})
        stamps.append(time.perf_counter_ns())
        connection.sendall(data)
        pause = GAP_S
    counted = {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": TOKENS}}
    connection.sendall(chunk({}, "stop") + event(counted) + event("[DONE]") + END)
    return stamps


def chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    return event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def event(payload: object) -> bytes:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    data = f"data: {text}\n\n".encode()
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


# ---- the measurement ---------------------------------------------------------------------------


async def measure(port: int, rounds: int, stamps_of: Callable[[], list[int]]) -> dict[str, object]:
    """Ask `rounds` times and compare the stamps of both sides."""
    from sprat.engines.base import ask
    from sprat.engines.openai import OpenAIEngine
    from sprat.settings import Endpoint
    from sprat.types import ChatRequest, Message

    engine = OpenAIEngine("stub/x", Endpoint(url=f"http://127.0.0.1:{port}/v1"), "x")
    request = ChatRequest(messages=(Message("user", "hello"),))
    first: list[float] = []
    between: list[float] = []
    gaps: list[float] = []
    try:
        for number in range(rounds + 1):
            timing = (await ask(engine, request)).timing
            theirs, ours = await asyncio.to_thread(stamps_of), timing.chunks_ns
            if number == 0:  # makes the connection
                continue
            assert len(ours) == len(theirs) - 1 == TOKENS
            first.append((ours[0] - timing.sent_ns) - (theirs[1] - theirs[0]))
            between.append(((ours[-1] - ours[0]) - (theirs[-1] - theirs[1])) / (TOKENS - 1))
            gaps += [
                (b - a) - (d - c)
                for (a, b), (c, d) in zip(pairwise(ours), pairwise(theirs[1:]), strict=True)
            ]
    finally:
        await engine.aclose()
    return {"first_token": ms(first), "between_tokens": ms(between), "one_gap": ms(gaps)}


def ms(errors_ns: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile of the size of the errors, and their mean with its sign."""
    sizes = sorted(abs(error) / 1e6 for error in errors_ns)
    return {
        "n": len(sizes),
        "median_ms": round(statistics.median(sizes), 4),
        "p95_ms": round(sizes[max(0, -(-len(sizes) * 95 // 100) - 1)], 4),
        "mean_signed_ms": round(statistics.fmean(errors_ns) / 1e6, 4),
    }


def run(rounds: int) -> dict[str, Any]:
    """Start the server, measure, stop it."""
    from sprat.measure.environment import describe_environment

    with subprocess.Popen(
        [sys.executable, str(Path(__file__)), "--serve"], stdout=subprocess.PIPE, text=True
    ) as server:
        out = server.stdout
        assert out is not None
        port = int(out.readline())
        try:
            errors = asyncio.run(measure(port, rounds, lambda: json.loads(out.readline())))
        finally:
            server.terminate()
    return {
        "what": "overhead",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "known": {"first_s": FIRST_S, "gap_s": GAP_S, "tokens": TOKENS},
        "environment": describe_environment(providers=False),
        "errors": errors,
    }


def main() -> None:
    """Read the options and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=100)
    options.add_argument("--json", help="write the result here")
    options.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.serve:
        serve()
    result = run(chosen.rounds)
    print(f"{'error of Sprat':<16}{'n':>6}{'median ms':>12}{'p95 ms':>10}{'mean, signed':>14}")
    for name, row in result["errors"].items():
        print(
            f"{name.replace('_', ' '):<16}{row['n']:>6}{row['median_ms']:>12.3f}"
            f"{row['p95_ms']:>10.3f}{row['mean_signed_ms']:>14.3f}"
        )
    print(f"load average {result['environment']['load_average_1min']}, {os.cpu_count()} cores")
    if chosen.json:
        Path(chosen.json).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
