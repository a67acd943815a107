"""The chat as it is used: a browser asks, reads, clicks, uploads, stops, and comes back."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser import chromium
from tests.chat.handbook import LARGE, SMALL, index_handbook, sitting

WIDE, NARROW = (1280, 800), (390, 844)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chat")
    index_handbook(folder / "docs", folder / "index")
    (folder / "small.toml").write_text(SMALL, "utf-8")
    (folder / "large.toml").write_text(LARGE, "utf-8")
    return folder


def options(base: Path) -> list[str]:
    small, large = (f"scripted:{base / name}" for name in ("small.toml", "large.toml"))
    given = {"--store": str(base / "index"), "--small": small, "--large": large}
    return [word for option in given.items() for word in option] + ["--embedder", "none"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def url(base: Path) -> Iterator[str]:
    with sitting(base / "home", *options(base)) as address:
        yield address


def visit(browser: Browser, url: str, size: tuple[int, int] = WIDE) -> Page:
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}).new_page()
    page.set_default_timeout(60_000)
    page.requested = []  # pyright: ignore[reportAttributeAccessIssue]
    page.on("request", lambda request: page.requested.append(request.url))
    page.goto(url)
    expect(page.locator("#chat-input")).to_be_visible(timeout=60_000)
    # Before the page has its socket, what is sent or uploaded is lost.
    expect(page.locator("#starters button").first).to_be_enabled(timeout=60_000)
    return page


def ask(page: Page, question: str) -> None:
    page.locator("#chat-input").press_sequentially(question)
    send = page.locator("#chat-submit")
    expect(send).to_be_enabled()
    send.click()


def answers(page: Page):
    return page.locator(".ai-message .message-content")


def test_an_answer_streams_and_its_source_opens_at_the_cited_words(browser: Browser, url: str):
    page = visit(browser, url)
    ask(page, "How many days of leave are there?")
    expect(page.get_by_text("Each employee has 27 days")).to_be_visible()
    expect(page.get_by_text("Sources", exact=True)).to_be_visible()
    expect(page.get_by_text("handbook.md · Handbook > Holidays")).to_be_visible()
    expect(page.get_by_text("draft kept")).to_be_visible()
    expect(page.locator("#side-view-content")).to_have_count(0)  # not until it is asked for
    page.locator("a.element-link").first.click()
    source = page.locator("#side-view-content .sprat-source")
    expect(source.locator("mark")).to_have_text("Every employee has 27 days of leave a year")
    expect(source).to_contain_text("Unused days end in March.")
    expect(source).to_contain_text("Two days a week may be worked from home.")
    assert [address for address in page.requested if not address.startswith(url)] == []


def test_what_the_small_model_cannot_the_large_one_does_and_a_pdf_opens_at_its_page(
    browser: Browser, url: str
):
    page = visit(browser, url)
    ask(page, "Where is the assembly point?")
    expect(page.get_by_text("It is the car park behind the mill.")).to_be_visible()
    expect(page.get_by_text("large model asked")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile(r"Search · .+ m?s"))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile(r"Draft by .+small"))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile(r"Answer by .+large.+kept"))).to_be_visible()
    assert "director" not in answers(page).last.inner_text()
    page.locator("a.element-link", has_text="page 2").click()
    expect(page.locator("#side-view-content")).to_contain_text("2 / 2")
    expect(page.locator(".side-pdf canvas")).to_be_visible()


def test_what_the_documents_do_not_say_is_said_with_the_nearest_passages(
    browser: Browser, url: str
):
    page = visit(browser, url)
    ask(page, "What colour is the cost centre on the mill?")
    expect(page.get_by_text("The documents do not say.")).to_be_visible()
    expect(page.get_by_text("The nearest passages")).to_be_visible()
    page.locator("a.element-link").first.click()
    expect(page.locator("#side-view-content .sprat-passage")).to_be_visible()
    expect(page.locator("#side-view-content mark")).to_have_count(0)


def test_an_engines_error_is_one_line(browser: Browser, url: str):
    page = visit(browser, url)
    ask(page, "Who breaks the cost centre?")
    expect(page.get_by_text("The script says that the worker died.")).to_be_visible()
    assert "Traceback" not in page.inner_text("body")


def test_the_stop_button_stops_and_the_chat_goes_on(browser: Browser, url: str):
    page = visit(browser, url)
    ask(page, "Tell me slowly how I may be worked from home two days a week.")
    expect(page.get_by_text("Two days a week. From home.")).to_be_visible()
    page.locator("#stop-button").click()
    expect(page.get_by_text("Stopped.", exact=True)).to_be_visible()
    ask(page, "How many days of leave are there?")
    expect(page.get_by_text("Each employee has 27 days")).to_be_visible()
    assert "Ask your team first" not in page.inner_text("body")
    assert "manually" not in page.inner_text("body")


def test_an_uploaded_file_is_searched_in_its_own_chat(browser: Browser, url: str):
    page = visit(browser, url)
    note = {"name": "boiler.md", "mimeType": "text/markdown"}
    text = "# Boiler\n\nIn the cellar the red lamp means that the boiler is cold.\n"
    page.locator("#upload-button-input").set_input_files([{**note, "buffer": text.encode()}])
    expect(page.get_by_text("boiler.md")).to_be_visible()
    ask(page, "What does the red lamp mean?")
    expect(page.get_by_text("It means that the boiler is cold.")).to_be_visible()
    expect(page.get_by_text("boiler.md: 1 passage")).to_be_visible()
    other = visit(browser, url)
    ask(other, "What does the red lamp mean?")
    expect(other.get_by_text("The documents do not say.")).to_be_visible()


def test_a_file_that_cannot_be_read_is_one_line(browser: Browser, url: str):
    page = visit(browser, url)
    broken = {"name": "broken.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 no more"}
    page.locator("#upload-button-input").set_input_files([broken])
    expect(page.get_by_text("broken.pdf")).to_be_visible()
    ask(page, "How many days of leave are there?")
    expect(page.get_by_text("broken.pdf: not read")).to_be_visible()
    expect(page.get_by_text("Each employee has 27 days")).to_be_visible()


def test_starters_come_from_the_documents(browser: Browser, url: str):
    page = visit(browser, url)
    expect(page.locator("#starters button").first).to_be_visible()
    assert "Working from home" in page.locator("#starters").inner_text()


def test_on_a_telephone_a_source_covers_nothing_until_it_is_asked_for(browser: Browser, url: str):
    page = visit(browser, url, NARROW)
    ask(page, "How many days of leave are there?")
    expect(page.get_by_text("Sources", exact=True)).to_be_visible()
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= NARROW[0]
    page.locator("a.element-link").first.click()
    expect(page.locator("#side-view-content mark")).to_be_visible()


def test_a_chat_goes_on_after_a_restart_and_its_judgement_is_kept(browser: Browser, base: Path):
    home = base / "another home"
    with sitting(home, *options(base)) as first:
        page = visit(browser, first)
        ask(page, "How many days of leave are there?")
        expect(page.get_by_text("Each employee has 27 days")).to_be_visible()
        page.locator(".positive-feedback-off").click()
        page.locator("#submit-feedback").click()
        expect(page.locator(".positive-feedback-on")).to_be_visible()
        thread = page.url.removeprefix(first)
        assert thread.startswith("/thread/")
    with sitting(home, *options(base)) as second:
        page = visit(browser, second)
        page.get_by_role("link", name="How many days of leave").click()
        expect(page.get_by_text("Each employee has 27 days")).to_be_visible()
        expect(page.locator(".positive-feedback-on")).to_be_visible()
        page.locator("a.element-link").first.click()
        expect(page.locator("#side-view-content mark")).to_be_visible()
        ask(page, "Where is the assembly point?")
        expect(page.get_by_text("It is the car park behind the mill.")).to_be_visible()
        expect(page.get_by_text("Each employee has 27 days")).to_be_visible()


def test_with_a_password_nobody_comes_in_without_it(browser: Browser, base: Path):
    home = base / "locked home"
    with sitting(home, *options(base), "--password", "correct horse") as url:
        page = browser.new_context().new_page()
        page.goto(url)
        for password in ("wrong", "correct horse"):
            page.locator("#email, input[name=email]").first.fill("anna")
            page.locator("#password, input[name=password]").first.fill(password)
            page.get_by_role("button", name="Sign In").click()
            if password == "wrong":
                expect(page.get_by_text("That is not the password.")).to_be_visible()
                expect(page.locator("#chat-input")).to_have_count(0)
        expect(page.locator("#chat-input")).to_be_visible()
