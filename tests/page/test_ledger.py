"""The page's own count of what leaves it, beside what a server really was asked."""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page
from tests.page.moody import MODEL, Moods

OPEN = "([entries, base]) => openAll(entries, base)"
XHR = """() => new Promise((done) => {
  const request = new XMLHttpRequest();
  request.open("GET", "a/b");
  request.onloadend = () => done(request.status);
  request.send();
})"""
QUIET_MS = 500
"""The browser writes its own record a little later."""


def visit(context: BrowserContext, moods: Moods, *, again: bool = False) -> Page:
    """A page; with a service worker before it, if `again`."""
    page = context.new_page()
    page.goto(moods.url)
    page.wait_for_function("() => typeof openAll === 'function'")
    assert page.evaluate("() => offlineReady()")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null", timeout=20_000)
    if again:
        page.reload()
        page.wait_for_function("() => typeof openAll === 'function'")
    page.wait_for_timeout(QUIET_MS)
    moods.seen.clear()
    page.evaluate("() => { window.from = performance.now() }")
    return page


def count(page: Page) -> dict[str, Any]:
    page.wait_for_timeout(QUIET_MS)
    return page.evaluate("() => ledger.since(from)")


def listed(page: Page, witness: str) -> list[dict[str, Any]]:
    entries = page.evaluate("() => ledger.entries.filter(({stamp}) => stamp >= from)")
    return [entry for entry in entries if entry["witness"] == witness]


def test_a_page_that_asks_for_nothing_counts_nothing(context: BrowserContext, moods: Moods):
    page = visit(context, moods, again=True)
    page.evaluate("() => [...Array(1e6).keys()].reduce((sum, n) => sum + n)")
    assert count(page) == {
        "requests": 0, "elsewhere": 0, "called": 0, "observed": 0, "passed": 0, "refused": 0,
    }  # fmt: skip
    assert moods.seen == []


def test_the_browsers_look_for_a_newer_page_is_told_from_a_script_that_asks_there(
    context: BrowserContext, moods: Moods
):
    page = visit(context, moods, again=True)
    page.evaluate("() => navigator.serviceWorker.ready.then((found) => found.update())")
    assert moods.seen == []
    page.evaluate("() => fetch('sw.js').then((answer) => answer.status)")
    assert moods.seen == ["GET /sw.js"]


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        ("() => fetch('a/b?secret=1').then((a) => a.status)", "fetch"),
        ("() => fetch('a/b', {method: 'POST', body: 'four'}).then((a) => a.status)", "fetch"),
        (XHR, "xmlhttprequest"),
        ("() => navigator.sendBeacon('a/b', 'four')", "beacon"),
    ],
)
def test_whatever_a_script_asks_over_is_seen_by_all_three_witnesses_and_the_server(
    context: BrowserContext, moods: Moods, act: str, kind: str
):
    page = visit(context, moods, again=True)
    page.evaluate(act)
    counted = count(page)
    assert len(moods.seen) == 1
    assert (counted["requests"], counted["called"], counted["observed"]) == (1, 1, 1)
    assert counted["passed"] == 1
    assert counted["elsewhere"] == 0
    [called] = listed(page, "called")
    assert (called["kind"], called["from"]) == (kind, "page")
    assert called["address"] == f"{moods.url}a/b"
    assert called["sentBytes"] == (4 if "four" in act else 0)


def test_an_image_is_called_for_by_no_script_and_seen_by_the_other_two(
    context: BrowserContext, moods: Moods
):
    page = visit(context, moods, again=True)
    page.evaluate(
        "() => new Promise((done) => { const image = new Image(); image.onerror = done;"
        " image.src = 'a.png' })"
    )
    counted = count(page)
    assert (counted["requests"], counted["called"]) == (1, 0)
    assert (counted["observed"], counted["passed"]) == (1, 1)


@pytest.mark.parametrize("again", [False, True])
def test_what_a_worker_asks_for_reaches_the_page_s_count_and_not_the_worker_s_protocol(
    context: BrowserContext, moods: Moods, again: bool
):
    entries = [moods.serve(name, name.encode()) for name in ("one.json", "two.json")]
    page = visit(context, moods, again=again)
    assert set(page.evaluate(OPEN, [entries, MODEL])["files"]) == {"one.json", "two.json"}
    counted = count(page)
    called = listed(page, "called")
    # Two files, the compiled code, and that again, to be kept for a start without a network.
    assert [one["kind"] for one in called] == ["worker", *["fetch"] * 4]
    assert [one["from"] for one in called] == ["page", *["kept.worker"] * 4]
    assert counted["observed"] >= 4
    asked = [one for one in moods.seen if "/api/web/" in one]
    assert len(asked) == 2
    assert counted["passed"] >= 3


def test_a_thread_that_tells_nobody_is_seen_where_it_is_started_and_by_the_service_worker(
    context: BrowserContext, moods: Moods
):
    page = visit(context, moods, again=True)
    page.evaluate("() => thread()")
    count(page)
    assert [one["from"] for one in listed(page, "called")] == ["page", "kept.worker"]
    assert f"{moods.url}from-a-thread" in [one["address"] for one in listed(page, "passed")]


@pytest.mark.parametrize(
    "act",
    [
        "() => fetch('http://127.0.0.1:9/x').catch(() => 0)",
        "() => { try { new WebSocket('ws://127.0.0.1:9/x') } catch {} }",
        "() => { new EventSource('http://127.0.0.1:9/x') }",
        "() => navigator.sendBeacon('http://127.0.0.1:9/x', 'secret')",
    ],
)
def test_what_is_meant_for_elsewhere_is_refused_by_the_browser_counted_and_named(
    context: BrowserContext, moods: Moods, act: str
):
    page = visit(context, moods)
    page.evaluate(act)
    counted = count(page)
    assert counted["refused"] == 1
    assert counted["elsewhere"] == 1
    assert listed(page, "called")[0]["address"].endswith("://127.0.0.1:9/x")
    assert not listed(page, "called")[0]["own"]


def test_a_connection_to_a_peer_is_named_as_one_whose_place_nobody_knows(
    context: BrowserContext, moods: Moods
):
    page = visit(context, moods)
    page.evaluate("() => { new RTCPeerConnection().close() }")
    assert count(page)["elsewhere"] == 1
    assert listed(page, "called")[0]["kind"] == "rtc"


def test_leaving_for_another_page_is_counted_before_it_happens(
    context: BrowserContext, moods: Moods
):
    page = visit(context, moods)
    page.evaluate(
        "() => { addEventListener('pagehide', () => sessionStorage.setItem('counted',"
        " JSON.stringify(ledger.since(from)))); location.href = 'index.html?secret=1' }"
    )
    page.wait_for_url("**/index.html?secret=1")
    assert page.evaluate("() => JSON.parse(sessionStorage.getItem('counted')).called") == 1


def test_whoever_listens_is_told_of_each(context: BrowserContext, moods: Moods):
    page = visit(context, moods)
    page.evaluate("() => { window.times = 0; window.end = ledger.subscribe(() => times++) }")
    page.evaluate("() => fetch('a')")
    page.wait_for_function("() => times >= 2")
    page.evaluate("() => { end(); window.times = 0 }")
    page.evaluate("() => fetch('a')")
    page.wait_for_timeout(QUIET_MS)
    assert page.evaluate("() => times") == 0
