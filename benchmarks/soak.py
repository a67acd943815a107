"""Whether a gateway stays well: thousands of mixed requests to a real model.

`sprat serve` runs as a user runs it; four clients ask at once, in turn for whole answers, streams,
several answers, answers after a schema, long ones, and go away in the middle of some. Every answer
is checked for its form. Memory of the gateway and of its worker is noted all the time; what it
grew by after the first fifth (the warm-up) is the drift: the mean of the last tenth over the mean
of the tenth after the warm-up.

Run: python benchmarks/soak.py [--requests 2000 | --minutes 60] [--model smollm2-135m] [--json FILE]
"""

import argparse
import asyncio
import json
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

AT_ONCE = 4
KINDS = {"whole": 5, "stream": 5, "gone": 3, "several": 1, "schema": 1, "long": 1}
"""How often each kind is asked, out of their sum."""
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "town",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"capital": {"type": "boolean"}, "country": {"enum": ["Peru", "Chad"]}},
            "required": ["capital", "country"],
            "additionalProperties": False,
        },
    },
}
TOWNS = ["Lima", "Oslo", "Accra", "Quito", "Perth", "Kyoto", "Turin", "Leeds", "Porto", "Delhi"]


def body_of(kind: str, chance: random.Random, model: str) -> dict[str, Any]:
    """A request of that kind."""
    towns = " ".join(chance.choice(TOWNS) for _ in range(chance.randint(1, 12)))
    asked = f"Say something about these towns: {towns}."
    body: dict[str, Any] = {"model": model, "max_tokens": chance.randint(2, 16)}
    body["messages"] = [{"role": "user", "content": asked}]
    body["temperature"] = chance.choice([0, 0.7])
    if kind in {"stream", "gone"}:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    if kind == "several":
        body |= {"n": 2, "max_tokens": 8, "temperature": 0.9}
    if kind == "schema":
        body |= {"response_format": SCHEMA, "max_tokens": 30}
    if kind == "long":
        body["messages"][0]["content"] = asked + " And of these too: " + towns * 8
        body["max_tokens"] = 40
    return body


class Soak:
    """The clients, and what they saw."""

    def __init__(self, url: str, model: str, seed: int) -> None:
        self.url = url
        self.model = model
        self.chance = random.Random(seed)
        self.kinds: Counter[str] = Counter()
        self.errors: list[str] = []
        self.begun = self.done = 0

    async def one(self, client: aiohttp.ClientSession) -> None:
        """Ask once; whatever is not as it should be is an error."""
        kind = self.chance.choices(list(KINDS), list(KINDS.values()))[0]
        self.kinds[kind] += 1
        self.begun += 1
        body = body_of(kind, self.chance, self.model)
        try:
            async with client.post(f"{self.url}/v1/chat/completions", json=body) as response:
                await self._check(kind, response)
        except (aiohttp.ClientError, ValueError, KeyError, IndexError, TimeoutError) as error:
            self.errors.append(f"{kind}: {type(error).__name__}: {error}")
        self.done += 1

    async def _check(self, kind: str, response: aiohttp.ClientResponse) -> None:
        if response.status != 200:
            raise ValueError(f"{response.status}: {(await response.text())[:200]}")
        if kind == "gone":
            await response.content.readline()
            await asyncio.sleep(self.chance.random() * 0.2)
            response.close()
        elif kind == "stream":
            text = (await response.read()).decode()
            if not text.endswith("data: [DONE]\n\n") or '"error"' in text:
                raise ValueError(f"a stream ended with {text[-200:]!r}")
        else:
            answer = await response.json()
            if len(answer["choices"]) != (2 if kind == "several" else 1):
                raise ValueError("not as many answers as were asked for")
            if kind == "schema" and answer["choices"][0]["finish_reason"] == "stop":
                json.loads(answer["choices"][0]["message"]["content"])


def memory(pid: int) -> dict[str, int]:
    """Bytes of the gateway and of its workers."""
    import psutil

    gateway = psutil.Process(pid)
    workers = gateway.children(recursive=True)
    return {
        "gateway": gateway.memory_info().rss,
        "workers": sum(worker.memory_info().rss for worker in workers),
    }


def drift(values: list[int]) -> float | None:
    """How much larger the last tenth is than the tenth after the first fifth."""
    tenth = len(values) // 10
    if not tenth:
        return None
    early = statistics.fmean(values[2 * tenth : 3 * tenth])
    return round(statistics.fmean(values[-tenth:]) / early - 1, 4) if early else None


@asynccontextmanager
async def serving(model: str, log: Path) -> AsyncIterator[tuple[str, int]]:
    """`sprat serve`, until the block ends: its address and its process."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
    command = [sys.executable, "-m", "sprat", "serve", "--port", str(port), "--load", model]
    with log.open("w") as out:
        running = await asyncio.create_subprocess_exec(
            *command, stdout=subprocess.DEVNULL, stderr=out
        )
        try:
            yield f"http://127.0.0.1:{port}", running.pid
        finally:
            running.send_signal(signal.SIGINT)
            await running.wait()


async def ready(url: str, client: aiohttp.ClientSession, longest_s: float = 900) -> None:
    """Wait for the model: the first time its weights are fetched."""
    until = time.monotonic() + longest_s
    while time.monotonic() < until:
        try:
            async with client.get(f"{url}/readyz") as response:
                if response.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.2)
    raise SystemExit("The gateway did not become ready.")


async def soak(chosen: argparse.Namespace, log: Path) -> dict[str, Any]:
    """Ask until it is enough."""
    timeout = aiohttp.ClientTimeout(total=300)
    async with (
        serving(chosen.model, log) as (url, pid),
        aiohttp.ClientSession(timeout=timeout) as client,
    ):
        await ready(url, client)
        soaked = Soak(url, chosen.model, chosen.seed)
        began = time.monotonic()
        until = began + chosen.minutes * 60 if chosen.minutes else float("inf")
        most = float("inf") if chosen.minutes else chosen.requests
        samples: list[dict[str, Any]] = []

        async def work() -> None:
            while soaked.begun < most and time.monotonic() < until:
                await soaked.one(client)

        async def watch() -> None:
            while True:
                at = {"at_s": round(time.monotonic() - began, 1), "requests": soaked.done}
                samples.append({**at, **await asyncio.to_thread(memory, pid)})
                await asyncio.sleep(0.5)

        async def tell() -> None:
            while True:
                await asyncio.sleep(20)
                last = samples[-1]
                print(
                    f"{last['at_s']:>7.0f} s {last['requests']:>7} requests, gateway "
                    f"{last['gateway'] / 1e6:.0f} MB, workers {last['workers'] / 1e6:.0f} MB, "
                    f"{len(soaked.errors)} errors",
                    flush=True,
                )

        beside = [asyncio.create_task(watch()), asyncio.create_task(tell())]
        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        for task in beside:
            task.cancel()
        async with client.get(f"{url}/metrics") as response:
            metrics = await response.text()
    return {
        "requests": soaked.done,
        "kinds": dict(soaked.kinds),
        "seconds": round(time.monotonic() - began, 1),
        "errors": soaked.errors,
        "drift": {
            name: drift([sample[name] for sample in samples]) for name in ("gateway", "workers")
        },
        "samples": samples,
        "metrics": metrics,
    }


def main() -> None:
    """Read the options, soak, say how it went."""
    from sprat.measure.environment import describe_environment

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=2000)
    options.add_argument("--minutes", type=float, help="so long instead of so many")
    options.add_argument("--model", default="smollm2-135m")
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--json", help="write the result here")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "serve.log"
        result = asyncio.run(soak(chosen, log))
        lines = log.read_text("utf-8").splitlines()
    result = {
        "what": "soak",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": chosen.model,
        "environment": describe_environment(providers=False),
        **result,
        "log_errors": [line for line in lines if "ERROR" in line or "error" in line.lower()][:50],
    }
    last = result["samples"][-1]
    grown = {
        name: "not known" if value is None else f"{value:+.1%}"
        for name, value in result["drift"].items()
    }
    print(f"{result['requests']} requests in {result['seconds']:.0f} s: {result['kinds']}")
    print(f"errors: {len(result['errors'])} {result['errors'][:3]}")
    print(f"gateway {last['gateway'] / 1e6:.0f} MB, drift {grown['gateway']}; "
          f"workers {last['workers'] / 1e6:.0f} MB, drift {grown['workers']}")  # fmt: skip
    if chosen.json:
        Path(chosen.json).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    raise SystemExit(1 if result["errors"] else 0)


if __name__ == "__main__":
    main()
