"""A model in a page: Sprat's engine beside transformers.js and wllama, on the same weights.

Each side in turn, in a browser profile of its own: a first start (everything is fetched from this
machine), questions, the browser is ended; a second start from what the profile has kept. wllama
computes the GGUF file; transformers.js, with its default pipeline on the processor, and Sprat's
engine compute the 8-bit ONNX graph that Sprat makes of it. All in WebAssembly: no graphics card.

What is counted: `load`, from the first import until it can be asked; `first`, from the question to
the first token; tokens a second after it. Every question begins otherwise, so no side has read it.

usage: python benchmarks/browser.py [--model smollm2-135m] [--threads 1 2] [--rounds 3]
                                    [--tokens 64] [--json FILE]
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import web
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
SIDES = ("ours", "transformers", "wllama")
NAMES = {"ours": "Sprat", "transformers": "transformers.js 4.3.1", "wllama": "wllama 3.13.0"}
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
            results = list(measure(url, options))
    print(table(results))
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", "utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Three engines in a page, on the same weights.")
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
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


def measure(url: str, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Every side in every round, in turns: forwards, then backwards."""
    with sync_playwright() as playwright:
        for threads in options.threads:
            for number in range(options.rounds):
                sides = options.sides if number % 2 == 0 else options.sides[::-1]
                for side in sides:
                    with TemporaryDirectory() as profile:
                        found = starts(playwright, profile, url, side, threads, options)
                    print(json.dumps(found | {"texts": len(found["texts"])}), file=sys.stderr)
                    yield found


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
        "first_s": median(one["firstMs"] for one in asked) / 1e3,
        "tokens_per_s": median(one["perSecond"] for one in asked),
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


def table(results: list[dict[str, Any]]) -> str:
    """Medians over the rounds; beside them, ours to the better of the others."""
    lines = ["| threads | side | first start | second | first token | tokens/s |", "|" + "---|" * 6]
    figures = ("cold_s", "second_s", "first_s", "tokens_per_s")
    for threads in dict.fromkeys(one["threads"] for one in results):
        rows: dict[str, list[float]] = {}
        for side in dict.fromkeys(one["side"] for one in results):
            own = [one for one in results if (one["side"], one["threads"]) == (side, threads)]
            cold, second, first, rate = rows[side] = [median(r[f] for r in own) for f in figures]
            seconds = f"{cold:.2f} s | {second:.2f} s ({second / cold:.2f} of it) | {first:.2f} s"
            lines.append(f"| {threads} | {NAMES[side]} | {seconds} | {rate:.1f} |")
        others = [row for side, row in rows.items() if side != "ours"]
        if "ours" in rows and others:
            ratios = [min(row[i] for row in others) / rows["ours"][i] for i in range(3)]
            ratios.append(rows["ours"][3] / max(row[3] for row in others))
            shown = " | ".join(f"{ratio:.2f} times" for ratio in ratios)
            lines.append(f"| {threads} | how much better than the best of the others | {shown} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
