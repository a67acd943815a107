"""What a gateway adds: Sprat's, beside a naive one and, if asked for, LiteLLM's proxy.

A stub upstream of fixed delay, a load generator and each gateway run in processes of their own on
this machine; the first two are raw asyncio protocols, so that they cost little. Everything is
measured in turn within one run, the way without a gateway ("direct") included:

- one after another: how much later an answer comes than directly (median, 99th percentile);
- 64 at once: answers per second, and how many were not as expected;
- 100 streams of 50 tokens per second: how much longer the 99th percentile of the gaps between
  tokens is than directly, whether the text is the same, and the gateway's memory.

`bare` is uvicorn and aiohttp passing bytes on unread: what is left of the time is the gateway's
own. The naive gateway is Starlette with `openai`'s asynchronous client (gateway_sides.py).

Run: python benchmarks/gateway.py [--requests 2000] [--seconds 5] [--litellm] [--json FILE]
"""

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway_load import load
from gateway_sides import bare, naive, upstream

DESCRIBED = "one after another / 64 at once / 100 streams of 50 tokens per second"

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


LITELLM = {
    "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",  # on the loopback, for a minute
    "LITELLM_LOCAL_MODEL_COST_MAP": "true",  # no network
}
Start = Callable[[Path, int, int], list[str]]


def sprat_command(folder: Path, port: int, stub: int) -> list[str]:
    """The gateway as a user runs it."""
    config = folder / "sprat.toml"
    config.write_text(f'[endpoints.stub]\nurl = "http://127.0.0.1:{stub}/v1"\n', "utf-8")
    args = ["serve", "--config", str(config), "--port", str(port)]
    return [sys.executable, "-m", "sprat", *args]


def bare_command(folder: Path, port: int, stub: int) -> list[str]:
    del folder
    return [sys.executable, __file__, "--role", "bare", "--port", str(port), "--stub", str(stub)]


def naive_command(folder: Path, port: int, stub: int) -> list[str]:
    del folder
    return [sys.executable, __file__, "--role", "naive", "--port", str(port), "--stub", str(stub)]


def litellm_command(folder: Path, port: int, stub: int) -> list[str]:
    """LiteLLM's proxy in an environment of its own, made here and thrown away."""
    uv = [sys.executable, "-m", "uv", "--quiet"]
    subprocess.run([*uv, "venv", str(folder / "litellm")], check=True)
    scripts = folder / "litellm" / ("Scripts" if os.name == "nt" else "bin")
    wanted = ["--python", str(scripts / "python"), "litellm[proxy]"]
    subprocess.run([*uv, "pip", "install", *wanted], check=True, timeout=900)
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
        "bare": ("", bare_command),
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
                running = stack.enter_context(process(command, folder / f"{name}.log", **LITELLM))
                wait_for(port, running)
                tried = {name: {"port": port, "prefix": prefix}}
                loaded(part="sequential", targets=tried, count=1, seed=0)
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
        if name not in {"direct", "sprat", "bare"}:
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
    options.add_argument(
        "--role", choices=["stub", "bare", "naive", "load"], help=argparse.SUPPRESS
    )
    options.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options.add_argument("--stub", type=int, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    match chosen.role:
        case "stub":
            asyncio.run(upstream())
        case "bare":
            bare(chosen.port, chosen.stub)
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
