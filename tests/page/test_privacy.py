"""Nothing leaves the page while it answers: seen from outside the browser, and by the gateway."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.browser import chromium
from tests.page.conftest import Serve
from tests.page.tiny import tiny_gguf
from tests.page.visit import ask, begin, finished, tiny_offered
from tests.page.wire import Wire, wire

LEAKS = {
    "fetch": "fetch('/healthz?leak')",
    "a beacon": "navigator.sendBeacon('/healthz?leak', 'x')",
    "an image": "new Image().src = '/healthz?leak'",
    "an event source": "new EventSource('/healthz?leak')",
    "an old request": "(() => { const x = new XMLHttpRequest(); x.open('GET', '/healthz?leak');"
    " x.send() })()",
    "a socket": "new WebSocket(location.origin.replace('http', 'ws') + '/leak')",
    "a worker": "new Worker('/healthz?leak')",
}


@pytest.fixture(scope="module")
def laid() -> Iterator[Wire]:
    with wire() as found:
        yield found


@pytest.fixture(scope="module")
def wired(laid: Wire) -> Iterator[Browser]:
    """A Chromium that has no way out but the wire."""
    with chromium(*laid.flags) as browser:
        yield browser


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_gguf(tmp_path_factory.mktemp("tiny") / "tiny.gguf")


@pytest.fixture
def visited(
    wired: Browser, laid: Wire, page_gateway: Serve, gguf: Path, tmp_path: Path
) -> Iterator[tuple[Page, object]]:
    """A page whose model is loaded, and the gateway that it came from."""
    laid.is_cut = False
    with page_gateway(**tiny_offered(gguf, tmp_path)) as at:
        page = wired.new_page()
        page.goto(at.url)
        assert ask(page, "Hello")
        yield page, at
        page.context.close()


def test_while_it_answers_no_request_leaves_the_browser_and_the_gateway_hears_nothing(
    visited, laid: Wire
):
    page, at = visited
    page.wait_for_timeout(1000)  # what belongs to the visit is over
    before, heard = len(laid.left), at.gateway.ledger.accepted
    assert ask(page, "What is the capital of France?")
    page.wait_for_timeout(500)
    assert laid.left[before:] == []
    assert at.gateway.ledger.accepted == heard == 0
    assert "0 requests during answers" in page.locator(".composer .foot").inner_text()


@pytest.mark.parametrize("kind", LEAKS)
def test_the_wire_sees_whatever_else_would_leave(visited, laid: Wire, kind: str):
    page, _ = visited
    page.evaluate(f"() => {{ {LEAKS[kind]} }}")
    page.wait_for_timeout(1500)
    assert any("leak" in one or one.startswith("CONNECT") for one in laid.left[-8:]), laid.left[-8:]
    laid.left.clear()


def test_an_answer_that_began_goes_on_without_a_network_and_so_does_the_next(visited, laid: Wire):
    page, _ = visited
    begin(page, "Tell me a long story.")
    page.locator(".answer[aria-busy=true]").wait_for()
    laid.is_cut = True
    page.context.set_offline(True)
    assert finished(page, 2)
    assert ask(page, "And then?")
    assert page.locator(".trouble").count() == 0
