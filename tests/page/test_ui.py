"""The page as people meet it: by mouse, by keyboard, on a phone, in the dark, and read aloud.

The rooms behind it are those of `web/test/ui/fake.ts`: what is looked at here is the page.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tests.page.conftest import Bundled, Serve
from tests.page.node import WEB

Open = Callable[..., Page]
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
PHONES = ({"width": 360, "height": 740}, {"width": 390, "height": 844})
LIGHT = "rgb(253, 253, 252)"
PANELS = ("Documents", "Speed", "Requests", "Models", "Settings")


@pytest.fixture
def visit(
    bundled: Bundled, page_gateway: Serve, browser: Browser, fresh_page: Open
) -> Iterator[Open]:
    """A function: a query, and options of a browser context → the page, on its first visit."""
    with page_gateway(page=bundled("../ui/entry.tsx"), models={}) as at:

        def open_(query: str = "", **options: Any) -> Page:
            page = fresh_page(browser, f"{at.url}/{query}", **options)
            page.get_by_label("Your question").wait_for()
            return page

        yield open_


def ask(page: Page, question: str) -> Locator:
    """The answer to a question, once it is whole."""
    page.get_by_label("Your question").fill(question)
    page.get_by_label("Your question").press("Enter")
    answer = page.locator(".turn").last.locator(".answer")
    expect(page.locator(".turn").last.get_by_text(question)).to_be_visible()
    expect(answer).to_have_attribute("aria-busy", "false")
    return answer


def faults(page: Page) -> list[str]:
    """What axe-core finds serious or critical. It comes from outside the page's own policy."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    grave = [one for one in found["violations"] if one["impact"] in {"serious", "critical"}]
    return [json.dumps([one["id"], [node["html"] for node in one["nodes"]]]) for one in grave]


def overflow(page: Page) -> int:
    """By how much the page is wider than its window."""
    return page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")


def test_the_first_screen_says_what_it_is_what_it_downloads_and_that_nothing_is_sent(
    visit: Open,
) -> None:
    page = visit()
    expect(page.get_by_role("heading", name="Ask a model that runs in this page")).to_be_visible()
    expect(page.locator(".offer")).to_contain_text(
        "138 to 157 MB to download, once · licence Apache-2.0"
    )
    expect(page.locator(".promises")).to_contain_text("Nothing is sent")
    expect(
        page.get_by_role("button", name="Download 138 to 157 MB", exact=True)
    ).to_be_in_viewport()


def test_a_download_shows_how_far_it_is_and_can_be_halted(visit: Open) -> None:
    page = visit("?gap=60")
    page.get_by_role("button", name="Download 138 to 157 MB", exact=True).click()
    expect(page.locator(".download")).to_contain_text("of 157 MB")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Download 138 to 157 MB", exact=True)).to_be_visible()


def test_a_question_whose_download_is_paused_says_how_to_go_on_and_does(visit: Open) -> None:
    page = visit("?gap=60")
    page.get_by_role("button", name="Models").click()
    page.get_by_label("Your question").fill("What is the capital of France?")
    page.get_by_label("Your question").press("Enter")
    page.get_by_role("button", name="Pause").click()
    answer = page.locator(".answer")
    expect(answer.get_by_role("alert")).to_contain_text("The download was paused:")
    expect(answer.get_by_role("alert")).to_contain_text("of 157 MB")
    assert faults(page) == []
    page.get_by_role("button", name="Resume and ask again").press("Enter")
    expect(page.locator(".turn").last.locator("strong").first).to_have_text("France")


def test_verifying_what_another_tab_has_says_so_and_is_cancelled_by_keyboard(visit: Open) -> None:
    page = visit("?kept=yes&case=elsewhere")
    page.get_by_role("button", name="Models").click()
    page.get_by_role("button", name="Verify again").press("Enter")
    expect(page.locator(".model.current")).to_contain_text("Another tab of this page has the model")
    expect(page.get_by_role("button", name="Delete smollm2-135m")).to_be_disabled()
    cancel = page.get_by_role("button", name="Cancel verifying smollm2-135m")
    expect(cancel).to_be_focused()
    assert faults(page) == []
    cancel.press("Enter")
    expect(page.get_by_role("button", name="Verify again: smollm2-135m")).to_be_focused()
    expect(page.get_by_role("status")).to_contain_text("Verifying was stopped")


def test_an_answer_is_streamed_measured_and_its_requests_are_counted(visit: Open) -> None:
    answer = ask(page := visit(), "What is the capital of France?")
    expect(answer.locator("strong")).to_have_text("France")
    expect(answer.locator(".meta")).to_contain_text("0 requests left this page")
    page.get_by_role("button", name="Speed").click()
    expect(page.locator("figure canvas")).to_have_count(3)
    expect(page.get_by_role("row").nth(1)).to_contain_text("smollm2-135m")
    expect(page.get_by_role("status")).to_contain_text("Answer: Paris is the capital of France")


def test_the_figures_can_be_saved(visit: Open, tmp_path: Path) -> None:
    ask(page := visit(), "What?")
    page.get_by_role("button", name="Speed").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as CSV").click()
    saved.value.save_as(tmp_path / "speed.csv")
    head, row, *_ = (tmp_path / "speed.csv").read_text("utf-8").splitlines()
    assert head.startswith("answer,model,where,role,kept,firstTokenMs")
    assert row.startswith("1,smollm2-135m,here,answer,true,")


def test_a_stop_keeps_what_was_written(visit: Open) -> None:
    page = visit("?kept=yes&gap=150")
    page.get_by_label("Your question").fill("A long story")
    page.get_by_label("Your question").press("Enter")
    expect(page.locator(".answer .prose")).to_contain_text("Steps")
    page.get_by_role("button", name="Stop the answer").click()
    expect(page.locator(".answer")).to_contain_text("Stopped.")


def test_models_can_be_neither_chosen_nor_deleted_while_an_answer_is_written(visit: Open) -> None:
    page = visit("?gap=150&kept=yes")
    page.get_by_role("button", name="Models").click()
    choice = page.get_by_role("radio", name="SmolLM2 135M Instruct")
    delete = page.get_by_role("button", name="Delete smollm2-135m")
    expect(choice).to_be_enabled()
    page.get_by_label("Your question").fill("What is the capital of France?")
    page.get_by_label("Your question").press("Enter")
    expect(choice).to_be_disabled()
    expect(delete).to_be_disabled()
    expect(page.locator(".answer")).to_have_attribute("aria-busy", "false")
    expect(choice).to_be_enabled()
    expect(delete).to_be_enabled()


def test_everything_is_reached_and_done_by_keyboard(visit: Open) -> None:
    page = visit("?kept=yes")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the question")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your question")).to_be_focused()
    page.keyboard.type("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    page.keyboard.press("Enter")
    expect(page.locator(".question")).to_have_text("one\ntwo")
    expect(page.locator(".answer")).to_have_attribute("aria-busy", "false")
    for name in PANELS:
        button = page.get_by_role("button", name=name, exact=True)
        button.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_focused()
        page.keyboard.press("Escape")
        expect(button).to_be_focused()
        expect(page.locator(".panel")).to_have_count(0)


def test_modes_are_chosen_by_arrow_keys(visit: Open) -> None:
    page = visit()
    page.get_by_role("radio", name="Here").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Hybrid")).to_be_checked()


def test_an_escalation_shows_word_for_word_what_would_be_sent_and_escape_keeps_the_draft(
    visit: Open,
) -> None:
    page = visit("?kept=yes")
    page.get_by_role("radio", name="Hybrid").check()
    page.get_by_label("Your question").fill("What is the capital of France?")
    page.get_by_label("Your question").press("Enter")
    dialog = page.get_by_role("dialog", name="Ask the gateway?")
    shown = json.loads(dialog.get_by_label("What would be sent").inner_text())
    assert shown["model"] == "gpt-oss-20b"
    assert shown["messages"] == [{"role": "user", "content": "What is the capital of France?"}]
    expect(page.get_by_role("button", name="Keep the draft")).to_be_focused()
    assert faults(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator(".answer")).to_contain_text("Not sent: the draft is the answer")
    expect(page.locator(".foot")).to_contain_text("0 requests during answers")


def test_an_allowed_escalation_is_marked_with_its_reason_and_both_times(visit: Open) -> None:
    page = visit("?kept=yes")
    page.get_by_role("radio", name="Hybrid").check()
    page.get_by_label("Your question").fill("What is the capital of France?")
    page.get_by_label("Your question").press("Enter")
    page.get_by_role("button", name="Send it").click()
    mark = page.locator(".escalated")
    expect(mark).to_contain_text("Sent to gpt-oss-20b")
    expect(mark).to_contain_text("confidence 0.31 is below 0.5")
    expect(mark).to_contain_text("draft ")
    expect(page.locator(".answer .meta")).to_contain_text("1 request left this page")
    expect(page.locator(".answer table")).to_be_visible()


def test_a_passage_opens_at_its_place_in_the_text(visit: Open) -> None:
    page = visit("?kept=yes")
    page.get_by_role("button", name="Documents").click()
    page.get_by_label("Reference text").fill(
        "Bicycles stay outside. Visitors register at the desk."
    )
    page.get_by_role("button", name="Add this text").click()
    ask(page, "Where do visitors register?")
    page.locator(".passage").click()
    expect(page.locator(".reading mark")).to_have_text("Visitors register at the desk.")


def test_dropped_files_are_taken_and_what_cannot_be_read_is_told(visit: Open) -> None:
    page = visit()
    page.get_by_role("button", name="Documents").click()
    page.set_input_files(
        "input[type=file]",
        [
            {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"},
            {"name": "b.txt", "mimeType": "text/plain", "buffer": b"Some words."},
        ],
    )
    expect(page.locator(".panel .rows")).to_contain_text("b.txt")
    expect(page.locator(".notices")).to_contain_text("a.pdf is a PDF")


def test_what_a_model_writes_is_shown_and_never_run(visit: Open) -> None:
    page = visit("?kept=yes&case=hostile")
    answer = ask(page, "Be hostile")
    expect(answer).to_contain_text("<img src=x onerror=")
    assert answer.locator("img, script, iframe, [href^='javascript']").count() == 0
    link = answer.locator("a")
    expect(link).to_have_attribute("rel", "noreferrer noopener nofollow")
    expect(answer).to_contain_text("(https://elsewhere.example/)")


@pytest.mark.parametrize("size", PHONES, ids=lambda size: f"{size['width']} px")
def test_on_a_phone_nothing_scrolls_sideways(visit: Open, size: dict[str, int]) -> None:
    page = visit("?kept=yes", viewport=size)
    assert overflow(page) <= 0
    ask(page, "A long answer, please")
    assert overflow(page) <= 0
    for name in PANELS:
        page.get_by_role("button", name=name, exact=True).click()
        assert overflow(page) <= 0, name
        expect(page.locator("main")).to_have_attribute("inert", "")
        page.get_by_role("button", name=f"Close {name}").click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_no_serious_fault(visit: Open, scheme: str, width: int) -> None:
    page = visit("?kept=yes", color_scheme=scheme, viewport={"width": width, "height": 800})
    assert faults(page) == []
    ask(page, "A long answer, please")
    ask(page, "fail, please")
    assert faults(page) == []
    for name in PANELS:
        page.get_by_role("button", name=name, exact=True).click()
        assert faults(page) == [], name
        page.get_by_role("button", name=f"Close {name}").click()


def test_the_theme_can_be_chosen_and_is_kept(visit: Open) -> None:
    page = visit(color_scheme="light")
    body = page.locator("body")
    expect(body).to_have_css("background-color", LIGHT)
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Theme").select_option("dark")
    expect(body).not_to_have_css("background-color", LIGHT)
    dark = body.evaluate("(body) => getComputedStyle(body).backgroundColor")
    page.reload()
    expect(body).to_have_css("background-color", dark)


def test_the_chat_is_gone_after_a_reload_unless_it_was_to_be_kept(visit: Open) -> None:
    page = visit("?kept=yes")
    ask(page, "What is the capital of France?")
    page.reload()
    expect(page.get_by_role("heading", name="Ask a model that runs in this page")).to_be_visible()
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Keep this chat on this device").check()
    ask(page, "What is the capital of France?")
    page.reload()
    expect(page.locator(".question")).to_have_text("What is the capital of France?")


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("insecure", "is not a secure address"),
        ("none", "No model for this page is offered"),
    ],
)
def test_where_no_model_can_answer_here_it_is_said_with_what_to_do(
    visit: Open, case: str, said: str
) -> None:
    page = visit(f"?case={case}")
    expect(page.locator(".welcome")).to_contain_text(said)


def test_a_lost_device_is_told_and_the_question_can_be_asked_again(visit: Open) -> None:
    answer = ask(visit("?kept=yes"), "fail")
    expect(answer.get_by_role("alert")).to_contain_text("The graphics device was lost.")
    expect(answer.get_by_role("button", name="Ask again")).to_be_visible()


def test_offline_is_told(visit: Open) -> None:
    page = visit("?kept=yes")
    page.context.set_offline(True)
    expect(page.locator(".notices")).to_contain_text("You are offline")
    page.context.set_offline(False)
    expect(page.locator(".notices")).not_to_contain_text("You are offline")
