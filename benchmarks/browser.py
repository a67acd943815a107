"""A model in a page: Sprat's engine beside transformers.js and wllama, on the same weights.

Each side in turn, in a browser profile of its own: a first start (everything is fetched from this
machine), questions, the browser is ended; a second start from what the profile has kept. wllama
computes the GGUF file; transformers.js, with its default pipeline on the processor, and Sprat's
engine compute the 8-bit ONNX graph that Sprat makes of it. All in WebAssembly: no graphics card.

What is counted: `load`, from the first import until it can be asked; `first`, from the question to
the first token; tokens a second after it. Every question begins otherwise, so no side has read it.

A round of all sides takes two to four minutes for both numbers of threads. With `--json FILE` each
measurement is kept at once, one line each; the same command goes on where it was stopped, and with
more `--rounds` adds to them. What another build of the page, another model or another length gave
stays in the file and is not counted. Nothing else should run on the machine.

usage: python benchmarks/browser.py [--model smollm2-135m] [--threads 1 2] [--rounds 7]
                                    [--tokens 64] [--json FILE]
"""

import argparse
import asyncio
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import web
from browser_table import NAMES, table
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from tests.browser import FLAGS, chromium_path  # noqa: E402

from sprat.models.catalog import catalog  # noqa: E402
from sprat.models.ready import ensure_weights  # noqa: E402
from sprat.models.web_ready import web_folder  # noqa: E402
from sprat.settings import load_settings  # noqa: E402

HERE = Path(__file__).parent / "browser"
BIN = Path(sys.executable).parent
SIDES = tuple(NAMES)
QUESTIONS = (
    "Tell me a story about a fox and a river.",
    "How does rain form? Explain it at length.",
    "What should a visitor see in Paris? Describe five places.",
)
PATIENCE_MS = 300_000
ALONE = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def main() -> None:
    options = _options()
    model = web_folder(options.model, load_settings())
    gguf = ensure_weights(catalog()[options.model], load_settings()).path
    with TemporaryDirectory() as folder:
        built = build(Path(folder))
        with serving(built, options.model, model, gguf) as url:
            stamp = stamp_of(built, model, options)
            results = known(options.json, stamp)
            for one in measure(url, options, results):
                results.append(one | {"stamp": stamp})
                keep(options.json, results[-1])
    print(table(results))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Three engines in a page, on the same weights.")
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=SIDES)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def build(folder: Path) -> Path:
    """The page with all sides, as the page itself is built."""
    if not (HERE / "node_modules").is_dir():
        npm = [str(BIN / "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(npm, cwd=HERE, check=True)
    entry = ["--entry", str(HERE / "sides.ts"), "--out", str(folder)]
    command = [str(BIN / "node"), "build.mjs", *entry]
    subprocess.run(command, cwd=ROOT / "web", check=True, stdout=subprocess.DEVNULL)
    return folder


@contextmanager
def serving(built: Path, name: str, model: Path, gguf: Path) -> Iterator[str]:
    """The page, the model's folder and the GGUF file at an address of this machine."""
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(_app(built, name, model, gguf))

    async def start() -> int:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return runner.addresses[0][1]

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        port = asyncio.run_coroutine_threadsafe(start(), loop).result(20)
        yield f"http://127.0.0.1:{port}"
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()


def _app(built: Path, name: str, model: Path, gguf: Path) -> web.Application:
    files = {path.relative_to(model).as_posix(): path for path in model.rglob("*")}

    async def index(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(built / "index.html", headers=ALONE)

    async def asset(request: web.Request) -> web.StreamResponse:
        path = built / "assets" / Path(request.match_info["name"]).name
        kept = {**ALONE, "Cache-Control": "max-age=31536000, immutable"}
        if path.is_file():
            return web.FileResponse(path, headers=kept)
        kind = {"Content-Type": "application/wasm", "Content-Encoding": "gzip"}
        return web.FileResponse(path.with_name(path.name + ".gz"), headers=kept | kind)

    async def weights(request: web.Request) -> web.StreamResponse:
        path = files.get(request.match_info["path"])
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path, headers=ALONE)

    async def whole(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(gguf, headers=ALONE)

    app = web.Application()
    app.router.add_get("/", index)
    app.router.add_get("/assets/{name}", asset)
    app.router.add_get(f"/models/{name}/{{path:.+}}", weights)
    app.router.add_get(f"/weights/{name}.gguf", whole)
    return app


def stamp_of(built: Path, model: Path, options: argparse.Namespace) -> str:
    """What measurements must have in common to be counted together."""
    digest = hashlib.sha256(f"{options.model} {options.tokens}".encode())
    for file in [
        *sorted(path for path in built.rglob("*") if path.is_file()),
        model / "manifest.json",
    ]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def known(file: Path | None, stamp: str) -> list[dict[str, Any]]:
    """What was measured before; a line that was cut off in the middle is none."""
    if file is None or not file.exists():
        return []
    found = [
        json.loads(line) for line in file.read_text("utf-8").splitlines() if line.endswith("}")
    ]
    return [one for one in found if one["stamp"] == stamp]


def keep(file: Path | None, one: dict[str, Any]) -> None:
    """On a line of its own, whatever was cut off before it."""
    if file is not None:
        with file.open("a", encoding="utf-8") as out:
            out.write("\n" * (out.tell() > 0) + json.dumps(one))


def measure(
    url: str, options: argparse.Namespace, before: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """What is not known yet, round by round: its sides forwards, in the next round backwards."""
    done = {(one["round"], one["threads"], one["side"]) for one in before}
    turns = [
        (number, threads, side)
        for number in range(options.rounds)
        for threads in options.threads
        for side in (options.sides if number % 2 == 0 else options.sides[::-1])
    ]
    left = [turn for turn in turns if turn not in done]
    with sync_playwright() as playwright:
        for at, (number, threads, side) in enumerate(left, 1):
            began_s = time.monotonic()
            with TemporaryDirectory() as profile:
                found = starts(playwright, profile, url, side, threads, options)
            took_s = time.monotonic() - began_s
            minutes = (len(left) - at) * took_s / 60
            told = f"{at} of {len(left)}: {NAMES[side]}, {threads} threads, {took_s:.0f} s"
            print(f"{told}; about {minutes:.0f} min left", file=sys.stderr)
            yield found | {"round": number}


def starts(
    playwright: Any, profile: str, url: str, side: str, threads: int, options: argparse.Namespace
) -> dict[str, Any]:
    with opened(playwright, profile, url) as page:
        cold_ms = load(page, side, options.model, threads)
        ask(page, "Say hello.", 4)  # warm
        asked = [ask(page, question, options.tokens) for question in QUESTIONS]
    with opened(playwright, profile, url) as page:
        second_ms = load(page, side, options.model, threads)
    return {
        "side": side,
        "threads": threads,
        "cold_s": cold_ms / 1e3,
        "second_s": second_ms / 1e3,
        "first_s": [one["firstMs"] / 1e3 for one in asked],
        "tokens_per_s": [one["perSecond"] for one in asked],
        "tokens": [one["tokens"] for one in asked],
        "texts": [one["text"] for one in asked],
    }


@contextmanager
def opened(playwright: Any, profile: str, url: str) -> Iterator[Page]:
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    context = playwright.chromium.launch_persistent_context(
        profile, executable_path=str(chromium_path()), args=[*FLAGS, *as_root]
    )
    context.set_default_timeout(PATIENCE_MS)
    try:
        page = context.new_page()
        page.on("pageerror", lambda error: print(error, file=sys.stderr))
        page.goto(url)
        yield page
    finally:
        context.close()


def load(page: Page, side: str, model: str, threads: int) -> float:
    return page.evaluate("([side, model, threads]) => load(side, model, threads)",
                         [side, model, threads])  # fmt: skip


def ask(page: Page, question: str, tokens: int) -> dict[str, Any]:
    return page.evaluate("([question, tokens]) => ask(question, tokens)", [question, tokens])


if __name__ == "__main__":
    main()
