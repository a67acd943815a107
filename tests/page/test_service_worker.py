"""The page after its first visit: it opens without a network, and a new version is told."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.page.conftest import Bundled, Serve, closing
from tests.page.moody import moody

BASE = "api/web/models/tiny/"
NAMED = {"tiny": '[[rule]]\ntext = "Hello."'}
"""The gateway gives the page only models that it knows itself."""
OPEN = "([entries, base]) => openAll(entries, base)"


@pytest.fixture
def tiny(tmp_path: Path) -> tuple[Path, dict[str, object]]:
    """A folder with one file and its manifest, and the file's entry."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    content = bytes(range(256)) * 1000
    (folder / "model.onnx").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    entry: dict[str, object] = {"name": "model.onnx", "bytes": len(content), "sha256": digest}
    manifest = {"files": [], "variants": [{"model": entry, "data": []}]}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder, entry


def ready(page: Page) -> None:
    page.wait_for_function("() => typeof openAll === 'function'")
    assert page.evaluate("() => offlineReady()")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null", timeout=60_000)


def test_after_the_first_visit_page_runtime_and_weights_are_there_without_a_gateway(
    browser: Browser, bundled: Bundled, page_gateway: Serve, tiny: tuple[Path, dict[str, object]]
):
    folder, entry = tiny
    with closing(browser.new_context()) as context:
        page = context.new_page()
        with page_gateway(page=bundled("kept.ts"), models={"tiny": folder}, scripts=NAMED) as at:
            page.goto(at.url)
            ready(page)
            first = page.evaluate(OPEN, [[entry], "/" + BASE])
            page.evaluate(f"() => fetch('{BASE}manifest.json').then((a) => a.text())")
            page.close()
        # The gateway is gone; so is the network.
        context.set_offline(True)
        page = context.new_page()
        page.goto(at.url)
        ready(page)
        assert page.evaluate(OPEN, [[entry], "/" + BASE]) == first
        assert first["files"]["model.onnx"] == ["disk", entry["bytes"], entry["sha256"]]
        manifest = page.evaluate(f"() => fetch('{BASE}manifest.json').then((a) => a.json())")
        assert manifest["variants"][0]["model"] == entry


def test_without_a_network_the_page_is_as_guarded_as_with_one(
    browser: Browser, bundled: Bundled, page_gateway: Serve
):
    with closing(browser.new_context()) as context:
        page = context.new_page()
        with page_gateway(page=bundled("kept.ts")) as at:
            page.goto(at.url)
            ready(page)
            page.close()
        page = context.new_page()
        answer = page.goto(at.url)
        assert answer is not None
        assert answer.from_service_worker
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert page.evaluate("() => crossOriginIsolated")
        elsewhere = "() => fetch('http://127.0.0.1:9/').catch(({name}) => name)"
        assert page.evaluate(elsewhere) == "TypeError"


def test_questions_answers_and_weights_are_never_kept_by_the_service_worker(
    browser: Browser, bundled: Bundled, page_gateway: Serve, tiny: tuple[Path, dict[str, object]]
):
    folder, entry = tiny
    with closing(browser.new_context()) as context:
        page = context.new_page()
        with page_gateway(page=bundled("kept.ts"), models={"tiny": folder}, scripts=NAMED) as at:
            page.goto(at.url)
            ready(page)
            for path in ("v1/models", "api/policies", "api/web/models", f"{BASE}manifest.json"):
                assert page.evaluate("(path) => fetch(path).then((a) => a.ok)", path)
            page.evaluate(OPEN, [[entry], "/" + BASE])
            kept = page.evaluate("""async () => {
              const found = [];
              for (const name of await caches.keys())
                for (const {url} of await (await caches.open(name)).keys()) found.push(url);
              return found;
            }""")
    paths = {url.removeprefix(at.url).lstrip("/") for url in kept}
    allowed = re.compile(r"|assets/[\w.-]+|api/web/models|api/web/models/tiny/manifest\.json")
    assert [path for path in paths if not allowed.fullmatch(path)] == []
    assert {"", "api/web/models", f"{BASE}manifest.json"} <= paths
    assert any(path.endswith(".wasm") for path in paths)


def test_a_gateway_that_is_there_always_shows_its_own_page(
    browser: Browser, bundled: Bundled, tmp_path: Path
):
    with moody(bundled("kept.ts")) as moods, closing(browser.new_context()) as context:
        page = context.new_page()
        page.goto(moods.url)
        ready(page)
        moods.page = tmp_path
        (tmp_path / "index.html").write_text("<title>Another program</title>", "utf-8")
        page.goto(moods.url)
        assert page.title() == "Another program"


def test_a_new_version_is_told_and_comes_with_a_reload(
    browser: Browser, bundled: Bundled, tmp_path: Path
):
    with moody(bundled("kept.ts")) as moods, closing(browser.new_context()) as context:
        page = context.new_page()
        page.goto(moods.url)
        ready(page)
        assert page.evaluate("() => news") == []
        for mark in ("newer", "newest"):
            moods.page = marked(bundled("kept.ts"), tmp_path, mark)
            page.evaluate("async () => { (await navigator.serviceWorker.ready).update() }")
            page.wait_for_function("() => news.length === 1", timeout=60_000)
            with page.expect_navigation(timeout=60_000):
                page.evaluate("() => void renew()")
            ready(page)
            assert page.evaluate("() => news") == []
        # Other tabs may still load more of the version before.
        assert pages_kept(page) == ["sprat-page-newer", "sprat-page-newest"]


def pages_kept(page: Page) -> list[str]:
    names = page.evaluate("() => caches.keys()")
    return [name for name in names if name.startswith("sprat-page-")]


def marked(build: Path, folder: Path, mark: str) -> Path:
    """The same build under another mark."""
    made = folder / mark
    shutil.copytree(build, made)
    script = (made / "sw.js").read_text("utf-8")
    own = re.search(r'"([0-9a-f]{10})"', script)
    assert own
    (made / "sw.js").write_text(script.replace(own[1], mark), "utf-8")
    return made
