"""The page, opened in a real browser."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from sprat.report import html

from .samples import CASES, hostile, prompt_mode, sample

Open = Callable[..., Page]


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open a comparison; afterwards nothing may have been asked of the network or complained of."""
    contexts, faults = [], []

    def open_(comparison, width=1280, height=900, **options) -> Page:
        file = tmp_path / "report.html"
        file.write_text(html.render(comparison), encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: faults.append(said.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda asked: None if asked.url.startswith(("file:", "data:"))
                else faults.append(asked.url))  # fmt: skip
        page.goto(file.as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()
    assert faults == []


def shown(page: Page) -> list[str]:
    return page.locator("#list > details:visible").evaluate_all(
        "all => all.map(e => e.dataset.kind)"
    )


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_scrolls_sideways_or_complains(show: Open, name: str, width: int) -> None:
    page = show(CASES[name](), width=width)
    for item in page.locator("#list > details").all()[:6]:
        item.evaluate("item => item.open = true")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_model_text_is_text_and_never_runs(show: Open) -> None:
    page = show(hostile())
    assert page.evaluate("window.broken") is None
    assert page.locator("main script, main img, main b b").count() == 0
    assert "<script>window.broken = 1</script>" in page.locator("#list").text_content()


def test_filters_narrow_the_answers_and_count_them(show: Open) -> None:
    page = show(sample())
    page.get_by_label("Kind").select_option("extract")
    assert shown(page) == ["extract"] * 8
    assert page.locator("#count").inner_text() == "8 of 48 questions."
    page.get_by_label("Outcome").select_option("large")
    narrowed = page.locator("#list > details:visible")
    assert 0 < narrowed.count() < 8
    assert set(narrowed.evaluate_all("all => all.map(e => e.dataset.outcome)")) == {"large"}
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#list > details:visible")).to_have_count(48)


def test_search_looks_into_closed_answers(show: Open) -> None:
    page = show(sample())
    page.get_by_label("Text").fill("question 31: REPAIRED")
    assert page.locator("#list > details:visible .id").all_inner_texts() == ["summary-031"]


def test_trouble_shows_only_errors_and_cut_off_answers(show: Open) -> None:
    comparison = sample()
    troubled = {a.id for a in comparison.answers if a.error or a.finish == "length"}
    page = show(comparison)
    page.get_by_label("Errors or cut off only").check()
    assert set(page.locator("#list > details:visible .id").all_inner_texts()) == troubled


def test_answers_open_by_keyboard_and_all_at_once(show: Open) -> None:
    page = show(sample(12))
    first = page.locator("#list > details").first
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    assert first.evaluate("item => item.open")
    page.get_by_role("button", name="Open all").click()
    assert page.locator("#list > details[open]").count() == 12
    page.get_by_role("button", name="Close all").click()
    assert page.locator("#list > details[open]").count() == 0


def test_without_javascript_everything_but_the_filters_is_there(show: Open) -> None:
    page = show(sample(), java_script_enabled=False)
    assert page.locator("#filters").is_hidden()
    assert page.locator("#list > details").count() == 48
    page.locator("#list > details summary").first.click()
    assert page.locator("#list article").first.is_visible()


def test_a_single_prompt_shows_both_texts_at_once_and_no_verdict(show: Open) -> None:
    page = show(prompt_mode())
    assert page.locator("article.side").nth(0).is_visible()
    assert page.locator("article.side").nth(1).is_visible()
    words = page.locator("body").inner_text()
    assert "No verdict" in words
    assert "ood enough" not in words


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground(show: Open, scheme: str) -> None:
    page = show(sample(), color_scheme=scheme)
    low = page.evaluate(CONTRAST)
    assert low == [], low


@pytest.mark.parametrize("name", CASES)
def test_everything_has_a_name_and_a_place(show: Open, name: str) -> None:
    page = show(CASES[name]())
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.locator("header, main, footer").count() == 3
    assert page.locator("svg[role=img]:not([aria-label])").count() == 0
    assert page.locator("svg:not([role=img]):not([aria-hidden]):not(svg svg)").count() == 0
    assert page.evaluate("[...document.querySelectorAll('th')].every(e => e.scope)")
    assert page.evaluate("[...document.querySelectorAll('table')].every(e => e.caption)")
    assert page.evaluate(
        "(() => { const ids = [...document.querySelectorAll('[id]')].map(e => e.id);"
        " return ids.length === new Set(ids).size })()"
    )


CONTRAST = """() => {
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const parts = text => text.match(/[\\d.]+/g).map(Number);
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!own || element.closest("script, svg, option") || !element.offsetParent) continue;
    const pair = [light(parts(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (ratio < 4.5) low.push(`${element.tagName}.${element.className}: ${ratio.toFixed(2)}`);
  }
  return low;
}"""
