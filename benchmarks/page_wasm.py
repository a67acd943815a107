"""A model in a page's WebAssembly: the native answer, the heap, seconds to load, tokens a second.

The page's engine computes the 8-bit graph in headless Chromium; native ONNX Runtime computes the
same file beside it. No graphics card.

usage: python benchmarks/page_wasm.py NAME [--threads 2] [--tokens 48] [--json FILE]
"""

import argparse
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from playwright.sync_api import Page, Route, sync_playwright
from tokenizers import Tokenizer

from browser import BIN, ROOT, opened, serving
from sprat.models.template import read_template
from sprat.models.web_ready import web_folder
from sprat.settings import load_settings
from sprat.types import Message

PROMPTS = ("What is the capital of France?", "Write one sentence about the sea.")
TOKENS = 8
LONG = "Tell me a story about a fox and a river."
KEEP_HEAP = """
const Memory = WebAssembly.Memory;
WebAssembly.Memory = class extends Memory {
  constructor(words) { super(words); self.heap = this; }
};
"""


def main() -> None:
    options = _options()
    folder = web_folder(options.model, load_settings())
    with TemporaryDirectory() as scratch:
        built = build(Path(scratch) / "page")
        with serving(built, options.model, folder, folder / "manifest.json") as url:
            found = measure(url, folder, Path(scratch) / "profile", options)
    print(json.dumps(found, indent=2))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A model in a page's WebAssembly.")
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=48)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def build(out: Path) -> Path:
    """The bare page around the engine that the tests have."""
    command = [str(BIN / "node"), "build.mjs", "--entry", "test/page/engine.ts", "--out", str(out)]
    subprocess.run(command, cwd=ROOT / "web", check=True, stdout=subprocess.DEVNULL)
    return out


def measure(url: str, folder: Path, profile: Path, options: argparse.Namespace) -> dict[str, Any]:
    """What the page does; `error` where it can not."""
    with (
        sync_playwright() as playwright,
        opened(playwright, str(profile), url) as page,
        peak() as m,
    ):
        page.context.route("**/worker-*", keep_heap)
        page.goto(url)
        began = time.perf_counter()
        replies = [said(page, text, TOKENS, options) for text in PROMPTS]
        long = said(page, LONG, options.tokens, options)
        return {
            "model": options.model,
            "threads": options.threads,
            "replies": replies,
            "native": [
                native(folder, text, reply) for text, reply in zip(PROMPTS, replies, strict=True)
            ]
            if all("logprobs" in reply for reply in replies)
            else None,
            "states": page.evaluate("states()"),
            "seconds": time.perf_counter() - began,
            "long": long,
            "heap_bytes": heap(page),
            "browser_peak_bytes": m["bytes"],
        }


def keep_heap(route: Route) -> None:
    found = route.fetch()
    route.fulfill(response=found, body=KEEP_HEAP + found.text())


def said(page: Page, text: str, tokens: int, options: argparse.Namespace) -> dict[str, Any]:
    manifest = f"models/{options.model}/manifest.json"
    opening = {"manifestUrl": manifest, "backend": "wasm", "threads": options.threads}
    page.evaluate("(options) => globalThis.begun ??= (open_(options), true)", opening)
    question = {
        "messages": [{"role": "user", "content": text}],
        "maxTokens": tokens,
        "logprobs": True,
    }
    return page.evaluate("(question) => ask(question)", question)


def native(folder: Path, text: str, reply: dict[str, Any]) -> dict[str, Any]:
    """The native tokens beside the page's."""
    from tests.page.little import Native  # `browser` has made it findable

    prompt = read_template(folder).render([Message(role="user", content=text)])
    ids = (
        Tokenizer.from_file(str(folder / "tokenizer.json"))
        .encode(prompt, add_special_tokens=False)
        .ids
    )
    tokens, _ = Native(folder / "onnx/model_quantized.onnx").sing(ids, TOKENS)
    found = [token["id"] for token in reply["logprobs"]]
    return {"native": tokens, "page": found, "same": found == tokens[: len(found)]}


def heap(page: Page) -> int | None:
    """The WebAssembly memory of the engine's worker."""
    for worker in page.workers:
        size = worker.evaluate("self.heap?.buffer.byteLength ?? 0")
        if size:
            return size
    return None


@contextmanager
def peak() -> Iterator[dict[str, int]]:
    """The most that the browser's processes held at once, resident."""
    most, ended = {"bytes": 0}, threading.Event()

    def watch() -> None:
        while not ended.wait(0.2):
            most["bytes"] = max(most["bytes"], _resident())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        ended.set()
        thread.join()


def _resident() -> int:
    total = 0
    for one in psutil.Process().children(recursive=True):
        try:
            if "chrom" in one.name() or "headless" in one.name():
                total += one.memory_full_info().uss
        except psutil.Error:
            continue
    return total


if __name__ == "__main__":
    main()
