"""A page printed by a browser that is here: bounded in time, and in a profile of its own."""

import os
import signal
import subprocess
import tempfile
from pathlib import Path

from sprat.errors import SpratError
from sprat.report.browser import VARIABLE, find

TIMEOUT_S = 60.0
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--no-pdf-header-footer",
)


class CannotPrint(SpratError):
    """There is no browser to print with, or it did not."""


def printed(page: str, *, browser: str | None = None, timeout_s: float = TIMEOUT_S) -> bytes:
    """The PDF that a browser prints of a self-contained page; `browser` None: whichever is found.

    Raises:
        CannotPrint: there is none; it took too long; it printed nothing.
    """
    browser = browser or find()
    if browser is None:
        raise CannotPrint(
            "No Chrome, Chromium or Edge was found to print with.",
            fix=f"Give --html brief.html, open it and print it; or set {VARIABLE} to a browser.",
        )
    with tempfile.TemporaryDirectory(prefix="sprat-print-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "page.html").write_text(page, encoding="utf-8")
        said = _print(browser, folder, timeout_s)
        pdf = folder / "page.pdf"
        if not pdf.is_file() or not pdf.stat().st_size:
            raise CannotPrint(f"{browser} printed nothing: {_last(said)}", fix=_BY_HAND)
        return pdf.read_bytes()


_BY_HAND = "Give --html brief.html, open it and print it."


def _print(browser: str, folder: Path, timeout_s: float) -> str:
    """Run it in a process group of its own, so that none of its helpers outlives it."""
    # As root Chromium refuses its sandbox; the page is ours, and loads and runs nothing.
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    command = [
        browser,
        *FLAGS,
        *as_root,
        f"--user-data-dir={folder / 'profile'}",
        f"--print-to-pdf={folder / 'page.pdf'}",
        (folder / "page.html").as_uri(),
    ]
    try:
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            return _said(process, browser, timeout_s)
    except OSError as error:
        raise CannotPrint(f"{browser} cannot be run: {error.strerror}.", fix=_BY_HAND) from error


def _said(process: "subprocess.Popen[bytes]", browser: str, timeout_s: float) -> str:
    try:
        _, said = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        raise CannotPrint(
            f"{browser} had not printed the page after {timeout_s:g} s.", fix=_BY_HAND
        ) from error
    finally:
        _end(process)
    return said.decode("utf-8", "replace")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Whatever is left of the group; nothing where it ended by itself."""
    if process.poll() is not None:
        return
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def _last(said: str) -> str:
    """Its last line, in one line of bounded length."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it said nothing."
