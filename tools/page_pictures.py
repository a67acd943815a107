"""The pictures of docs/page.md, taken from the page as it is now.

    make browser && .venv/bin/python tools/page_pictures.py   # writes docs/images/page-*.webp

A gateway of its own on this machine, the real models of the settings, nothing staged: about two
minutes where the models are on disk.
"""

import base64
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from tests.browser import chromium  # noqa: E402

IMAGES = ROOT / "docs" / "images"
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
QUALITY, MOST_BYTES = 82, 200_000
PATIENCE_MS = 60_000
SLOW = {
    "offline": False,
    "latency": 0,
    "uploadThroughput": -1,
    "downloadThroughput": 40_000_000,
}
"""Bytes a second of the download, so that there is one to be seen: all is on this machine."""
LONGEST_S = 480
MUSEUM = (
    "Opening hours\n\nThe museum opens at nine and closes at five. On Mondays it is closed. "
    "A ticket costs 12 euros; children pay half. Dogs stay outside."
)


def main() -> None:
    """Take all six."""
    expect.set_options(timeout=PATIENCE_MS)
    with TemporaryDirectory() as home, serving(home) as url, chromium() as browser:
        page = visited(browser, url)
        first_visit(page)
        download(page)
        answer_with_chart(page)
        escalation(page)
        dark(page)
        phone(page)
    for file in sorted(IMAGES.glob("page-*.webp")):
        size = file.stat().st_size
        print(f"{file.relative_to(ROOT)}  {size / 1e3:.0f} kB")
        assert size < MOST_BYTES, file


@contextmanager
def serving(home: str) -> Iterator[str]:
    """`sprat serve` at a free port, with records of its own."""
    command = [sys.executable, "-m", "sprat", "serve", "--port", "0"]
    environment = {**os.environ, "XDG_DATA_HOME": home}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        impatient = threading.Timer(LONGEST_S, process.kill)
        impatient.start()
        try:
            found = re.search(
                r"http://127\.0\.0\.1:\d+", (process.stdout and process.stdout.readline()) or ""
            )
            assert found, "the gateway did not start"
            yield found[0]
        finally:
            impatient.cancel()
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


def visited(browser: Browser, url: str) -> Page:
    """The page, as somebody sees it who was never there."""
    page = browser.new_context(viewport=WIDE, device_scale_factor=1).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("pageerror", lambda error: sys.exit(f"The page failed: {error}"))
    page.goto(url)
    expect(page.locator(".offer")).to_contain_text("licence Apache-2.0")
    return page


def first_visit(page: Page) -> None:
    """What would be downloaded, and nothing more yet."""
    take(page, "first")


def download(page: Page) -> None:
    """The first start, while the weights come."""
    slowly = page.context.new_cdp_session(page)
    slowly.send("Network.enable")
    slowly.send("Network.emulateNetworkConditions", SLOW)
    page.locator(".offer").get_by_role("button", name=re.compile("^Download ")).click()
    page.get_by_role("button", name="Models", exact=True).click()
    page.wait_for_function("() => (document.querySelector('.download progress')?.value ?? 0) > 3e7")
    take(page, "download")
    slowly.detach()
    page.get_by_label("Close Models").click()
    expect(page.locator(".offer")).to_contain_text("Ready to answer")


def answer_with_chart(page: Page) -> None:
    """An answer from the gateway and two from here, and how long each took."""
    page.get_by_role("radio", name="Gateway").check()
    ask(page, "Which river flows through Paris? Answer in one sentence.")
    page.get_by_role("radio", name="Here").check()
    ask(page, "What is the capital of France? Answer in one sentence.")
    ask(page, "Why is the sky blue? Be short.")
    page.get_by_role("button", name="Speed", exact=True).click()
    page.locator("figure canvas").nth(2).wait_for()
    take(page, "speed")
    page.get_by_label("Close Speed").click()


def escalation(page: Page) -> None:
    """A draft that was cut off: what would be sent, and where."""
    page.get_by_role("button", name="New chat").click()
    page.get_by_role("button", name="Settings", exact=True).click()
    page.get_by_label("Length").fill("24")
    page.get_by_label("Length").press("Tab")
    page.get_by_label("Close Settings").click()
    page.get_by_role("radio", name="Hybrid").check()
    begin(page, "Explain how rain forms.")
    page.get_by_role("dialog").wait_for()
    take(page, "escalation")
    page.get_by_role("button", name="Keep the draft").click()
    finished(page)


def dark(page: Page) -> None:
    """A question about a pasted text, and the passage that the answer rests on."""
    page.get_by_role("button", name="Settings", exact=True).click()
    page.get_by_label("Length").fill("128")
    page.get_by_label("Length").press("Tab")
    page.get_by_label("Close Settings").click()
    page.get_by_role("button", name="New chat").click()
    page.get_by_role("radio", name="Here").check()
    page.emulate_media(color_scheme="dark")
    page.get_by_role("button", name="Documents", exact=True).click()
    page.get_by_label("Reference text").fill(MUSEUM)
    page.get_by_role("button", name="Add this text").click()
    ask(page, "What does a ticket cost?")
    page.locator(".passage").first.click()
    take(page, "dark")


def phone(page: Page) -> None:
    """The same chat on a narrow screen."""
    page.emulate_media(color_scheme="light")
    page.get_by_label("Close Documents").click()
    page.set_viewport_size(PHONE)
    take(page, "phone")


def begin(page: Page, question: str) -> None:
    """Type a question and send it."""
    page.get_by_label("Your question").fill(question)
    page.get_by_label("Your question").press("Enter")
    expect(page.locator(".turn").last.get_by_text(question)).to_be_visible()


def finished(page: Page) -> None:
    """Wait for the end of the last answer."""
    expect(page.locator(".turn").last.locator(".answer")).to_have_attribute("aria-busy", "false")


def ask(page: Page, question: str) -> None:
    """Have a question answered."""
    begin(page, question)
    finished(page)


def take(page: Page, name: str) -> None:
    """The screen as WebP, once it has come to rest."""
    page.wait_for_timeout(700)
    session = page.context.new_cdp_session(page)
    shot = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    session.detach()
    (IMAGES / f"page-{name}.webp").write_bytes(base64.b64decode(shot["data"]))


if __name__ == "__main__":
    main()
