"""The pages of recorded runs in a real browser: without JavaScript, at both widths, by keyboard."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser import chromium
from tests.serve.beside import beside
from tests.serve.running import serving
from tests.serve.test_runs import BROKEN, ID, KEY, fill
from tests.studies.history.recorded import day, scored

from sprat.runs.store import Store

LONG = "unbroken" * 400 + BROKEN


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("runs")
    fill(folder, LONG)
    with Store(folder / "runs.db") as store:
        for at in range(1, 8):
            day(store, at, scored(0.8 if at < 5 else 0.3, at))
    with beside(serving(folder)) as at:
        yield at.url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


PATHS = ("/runs", f"/runs/{ID}/answers", f"/runs/{ID}/answers/q1", "/runs/history",
         "/runs/compare", "/runs/compare?a=260104&b=260105", "/runs/nothing")  # fmt: skip


def opened(browser: Browser, width: int, **options: object) -> tuple[Page, list[str]]:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, java_script_enabled=True, **options
    )  # type: ignore[arg-type]
    page, faults = context.new_page(), []
    page.on("console", lambda said: faults.append(said.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    return page, faults


@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_scrolls_sideways_complains_or_runs_what_a_model_said(
    browser: Browser, url: str, width: int
):
    page, faults = opened(browser, width)
    for path in PATHS:
        page.goto(url + path)
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, path
        assert page.evaluate("window.broken") is None
        assert page.locator("main script, main img").count() == 0
    assert [one for one in faults if "404" not in one] == []
    page.context.close()


def test_filters_sorting_and_links_work_from_the_keyboard_without_javascript(
    browser: Browser, url: str
):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{url}/runs")
    page.get_by_label("Model").fill("tiny")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("model=tiny"))
    expect(page.locator("tbody tr")).to_have_count(7)
    page.get_by_role("link", name="Study").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("model=tiny.*sort=created"))
    expect(page.locator("tbody th a").first).to_have_text(re.compile("260101"))
    page.locator("tbody td a").first.click()
    page.get_by_label("Outcome").select_option("wrong")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url(re.compile("outcome=wrong"))
    assert set(page.locator("tbody .badge").all_inner_texts()) == {"✕ wrong"}
    page.locator("tbody th a").first.click()
    page.wait_for_url(re.compile(r"/answers/q"))
    assert re.search(r"/answers/q\d+$", page.url)
    context.close()


def test_two_runs_are_chosen_from_lists(browser: Browser, url: str):
    page, _ = opened(browser, 390)
    page.goto(f"{url}/runs/compare")
    page.get_by_label("Before").select_option("260104-070000-abcd:tiny")
    page.get_by_label("Now").select_option("260105-070000-abcd:tiny")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".decision")).to_have_text("Regression")
    page.context.close()


def test_a_browser_is_let_in_with_the_key_as_password(browser: Browser, tmp_path: Path):
    fill(tmp_path)
    with beside(serving(tmp_path, key=KEY)) as at:
        page, _ = opened(browser, 1280, http_credentials={"username": "me", "password": KEY})
        page.goto(f"{at.url}/runs")
        page.get_by_role("link", name=ID, exact=True).first.focus()
        assert page.locator("tbody tr").count() == 1
        page.context.close()


def test_every_table_has_a_caption_and_every_field_a_label(browser: Browser, url: str):
    page, _ = opened(browser, 1280)
    for path in PATHS:
        page.goto(url + path)
        assert page.locator("table:not(:has(caption))").count() == 0, path
        assert page.locator("form :is(select, input:not([type=hidden]))").evaluate_all(
            "all => all.every(e => e.labels.length)"
        ), path
        assert page.locator("h1").count() == 1
    page.context.close()
