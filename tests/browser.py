"""A Chromium that says nothing to the network by itself, for tests that look at pages."""

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from playwright.sync_api import Browser, expect, sync_playwright

FLAGS = [
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A machine may do much else; what comes soon costs nothing.
expect.set_options(timeout=20_000)
TOOL = Path(__file__).parent.parent / "tools" / "browser.py"


def chromium_path() -> Path | None:
    """Where `make browser` finds a Chromium; None when there is none."""
    found = _tool().find()
    return None if found is None else Path(found)


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """A headless Chromium, started for this test and closed after it."""
    path = chromium_path()
    if path is None:
        raise RuntimeError("No Chromium was found: run `make browser`.")
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(path), args=[*FLAGS, *as_root, *flags]
        )
        try:
            yield browser
        finally:
            browser.close()


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sprat_tools_browser", TOOL)
    if spec is None or spec.loader is None:
        raise RuntimeError(f"{TOOL} cannot be loaded.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
