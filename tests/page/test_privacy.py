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
    "?fetch": "fetch('/healthz?fetch')",
    "?beacon": "navigator.sendBeacon('/healthz?beacon', 'x')",
    "?image": "new Image().src = '/healthz?image'",
    "?events": "new EventSource('/healthz?events')",
    "?old": "(() => { const x = new XMLHttpRequest(); x.open('GET', '/healthz?old'); x.send() })()",
    "CONNECT 127.0.0.1": "new WebSocket(location.origin.replace('http', 'ws') + '/leak')",
    "?worker": "new Worker('/healthz?worker')",
}
"""What the wire shows of it → a way out."""


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


def test_the_wire_sees_whatever_else_would_leave(visited, laid: Wire):
    page, _ = visited
    before = len(laid.left)
    for leak in LEAKS.values():
        page.evaluate(f"() => {{ {leak} }}")
    page.wait_for_timeout(2500)
    left = laid.left[before:]
    assert [shown for shown in LEAKS if not any(shown in one for one in left)] == [], left


def test_an_answer_that_began_goes_on_without_a_network_and_so_does_the_next(visited, laid: Wire):
    page, _ = visited
    begin(page, "Tell me a long story.")
    page.locator(".answer[aria-busy=true]").wait_for()
    laid.is_cut = True
    page.context.set_offline(True)
    assert finished(page, 2)
    assert ask(page, "And then?")
    assert page.locator(".trouble").count() == 0
