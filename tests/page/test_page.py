"""The whole page as a visitor finds it, over a real gateway and a real, if tiny, model."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.page.conftest import Serve
from tests.page.node import MODULES
from tests.page.tiny import tiny_gguf
from tests.page.visit import ask, begin, finished, tiny_offered

AXE = MODULES / "axe-core" / "axe.min.js"
SERIOUS = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations.filter(({impact}) => impact === "serious" || impact === "critical")
    .map(({id, nodes}) => id + ": " + nodes.map((node) => node.html.slice(0, 80)).join(", "));
}"""
OPENS = Callable[..., Page]


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_gguf(tmp_path_factory.mktemp("tiny") / "tiny.gguf")


def faults_for_readers(page: Page) -> list[str]:
    """What axe-core finds serious or critical."""
    page.evaluate(AXE.read_text("utf-8"))
    return page.evaluate(SERIOUS)


def test_a_visit_from_the_first_look_to_the_second_answer(
    browser: Browser, page_gateway: Serve, fresh_page: OPENS, gguf: Path, tmp_path: Path
):
    with page_gateway(**tiny_offered(gguf, tmp_path)) as at:
        page = fresh_page(browser, at.url)
        files: list[str] = []
        page.on("request", lambda asked: files.append(asked.url.removeprefix(at.url)))
        page.get_by_label("Your question").wait_for()
        page.wait_for_timeout(500)
        assert not [one for one in files if "/onnx/" in one or ".wasm" in one]  # not yet asked for
        assert faults_for_readers(page) == []
        assert len(ask(page, "Hello")) > 40
        assert at.gateway.ledger.accepted == 0
        assert faults_for_readers(page) == []
        for panel in ("Documents", "Speed", "Requests", "Models", "Settings"):
            page.get_by_role("button", name=panel, exact=True).click()
            page.locator("#panel").wait_for()
            assert faults_for_readers(page) == [], panel
        page.reload()
        files.clear()
        assert ask(page, "Hello again")
        assert not [one for one in files if "/onnx/" in one]  # kept


def test_hybrid_shows_what_would_be_sent_and_sends_only_after_a_yes(
    browser: Browser, page_gateway: Serve, fresh_page: OPENS, gguf: Path, tmp_path: Path
):
    with page_gateway(**tiny_offered(gguf, tmp_path)) as at:
        page = fresh_page(browser, at.url)
        assert ask(page, "Hello")
        page.get_by_role("button", name="Settings", exact=True).click()
        page.locator("#panel").get_by_label("Model", exact=True).select_option("echo")
        page.get_by_role("button", name="Settings", exact=True).click()
        page.get_by_role("radio", name="Hybrid").check()
        begin(page, "Say something short")
        dialog = page.get_by_role("dialog")
        dialog.wait_for()
        assert "Say something short" in dialog.locator(".payload").inner_text()
        assert '"model": "echo"' in dialog.locator(".payload").inner_text()
        assert faults_for_readers(page) == []
        dialog.get_by_role("button", name="Keep the draft").click()
        finished(page, 2)
        assert at.gateway.ledger.accepted == 0
        begin(page, "Say something else")
        dialog.get_by_role("button", name="Send it").click()
        assert "Hello there, friend." in finished(page, 3)
        assert at.gateway.ledger.accepted == 1


def test_a_locked_gateway_opens_the_page_and_asks_for_the_key(
    browser: Browser, page_gateway: Serve, fresh_page: OPENS, gguf: Path, tmp_path: Path
):
    key = "a-key-of-more-than-16-characters"
    with page_gateway(**tiny_offered(gguf, tmp_path), key=key) as at:
        page = fresh_page(browser, at.url, allow=("401",))
        page.get_by_role("button", name="Settings", exact=True).click()
        page.locator("#panel").get_by_label("Key", exact=True).fill(key)
        page.locator("#panel").get_by_label("Key", exact=True).press("Tab")
        page.locator(".foot").get_by_text("tiny").wait_for()
        assert ask(page, "Hello")


def test_without_scripts_it_says_where_else_to_go(browser: Browser, page_gateway: Serve):
    with page_gateway() as at:
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(at.url)
        page.get_by_role("link", name="reference").click()
        assert page.url == f"{at.url}/docs"
        context.close()
