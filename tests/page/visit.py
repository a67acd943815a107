"""What a visitor does: asks, and reads the answer."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from sprat.settings import Settings

PATIENCE_MS = 60_000


def tiny_offered(gguf: Path, home: Path) -> dict[str, Any]:
    """Settings of a gateway whose page has the tiny llama, and which has `echo` itself."""
    return {"served": {"tiny": str(gguf)}, "base": Settings(home=str(home / "home"), small="tiny")}


def begin(page: Page, question: str) -> None:
    """Type a question and send it."""
    page.locator(".composer .send:not([disabled])").or_(page.locator("#question")).first.wait_for()
    page.get_by_label("Your question").fill(question)
    page.get_by_label("Your question").press("Enter")


def finished(page: Page, number: int) -> str:
    """The answer to the question of that number, when it is over; without its figures."""
    answer = page.get_by_role("article", name=f"Question {number}", exact=True).locator(".answer")
    answer.and_(page.locator("[aria-busy=false]")).wait_for(timeout=PATIENCE_MS)
    assert answer.locator(".meta").count() == 1, answer.inner_text()
    return answer.inner_text()


def ask(page: Page, question: str) -> str:
    """The answer to a question."""
    asked = page.get_by_role("article").count()
    begin(page, question)
    return finished(page, asked + 1)
