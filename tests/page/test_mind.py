"""Documents in the page, where it takes a browser: pages of the web, and the model of meanings."""

import asyncio
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page
from tests.page.conftest import Bundled, Serve

from sprat.door import open_embedder
from sprat.models.catalog import catalog
from sprat.models.ready import ensure
from sprat.settings import Settings

MINILM = "all-minilm-l6-v2"
MANIFEST = f"api/web/models/{MINILM}/manifest.json"
TEXTS = [
    "The Seine is 777 kilometres long and rises near Dijon.",
    "How long is that river?",
    "Interns have twelve days of leave a year.",
    "Caf\u00e9 na\u00efve \u4f60\u597d \U0001f600 x\u00b2 3.50 \u20ac",
    "word",
    "A sprat is a small fish of the herring family; it is eaten whole. " * 12,
]
PAGE = """<!doctype html><title>Leave</title><script>globalThis.ran = true</script>
<style>p { color: red }</style><h1>Leave &amp; <em>pay</em></h1>
<p onclick="globalThis.ran = true">Leave is
25 days a year.<img src="http://127.0.0.1:9/seen.png" onerror="globalThis.ran = true">
<h2>Interns</h2><ul><li>Interns have <b>12</b> days.<li>No more.</ul>
<table><tr><th>who<th>days<tr><td>all<td>25</table><pre>a  =  1</pre>
<iframe src="http://127.0.0.1:9/"></iframe><template><p>hidden</template>"""
READ = """# Leave & pay

Leave is 25 days a year.

## Interns

- Interns have 12 days.
- No more.

| who | days |
| all | 25 |

```
a  =  1
```"""


@pytest.fixture
def bare(
    bundled: Bundled, page_gateway: Serve, browser: Browser, fresh_page: Callable[..., Page]
) -> Iterator[Page]:
    with page_gateway(page=bundled("mind.ts"), models={}) as at:
        yield fresh_page(browser, at.url)


def test_a_page_of_the_web_is_read_as_text_and_nothing_in_it_runs_or_is_fetched(bare: Page):
    assert bare.evaluate("html => read(html)", PAGE) == READ
    assert bare.evaluate("globalThis.ran") is None


def test_headings_of_a_page_of_the_web_stand_over_its_passages(bare: Page):
    found = bare.evaluate("html => drop(html, 'How many days do interns have?')", PAGE)
    assert found["text"] == READ
    assert found["found"][0][0] in {"Leave & pay", "Leave & pay > Interns"}
    assert "Interns have 12 days" in found["found"][0][1]


@pytest.mark.parametrize("html", ["<div>" * 3000 + "deep", "", "<!doctype html>", "<p>\0</p>"])
def test_hostile_pages_do_no_harm(bare: Page, html: str):
    assert bare.evaluate("html => read(html)", html) in {"", "\ufffd", "deep"}


def test_without_an_embedding_model_it_is_said_what_to_do(bare: Page):
    said = bare.evaluate("url => meaning(url, ['a'])", MANIFEST)
    assert said["code"] == "manifest"
    assert "status 404" in said["message"]
    assert "searched by their words alone" in said["fix"]


@pytest.fixture(scope="module")
def minilm(real_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedding model as a folder for the web."""
    kept = ensure(catalog()[MINILM], real_settings).folder
    folder = tmp_path_factory.mktemp(MINILM)
    (folder / "onnx").mkdir()
    shutil.copy(kept / "tokenizer.json", folder)
    shutil.copy(kept / "model.onnx", folder / "onnx" / "model_quantized.onnx")
    files, graph = [entry(folder, "tokenizer.json")], entry(folder, "onnx/model_quantized.onnx")
    variants = [{"id": "wasm-int8", "backend": "wasm", "needs": [], "model": graph, "data": []}]
    manifest = {"format": 1, "name": MINILM, "files": files, "variants": variants}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def entry(folder: Path, name: str) -> dict[str, object]:
    data = (folder / name).read_bytes()
    return {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


@pytest.mark.real
def test_the_page_s_vectors_are_those_of_the_gateway_s_embedder(
    bundled: Bundled, page_gateway: Serve, browser: Browser, fresh_page: Callable[..., Page],
    minilm: Path, real_settings: Settings,
):  # fmt: skip
    with page_gateway(page=bundled("mind.ts"), models={MINILM: minilm}) as at:
        page = fresh_page(browser, at.url)
        found = page.evaluate("([url, texts]) => meaning(url, texts)", [MANIFEST, TEXTS])
    assert found.get("message") is None
    assert found["bytes"] == sum(one.stat().st_size for one in minilm.rglob("[tm]o*[nx]"))
    wanted = ThreadPoolExecutor().submit(asyncio.run, natively(TEXTS, real_settings)).result()
    for text, one, other in zip(TEXTS, found["vectors"], wanted, strict=True):
        assert float(np.dot(one, other)) > 1 - 1e-3, text
        assert np.linalg.norm(one) == pytest.approx(1, abs=1e-5)


async def natively(texts: list[str], settings: Settings) -> list[np.ndarray]:
    """One by one, so that none is padded to the length of another."""
    embedder = open_embedder(MINILM, settings)
    try:
        made = [await embedder.embed([text]) for text in texts]
    finally:
        await embedder.aclose()
    return [np.frombuffer(one.vectors[0], "<f4") for one in made]
