"""The gateway's own pages, opened in a real browser."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.browser import chromium
from tests.report.test_page import CONTRAST
from tests.serve.beside import beside
from tests.serve.running import serving

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("pages")
    with beside(serving(folder)) as at:
        yield at.url


@pytest.fixture
def show(browser: Browser, url: str) -> Iterator[Open]:
    """Open a page; afterwards it may have asked nobody but its own gateway, nor complained."""
    contexts, faults = [], []

    def open_(path: str, width: int = 1280, base: str = url, **options) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: faults.append(said.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda asked: None if asked.url.startswith((base, "data:"))
                else faults.append(asked.url))  # fmt: skip
        page.goto(base + path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert faults == []


@pytest.mark.parametrize("path", ["/status", "/docs"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_scrolls_sideways_or_complains(show: Open, path: str, width: int):
    page = show(path, width=width)
    for item in page.locator("details").all():
        item.evaluate("item => item.open = true")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("path", ["/status", "/docs"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground(show: Open, path: str, scheme: str):
    page = show(path, color_scheme=scheme)
    assert page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("path", ["/status", "/docs"])
def test_everything_has_a_name_and_a_place(show: Open, path: str):
    page = show(path)
    assert page.locator("h1").count() == 1
    assert page.locator("header, main, footer").count() == 3
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.evaluate("[...document.querySelectorAll('th')].every(e => e.scope)")
    assert page.evaluate("[...document.querySelectorAll('table')].every(e => e.caption)")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    targets = page.evaluate("[...document.querySelectorAll('a[href^=\"#\"]')].map(e => e.hash)")
    assert {target.removeprefix("#") for target in targets} <= set(ids)


def test_the_reference_shows_every_address_and_opens_a_type_that_is_linked_to(show: Open):
    page = show("/docs")
    chat = page.locator("#post_v1_chat_completions")
    assert "max_completion_tokens" in chat.inner_text()
    assert f"curl {page.url.removesuffix('/docs')}/v1/chat/completions" in chat.inner_text()
    chat.get_by_role("link", name="ChatMessage").click()
    assert page.locator("#type-ChatMessage").evaluate("item => item.open")


def test_a_command_line_is_copied_with_a_click(show: Open, url: str):
    page = show("/status", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"curl {url}/v1/chat/completions")


def test_without_javascript_everything_but_the_buttons_is_there(show: Open):
    page = show("/docs", java_script_enabled=False)
    assert page.get_by_role("button", name="Copy").count() == 0
    assert page.locator("#post_v1_chat_completions .command pre").is_visible()


def test_the_status_says_what_is_loaded(show: Open):
    assert "echo" in show("/status").locator(".models").inner_text()


def test_names_of_models_are_told_to_those_who_have_the_key(show: Open, tmp_path: Path):
    with beside(serving(tmp_path, key="a-long-enough-key-for-all")) as at:
        page = show("/status", base=at.url)
        words = page.locator("main").inner_text()
        assert "echo" not in words
        assert "Bearer YOUR-KEY" in words
        assert "a-long-enough" not in page.content()
