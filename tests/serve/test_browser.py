"""A page asks the gateway with `fetch`, as Chromium lets it: from an allowed origin, and not."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser
from tests.browser import chromium
from tests.serve.beside import beside
from tests.serve.running import serving

STREAM = """async ([url, key]) => {
  try {
    const headers = {"Content-Type": "application/json"};
    if (key) headers.Authorization = "Bearer " + key;
    const body = {model: "echo", stream: true, messages: [{role: "user", content: "Hello"}]};
    const answer = await fetch(url + "/v1/chat/completions",
      {method: "POST", headers, body: JSON.stringify(body)});
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "", pieces = 0;
    for (let one; !(one = await reader.read()).done; pieces++) text += one.value;
    return {status: answer.status, text, model: answer.headers.get("X-Sprat-Model")};
  } catch (error) {
    return {refused: String(error)};
  }
}"""


class Page(BaseHTTPRequestHandler):
    """Somebody's own page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "23")
        self.end_headers()
        self.wfile.write(b"<!doctype html><p>Mine.")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """A site of its own on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def ask(browser: Browser, page_url: str, gateway_url: str, key: str | None = None) -> Any:
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(page_url)
        return page.evaluate(STREAM, [gateway_url, key])
    finally:
        context.close()


def test_a_page_of_an_allowed_origin_reads_a_stream_and_its_headers(
    browser: Browser, site: str, tmp_path_factory: pytest.TempPathFactory
):
    with beside(serving(tmp_path_factory.mktemp("allowed"), origins=(site,))) as at:
        answer = ask(browser, site, at.url)
        assert answer["status"] == 200
        assert answer["model"] == "echo"
        assert answer["text"].endswith("data: [DONE]\n\n")


def test_an_allowed_page_may_send_the_key(
    browser: Browser, site: str, tmp_path_factory: pytest.TempPathFactory
):
    key = "a-key-that-is-long-enough"
    with beside(serving(tmp_path_factory.mktemp("key"), origins=(site,), key=key)) as at:
        assert ask(browser, site, at.url, key)["status"] == 200
        assert ask(browser, site, at.url, "wrong")["status"] == 401


def test_any_other_page_is_refused_and_no_model_hears_of_it(
    browser: Browser, site: str, tmp_path_factory: pytest.TempPathFactory
):
    with beside(serving(tmp_path_factory.mktemp("refused"), origins=("http://other:1",))) as at:
        assert "Failed to fetch" in ask(browser, site, at.url)["refused"]
        assert at.gateway.ledger.accepted == 0
